//! The reactor that needs no executor: one thread named `dormouse`, blocked in epoll or kqueue.
//!
//! The thread starts on first use. It can also wait for a deadline, which serves the timer queue
//! where no timerfd is to be had; so it runs even if the system refuses it an epoll instance
//! (EMFILE), and then asks for one again when the first fd is to be watched.
//!
//! # Invariants
//! - Tokens are never used twice, so an event that was on its way when its fd was deregistered
//!   finds no source, even if the fd's number is in use again.
//! - The thread looks at `deadlines` after it has been woken and before it waits, and every change
//!   to an earlier one is followed by a wake-up, so no wait outlasts a deadline.

use super::interest::{Interest, Ready};
use super::source::{Source, wake};
use crate::clock::ClockId;
use crate::sync::lock;
use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token};
use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread::Thread;
use std::time::Duration;

/// The token of the thread's own waker.
const WAKE_UP: Token = Token(usize::MAX);

/// epoll's timeout stands still during suspend, so a deadline on the boot-time clock is looked at
/// this often. It concerns only the fallback: a timerfd knows its clock.
const LONGEST_DEADLINE_WAIT: Duration = Duration::from_secs(1);

static BUILTIN: Mutex<Builtin> = Mutex::new(Builtin {
    thread: None,
    epoll: None,
    sources: None,
    next_token: 0,
    deadlines: [None, None],
});

struct Builtin {
    thread: Option<Thread>,
    epoll: Option<Epoll>,
    sources: Option<HashMap<Token, Arc<Source>>>,
    next_token: usize,
    /// By clock: when to call whom.
    deadlines: [Option<(u64, Waker)>; 2],
}

/// Handles to the epoll instance that the thread waits on.
struct Epoll {
    registry: Arc<Registry>,
    waker: Arc<mio::Waker>,
    /// On its way to the thread.
    poll: Option<Poll>,
}

/// Keeps an fd registered.
#[derive(Debug)]
pub(crate) struct Watch {
    token: Token,
    registry: Arc<Registry>,
    fd: RawFd,
}

/// Starts the thread, if it does not run, and makes sure that it can watch fds.
pub(crate) fn start() -> io::Result<()> {
    let builtin = &mut *lock(&BUILTIN);
    builtin.start_thread()?;
    builtin.start_epoll().map(drop)
}

pub(crate) fn watch(fd: RawFd, interest: Interest, source: &Arc<Source>) -> io::Result<Watch> {
    let registry;
    let token;
    {
        let builtin = &mut *lock(&BUILTIN);
        builtin.start_thread()?;
        registry = builtin.start_epoll()?;
        token = Token(builtin.next_token);
        builtin.next_token += 1;
        builtin.sources.get_or_insert_default().insert(token, source.clone());
    }
    let watch = Watch { token, registry, fd };
    let interests = match (interest.is_readable(), interest.is_writable()) {
        (true, false) => mio::Interest::READABLE,
        (false, true) => mio::Interest::WRITABLE,
        _ => mio::Interest::READABLE | mio::Interest::WRITABLE,
    };
    match watch.registry.register(&mut SourceFd(&fd), token, interests) {
        Ok(()) => Ok(watch),
        Err(err) => {
            watch.forget();
            Err(err)
        }
    }
}

impl Watch {
    /// Ends the watch. The fd has to be open still.
    pub(crate) fn end(&self) {
        let _ = self.registry.deregister(&mut SourceFd(&self.fd));
        self.forget();
    }

    fn forget(&self) {
        let source = lock(&BUILTIN).sources.as_mut().and_then(|all| all.remove(&self.token));
        drop(source);
    }
}

/// Has the thread call `waker` once, when `clock` has reached `deadline`. There is one such deadline
/// a clock; `None` takes it back.
pub(crate) fn set_deadline(clock: ClockId, deadline: Option<u64>, waker: &Waker) -> io::Result<()> {
    let new = deadline.map(|deadline| (deadline, waker.clone()));
    let builtin = &mut *lock(&BUILTIN);
    builtin.start_thread()?;
    let old = std::mem::replace(&mut builtin.deadlines[clock as usize], new);
    let (old, new) = (old.map_or(u64::MAX, |(at, _)| at), deadline.unwrap_or(u64::MAX));
    if new < old { builtin.wake_thread() } else { Ok(()) }
}

