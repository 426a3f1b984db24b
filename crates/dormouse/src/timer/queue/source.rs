//! The wake source of a queue: how it is created and set, and what happens if the system refuses.
//!
//! It is created and set with the schedule locked. `source/web.rs` has the same functions for JavaScript hosts.

use super::schedule::Schedule;
use super::{ReactorKind, TimerQueue, Unavailable};
use crate::clock::ClockId;
use crate::reactor::{Reactor, async_io_reactor};
use crate::sync::atomic::Ordering;
use crate::sync::lock;
use crate::timer::timerfd;
use crate::timer::wake_source::WakeSource;
use crate::trace;
use std::io;

impl TimerQueue {
    /// Registers the queue with the reactor of a tokio runtime, and returns the current epoch.
    #[cfg_attr(not(feature = "tokio"), expect(dead_code, reason = "only runtime.rs calls it"))]
    pub(crate) fn start_on(&'static self, reactor: &Reactor) -> io::Result<u64> {
        // Locked first: if the runtime shuts down meanwhile, `on_wake` waits for the lock, and finds the wake source.
        let mut schedule = lock(&self.schedule);
        debug_assert_eq!(self.armed.load(Ordering::Relaxed), u64::MAX);
        let wake_source = self.create_timerfd(reactor)?;
        self.replace_wake_source(&mut schedule, Some(wake_source));
        self.counters.started(self.clock);
        Ok(schedule.epoch)
    }

    /// Sets the wake source. If the system refuses to set a timerfd (a sandbox may), the builtin reactor's queue
    /// changes to the fallback.
    ///
    /// # Errors
    /// If the wake source cannot be set. The queue must be shut down then.
    pub(super) fn arm(&'static self, schedule: &mut Schedule, at: u64) -> Result<(), Unavailable> {
        let Some(wake_source) = &schedule.wake_source else { return Ok(()) };
        // After a step of the clock it expires at once, and `process` handles the step.
        let at = if schedule.clock_was_set { 0 } else { at };
        let err = match wake_source.arm(at) {
            Ok(clock_was_set) => {
                if wake_source.number().is_some() {
                    trace::works(self.timerfd_resource());
                }
                schedule.clock_was_set |= clock_was_set;
                return Ok(());
            }
            Err(err) => err,
        };
        trace::failed(self.timerfd_resource(), &err);
        if self.kind != ReactorKind::Builtin {
            return Err(Unavailable);
        }
        let fallback = WakeSource::fallback(self.clock, self.waker()).map_err(|_| Unavailable)?;
        fallback.arm(at).map_err(|_| Unavailable)?;
        self.replace_wake_source(schedule, Some(fallback));
        Ok(())
    }

    /// Replaces the fallback with a timerfd if one can be created by now.
    pub(super) fn retry_timerfd(&'static self, schedule: &mut Schedule) {
        let is_fallback = matches!(schedule.wake_source, Some(WakeSource::Fallback { .. }));
        if timerfd::EXISTS && is_fallback {
            if let Ok(timerfd) = self.create_timerfd(&Reactor::builtin()) {
                self.replace_wake_source(schedule, Some(timerfd));
            }
        }
    }

    fn create_timerfd(&'static self, reactor: &Reactor) -> io::Result<WakeSource> {
        let fd = WakeSource::create_timerfd(self.clock)
            .inspect_err(|err| trace::failed(self.timerfd_resource(), err))?;
        WakeSource::timerfd(fd, self.clock, reactor, self.waker()).inspect_err(|err| {
            // The error of a tokio runtime that has shut down, which is no fault, has this kind.
            if !(self.is_pooled() && err.kind() == io::ErrorKind::Other) {
                trace::timerfd_not_registered(self.clock, self.kind.name(), err);
            }
        })
    }

    fn timerfd_resource(&self) -> trace::Resource {
        trace::Resource::Timerfd(self.clock, self.kind.name())
    }

    /// Creates the wake source of a queue that is not pooled.
    pub(super) fn start(&'static self, schedule: &mut Schedule) -> Result<(), Unavailable> {
        ClockId::measure_suspended();
        let wake_source = match self.kind {
            ReactorKind::Builtin if !timerfd::EXISTS => {
                WakeSource::fallback(self.clock, self.waker())
            }
            ReactorKind::Builtin => self
                .create_timerfd(&Reactor::builtin())
                .or_else(|_| WakeSource::fallback(self.clock, self.waker())),
            ReactorKind::AsyncIo => self.create_timerfd(&async_io_reactor().ok_or(Unavailable)?),
            ReactorKind::Tokio => return Err(Unavailable),
        };
        self.replace_wake_source(schedule, Some(wake_source.map_err(|_| Unavailable)?));
        self.counters.started(self.clock);
        Ok(())
    }

    /// Called after a timer was removed. The wake source stays set: it may expire without a timer that is due, which costs
    /// less than a system call for each removal.
    #[inline]
    pub(super) fn note_removal(&self) {}
}
