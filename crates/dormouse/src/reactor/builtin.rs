//! The reactor that needs no executor: one thread named `dormouse`, blocked in epoll or kqueue.
//!
//! The thread starts on first use. It can also wait for a deadline, which serves the timer queue
//! where no timerfd is to be had; so it runs even if the system refuses it an epoll instance
//! (EMFILE), and then asks for one again when the first fd is to be watched.
//!
//! A thread in `block_on` may wait for events too: see [`seat`]. `selector` is the seam to the system.
//!
//! # Invariants
//! - Tokens are never used twice, so an event that was on its way when its fd was deregistered
//!   finds no source, even if the fd's number is in use again.
//! - The thread looks at `deadlines` after it has been woken and before it waits, and every change
//!   to an earlier one is followed by a wake-up, so no wait outlasts a deadline.
//! - Whoever takes an event out of the selector hands it to its source.

#[cfg(feature = "test-util")]
mod barrier;
#[cfg(all(loom, test))]
mod loom_tests;
mod poller;
mod selector;

#[cfg(feature = "test-util")]
pub(crate) use barrier::flush_events;

#[cfg(feature = "tokio")]
pub(crate) use poller::disable as disable_poller;
pub(crate) use poller::{Parker, PollerRole, note_external_waiter};

use super::interest::{Interest, Ready};
use super::scheduled_io::{ScheduledIo, wake};
use crate::catch_panic::catch_panic;
use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, OnceLock, lock, loom_const_fn, loom_static};
use selector::{Events, Selector, Token};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// epoll's timeout stands still during suspend, and knows nothing of a wall clock that is set. So a deadline
/// is looked at this often. It concerns only the fallback: a timerfd knows its clock.
const LONGEST_DEADLINE_WAIT: Duration = Duration::from_secs(1);

loom_static! {
    static SHARED: PerProcess<Shared> = PerProcess::new(Shared::new());
}

struct Shared {
    builtin: Mutex<Builtin>,
    selector: OnceLock<Selector>,
}

impl Shared {
    loom_const_fn! {
        const fn new() -> Shared {
            let builtin =
                Builtin { thread: None, sources: None, next_token: 0, deadlines: [None, None, None] };
            Shared { builtin: Mutex::new(builtin), selector: OnceLock::new() }
        }
    }
}

#[inline]
fn shared() -> &'static Shared {
    SHARED.get(|_| {
        poller::reset_after_fork();
        Shared::new()
    })
}

struct Builtin {
    thread: Option<Thread>,
    sources: Option<HashMap<Token, Arc<ScheduledIo>, BuildHasherDefault<TokenHasher>>>,
    next_token: u64,
    /// By clock: when to call whom.
    deadlines: [Option<(u64, Waker)>; ClockId::ALL.len()],
}

/// For tokens: they count up, so nobody can choose them to collide.
#[derive(Default)]
struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    /// Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4), by 2^64 over the
    /// golden ratio.
    fn write_u64(&mut self, token: u64) {
        self.0 = (self.0 ^ token).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Keeps an fd registered.
#[derive(Debug)]
pub(crate) struct Watch {
    token: Token,
    selector: &'static Selector,
}

/// Starts the thread, if it does not run, and makes sure that it can watch fds.
pub(crate) fn start() -> io::Result<()> {
    let builtin = &mut *lock(&shared().builtin);
    builtin.start_thread()?;
    builtin.start_selector().map(drop)
}

/// Watches an fd for `interest`, for now.
pub(crate) fn watch(
    fd: BorrowedFd<'_>,
    interest: Interest,
    source: &Arc<ScheduledIo>,
) -> io::Result<Watch> {
    let watch;
    {
        let builtin = &mut *lock(&shared().builtin);
        builtin.start_thread()?;
        watch = Watch { token: Token(builtin.next_token), selector: builtin.start_selector()? };
        builtin.next_token += 1;
        builtin.sources.get_or_insert_default().insert(watch.token, source.clone());
    }
    match watch.selector.register(fd, watch.token, interest) {
        Ok(()) => Ok(watch),
        Err(err) => {
            watch.forget();
            Err(err)
        }
    }
}

impl Watch {
    /// Watches the fd for `interest` from now on.
    pub(crate) fn change(&self, fd: BorrowedFd<'_>, interest: Interest) -> io::Result<()> {
        self.selector.reregister(fd, self.token, interest)
    }

    /// Ends the watch.
    pub(crate) fn end(&self, fd: BorrowedFd<'_>) {
        self.selector.deregister(fd);
        self.forget();
    }

    fn forget(&self) {
        let source =
            lock(&shared().builtin).sources.as_mut().and_then(|all| all.remove(&self.token));
        drop(source);
    }
}

/// Has the thread call `waker` once, when `clock` has reached `deadline`. There is one such deadline
/// a clock; `None` takes it back.
pub(crate) fn set_deadline(clock: ClockId, deadline: Option<u64>, waker: &Waker) -> io::Result<()> {
    let new = deadline.map(|deadline| (deadline, waker.clone()));
    if new.is_some() {
        // The thread alone looks after deadlines, and has to be told of this one.
        poller::disable();
    }
    let builtin = &mut *lock(&shared().builtin);
    builtin.start_thread()?;
    let old = std::mem::replace(&mut builtin.deadlines[clock as usize], new);
    let (old, new) = (old.map_or(u64::MAX, |(at, _)| at), deadline.unwrap_or(u64::MAX));
    if new < old {
        builtin.wake_thread();
    }
    Ok(())
}

impl Builtin {
    fn start_thread(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            // Without a selector the thread can still wait for deadlines.
            let _ = self.start_selector();
            let handle =
                thread::Builder::new().name("dormouse".into()).spawn(run).map_err(|err| {
                    let why = format!("cannot start the reactor's thread \"dormouse\": {err}");
                    io::Error::new(err.kind(), why)
                })?;
            self.thread = Some(handle.thread().clone());
        }
        Ok(())
    }

    fn start_selector(&mut self) -> io::Result<&'static Selector> {
        if shared().selector.get().is_none() {
            let selector = Selector::new().map_err(|err| {
                let why = format!("cannot set up the builtin reactor's epoll instance: {err}");
                io::Error::new(err.kind(), why)
            })?;
            // Nobody else sets it: the caller holds the lock.
            let _ = shared().selector.set(selector);
            self.unpark_thread();
        }
        shared().selector.get().ok_or_else(|| io::ErrorKind::Other.into())
    }

    fn unpark_thread(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }

    fn wake_thread(&self) {
        self.unpark_thread();
        if let Some(selector) = shared().selector.get() {
            selector.signal(Token::WAKE_THREAD);
        }
    }
}