impl Builtin {
    fn start_thread(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            // Without epoll the thread can still wait for deadlines.
            let _ = self.start_epoll();
            let handle =
                std::thread::Builder::new().name("dormouse".into()).spawn(run).map_err(|err| {
                    let why = format!("cannot start the reactor's thread \"dormouse\": {err}");
                    io::Error::new(err.kind(), why)
                })?;
            self.thread = Some(handle.thread().clone());
        }
        Ok(())
    }

    fn start_epoll(&mut self) -> io::Result<Arc<Registry>> {
        if self.epoll.is_none() {
            let make = || {
                let poll = Poll::new()?;
                let registry = Arc::new(poll.registry().try_clone()?);
                let waker = Arc::new(mio::Waker::new(&registry, WAKE_UP)?);
                Ok(Epoll { registry, waker, poll: Some(poll) })
            };
            self.epoll = Some(make().map_err(|err: io::Error| {
                let why = format!("cannot set up the builtin reactor's epoll instance: {err}");
                io::Error::new(err.kind(), why)
            })?);
            if let Some(thread) = &self.thread {
                thread.unpark();
            }
        }
        match &self.epoll {
            Some(epoll) => Ok(epoll.registry.clone()),
            None => Err(io::ErrorKind::Other.into()),
        }
    }

    fn wake_thread(&self) -> io::Result<()> {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
        match &self.epoll {
            Some(epoll) => epoll.waker.wake(),
            None => Ok(()),
        }
    }
}

/// The thread. It ends never, and nothing that it calls can make it.
fn run() {
    let mut poll: Option<Poll> = None;
    let mut events = Events::with_capacity(1024);
    let mut ready: Vec<(Arc<Source>, Ready)> = Vec::new();
    loop {
        let timeout = fire_deadlines(&mut poll);
        match &mut poll {
            None => match timeout {
                Some(timeout) => std::thread::park_timeout(timeout),
                None => std::thread::park(),
            },
            Some(poll) => {
                // Interrupted by a signal, or out of kernel memory for a moment: go round again.
                if let Err(err) = poll.poll(&mut events, timeout) {
                    events.clear();
                    if err.kind() != io::ErrorKind::Interrupted {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
            }
        }
        if !events.is_empty() {
            if let Some(sources) = &lock(&BUILTIN).sources {
                let found = events.iter().filter_map(|event| {
                    Some((sources.get(&event.token())?.clone(), readiness(event)))
                });
                ready.extend(found);
            }
            events.clear();
            for (source, readiness) in ready.drain(..) {
                source.set(readiness);
            }
        }
    }
}

/// Calls whom it is time to call, and says how long to wait for the next.
fn fire_deadlines(poll: &mut Option<Poll>) -> Option<Duration> {
    loop {
        let mut due = None;
        let mut timeout = None;
        {
            let builtin = &mut *lock(&BUILTIN);
            if let Some(new) = builtin.epoll.as_mut().and_then(|epoll| epoll.poll.take()) {
                *poll = Some(new);
            }
            for clock in ClockId::ALL {
                let slot = &mut builtin.deadlines[clock as usize];
                let Some(&(deadline, _)) = slot.as_ref() else { continue };
                let left = Duration::from_nanos(deadline.saturating_sub(clock.now_ns()));
                if left.is_zero() {
                    due = slot.take();
                    break;
                }
                let left = left.min(LONGEST_DEADLINE_WAIT);
                timeout = Some(timeout.map_or(left, |other: Duration| other.min(left)));
            }
        }
        let Some((_, waker)) = due else { return timeout };
        wake(waker);
    }
}

fn readiness(event: &mio::event::Event) -> Ready {
    let mut ready = Ready::EMPTY;
    for (is, bit) in [
        (event.is_readable(), Ready::READABLE),
        (event.is_writable(), Ready::WRITABLE),
        (event.is_read_closed(), Ready::READ_CLOSED),
        (event.is_write_closed(), Ready::WRITE_CLOSED),
        (event.is_error(), Ready::ERROR),
    ] {
        if is {
            ready |= bit;
        }
    }
    ready
}
