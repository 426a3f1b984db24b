//! The events, with their fields. docs/events.md documents them.

use super::Origin;
use crate::source::RawSource;
use crate::system_clock::ClockId;
use std::panic::Location;
use std::thread;
use std::time::Duration;
use tracing::{debug, info, warn};

/// The target of all events.
const TARGET: &str = "dormouse";

pub(super) enum Event {
    LateSleep {
        clock: ClockId,
        reactor: &'static str,
        lateness: Duration,
        created: Origin,
    },
    LateTimers {
        clock: ClockId,
        reactor: &'static str,
        timers: usize,
        lateness: Duration,
    },
    SleepMoved {
        clock: ClockId,
        from: &'static str,
        to: &'static str,
        created: Origin,
    },
    QueueDrained {
        clock: ClockId,
        reactor: &'static str,
        timers: usize,
    },
    FdMoved {
        fd: RawSource,
        from: &'static str,
        to: &'static str,
        why: &'static str,
        created: Origin,
    },
    Failed(Resource, String),
    Recovered(Resource),
}

/// A resource without which the library goes on in another way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resource {
    /// The timerfd of the queue of a clock on a reactor.
    Timerfd(ClockId, &'static str),
    /// The thread of the builtin reactor.
    Thread,
    /// An epoll instance for the builtin reactor.
    Epoll,
    /// A wait on that instance.
    EpollWait,
    /// The reactor async-io.
    AsyncIo,
}

impl Resource {
    pub(super) fn bit(self) -> u32 {
        let number = match self {
            Resource::Thread => 0,
            Resource::Epoll => 1,
            Resource::EpollWait => 2,
            Resource::AsyncIo => 3,
            Resource::Timerfd(clock, "builtin") => 4 + clock as u32,
            Resource::Timerfd(clock, "async-io") => 7 + clock as u32,
            Resource::Timerfd(clock, _) => 10 + clock as u32,
        };
        1 << number
    }

    /// The bits of what a timerfd needs on its reactor.
    pub(super) fn bits_of_reactor(self) -> u32 {
        match self.reactor() {
            "builtin" => Resource::Epoll.bit() | Resource::EpollWait.bit(),
            "async-io" => Resource::AsyncIo.bit(),
            _ => 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Resource::Timerfd(..) => "timerfd",
            Resource::Thread => "thread",
            Resource::Epoll => "epoll instance",
            Resource::EpollWait => "epoll wait",
            Resource::AsyncIo => "async-io",
        }
    }

    fn clock(self) -> Option<&'static str> {
        match self {
            Resource::Timerfd(clock, _) => Some(clock.name()),
            _ => None,
        }
    }

    fn reactor(self) -> &'static str {
        match self {
            Resource::Timerfd(_, reactor) => reactor,
            Resource::AsyncIo => "async-io",
            _ => "builtin",
        }
    }

    /// What is done without it.
    fn fallback(self) -> &'static str {
        match self {
            Resource::Timerfd(_, "builtin") => "the reactor thread waits for the deadlines",
            Resource::Timerfd(..) => "timers use another reactor",
            Resource::Thread => "sleeps wait in their polls",
            Resource::Epoll => "timers go on, and fds cannot be registered",
            Resource::EpollWait => "timers go on, and waits for fds return an error",
            Resource::AsyncIo => {
                "timers use another reactor; fds do too if no fd is left, else they are refused"
            }
        }
    }
}

impl Event {
    pub(super) fn emit(self) {
        let thread = thread::current();
        let thread = thread.name();
        match self {
            Event::LateSleep { clock, reactor, lateness, created } => warn!(
                target: TARGET,
                lateness_us = micros(lateness),
                clock = clock.name(),
                reactor,
                thread,
                loc.file = created.file(),
                loc.line = created.line(),
                loc.col = created.column(),
                "a sleep has completed late"
            ),
            Event::LateTimers { clock, reactor, timers, lateness } => warn!(
                target: TARGET,
                lateness_us = micros(lateness),
                clock = clock.name(),
                reactor,
                thread,
                timers,
                "the reactor has fired timers late"
            ),
            Event::SleepMoved { clock, from, to, created } => debug!(
                target: TARGET,
                from,
                to,
                clock = clock.name(),
                loc.file = created.file(),
                loc.line = created.line(),
                loc.col = created.column(),
                "a sleep has moved to another reactor"
            ),
            Event::QueueDrained { clock, reactor, timers } => info!(
                target: TARGET,
                from = reactor,
                clock = clock.name(),
                timers,
                "a timer queue has ended, and its timers move to others"
            ),
            Event::FdMoved { fd, from, to, why, created } => debug!(
                target: TARGET,
                fd,
                from,
                to,
                why,
                loc.file = created.file(),
                loc.line = created.line(),
                loc.col = created.column(),
                "an fd has moved to another reactor"
            ),
            Event::Failed(resource, error) => warn!(
                target: TARGET,
                failed = resource.name(),
                error,
                reactor = resource.reactor(),
                clock = resource.clock(),
                fallback = resource.fallback(),
                "a fallback is used"
            ),
            Event::Recovered(resource) => info!(
                target: TARGET,
                recovered = resource.name(),
                reactor = resource.reactor(),
                clock = resource.clock(),
                "a fallback is not used any more"
            ),
        }
    }
}

/// The fields `loc.*`, which are absent if the place is not known.
impl Origin {
    fn file(self) -> Option<&'static str> {
        self.0.map(Location::file)
    }

    fn line(self) -> Option<u32> {
        self.0.map(Location::line)
    }

    fn column(self) -> Option<u32> {
        self.0.map(Location::column)
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX)
}