fn unpark_thread() {
    lock(&shared().builtin).unpark_thread();
}

/// The thread. It ends never: nothing that it calls is known to panic, and a panic all the same must not leave
/// everybody waiting.
fn run() {
    let mut events = Events::new();
    let mut ready = Vec::new();
    // In a model, a panic ends it.
    #[cfg(all(loom, test))]
    serve(&mut events, &mut ready);
    loop {
        catch_panic(|| serve(&mut events, &mut ready));
        // What it had taken out. Some of that has been handed on; twice does no harm.
        catch_panic(|| dispatch(&events, &mut ready));
        thread::sleep(Duration::from_millis(1));
    }
}

fn serve(events: &mut Events, ready: &mut Vec<(Arc<ScheduledIo>, Ready)>) {
    loop {
        let timeout = fire_deadlines();
        #[cfg(feature = "test-util")]
        let turn = barrier::Turn::begin();
        let Some(selector) = shared().selector.get() else {
            // There are no events.
            #[cfg(feature = "test-util")]
            turn.end();
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
            continue;
        };
        #[cfg(feature = "test-util")]
        let timeout = if turn.is_registered() { Some(Duration::ZERO) } else { timeout };
        for (source, readiness) in poller::take_deferred_events() {
            source.set_readiness(readiness);
        }
        if poller::pause_reactor_thread(timeout) {
            continue;
        }
        match selector.wait(events, timeout) {
            Ok(()) => {
                #[cfg(test)]
                tests::panic_if_asked();
                dispatch(events, ready);
                events.iter().for_each(|(token, _)| poller::forward_wakeup(token));
                #[cfg(feature = "test-util")]
                if !events.is_full() {
                    turn.end();
                }
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // Out of kernel memory for a moment: go round again.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Hands events to their sources; signals have none.
fn dispatch(events: &Events, ready: &mut Vec<(Arc<ScheduledIo>, Ready)>) {
    collect(events, ready);
    for (source, readiness) in ready.drain(..) {
        source.set_readiness(readiness);
    }
}

/// What events are about, as far as it is still watched.
fn collect(events: &Events, ready: &mut Vec<(Arc<ScheduledIo>, Ready)>) {
    if let Some(sources) = &lock(&shared().builtin).sources {
        let found =
            events.iter().filter_map(|(token, ready)| Some((sources.get(&token)?.clone(), ready)));
        ready.extend(found);
    }
}

/// Calls whom it is time to call, and says how long to wait for the next.
fn fire_deadlines() -> Option<Duration> {
    loop {
        let mut due = None;
        let mut timeout = None;
        {
            let builtin = &mut *lock(&shared().builtin);
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

#[cfg(test)]
mod tests {
    use super::super::{Direction, Interest, Reactor, WaiterSlot};
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Wake, Waker};
    use std::time::{Duration, Instant};

    static PANIC: AtomicBool = AtomicBool::new(false);

    pub(super) fn panic_if_asked() {
        assert!(
            !PANIC.swap(false, Ordering::SeqCst),
            "the reactor's thread panics: a test wants it to"
        );
    }

    #[derive(Default)]
    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_panic_of_the_reactors_thread_loses_no_event_and_no_timer() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = Reactor::builtin().register(ours, Interest::READABLE).map_err(|(_, err)| err);
        let ours = ours.unwrap();
        let flag = Arc::new(Flag::default());
        let place = WaiterSlot::Direction(Direction::Read);
        assert!(ours.poll(place, &Waker::from(flag.clone())).is_pending());

        PANIC.store(true, Ordering::SeqCst);
        theirs.write_all(b"x").unwrap();
        let start = Instant::now();
        while !flag.0.load(Ordering::SeqCst) {
            assert!(start.elapsed().as_secs() < 30, "nobody was woken");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!PANIC.load(Ordering::SeqCst), "the thread has not panicked");
        crate::block_on(crate::sleep(Duration::from_millis(5)));
    }
}
