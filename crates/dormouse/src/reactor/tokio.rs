//! tokio: the reactor of the runtime that the caller is inside. No thread of ours, no task spawned.
//!
//! tokio is edge-triggered and keeps what it has seen until that is cleared. We take each event over
//! into our [`Source`] and clear it in tokio at once, inside the waker call, which also leaves our
//! waker for the next one.
//!
//! Nobody listens until somebody waits, and the fd is registered for reading alone until somebody waits for it
//! to have room: with both, each event would be taken over twice, as an fd that becomes readable is reported as
//! writable too.
//!
//! # Invariants
//! - From the first wait on, our waker is left with tokio in each direction whenever no event is being taken
//!   over, so that each edge reaches the source, and the end of the runtime does too. (An error condition alone
//!   is told to writers; so both directions count for both.) Only a direction that tokio has reported as
//!   closed has none: tokio forgets that never. It stays ready; and if somebody clears it
//!   all the same, the fd is handed over to the builtin reactor.
//! - tokio is polled unconstrained: with its coop budget spent, it would call our waker from
//!   inside the poll.
//! - The registration is taken out under its lock before the fd can be closed; a waker call that comes
//!   after that finds nothing. Registered anew, the fd is reported with what it is ready for.

#[cfg(all(loom, test))]
mod loom_tests;

use super::builtin;
use super::interest::{Interest, Ready};
use super::probe::catch_probe;
use super::scheduled_io::{Direction, ScheduledIo};
use crate::fork::PerProcess;
#[cfg(all(loom, test))]
use crate::loom_test::tokio;
use crate::sync::{Mutex, OnceLock, lock, loom_static, thread_local};
use std::cell::Cell;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
use tokio::runtime::{Handle, Id};

/// Keeps an fd registered.
#[derive(Debug)]
pub(crate) struct Watch {
    source: Arc<ScheduledIo>,
    handle: Handle,
    interest: Interest,
    registration: Mutex<Option<Registration>>,
    /// After [`hand_over`](Self::hand_over).
    builtin: OnceLock<builtin::Watch>,
    /// From the first wait on.
    forwarders: OnceLock<[Waker; 2]>,
}

#[derive(Debug)]
struct Registration {
    fd: AsyncFd<RawFdSource>,
    /// What it is registered for.
    interest: Interest,
}

/// The number alone: the fd belongs to somebody else, who ends the watch before closing it. (Or who does not, and
/// exchanges the object by `AsyncFd::get_mut`: see [`Registration::end`].)
#[derive(Debug)]
struct RawFdSource(RawFd);

impl AsRawFd for RawFdSource {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// What tokio wakes. Weak, or the registration would keep itself alive through tokio.
struct Forwarder {
    watch: Weak<Watch>,
    direction: Direction,
}

impl Wake for Forwarder {
    fn wake(self: Arc<Self>) {
        if let Some(watch) = self.watch.upgrade() {
            watch.drain_events(self.direction);
        }
    }
}

pub(crate) fn watch(
    handle: &Handle,
    fd: RawFd,
    interest: Interest,
    source: &Arc<ScheduledIo>,
) -> io::Result<Arc<Watch>> {
    Ok(Arc::new(Watch {
        source: source.clone(),
        handle: handle.clone(),
        interest,
        registration: Mutex::new(Some(Registration::new(handle, fd, interest.eager())?)),
        builtin: OnceLock::new(),
        forwarders: OnceLock::new(),
    }))
}

impl Registration {
    fn new(handle: &Handle, fd: RawFd, interest: Interest) -> io::Result<Registration> {
        if !can_enter() {
            return Err(io::Error::other(
                "this thread is ending, and cannot enter a tokio runtime",
            ));
        }
        let wanted = match (interest.is_readable(), interest.is_writable()) {
            (true, false) => tokio::io::Interest::READABLE,
            (false, true) => tokio::io::Interest::WRITABLE,
            _ => tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE,
        };
        let _context = handle.enter();
        // Deprecated since tokio 1.54 in favour of an unsafe constructor with the same code, whose
        // contract is that the fd stays what it is while registered. `Watch` keeps that contract, and so
        // this crate needs no unsafe and works with older releases too.
        #[allow(deprecated)]
        let fd = AsyncFd::with_interest(RawFdSource(fd), wanted)?;
        Ok(Registration { fd, interest })
    }

    /// Ends it. `fd` is the object's. If that is another one by now, because somebody has exchanged the object behind
    /// `AsyncFd::get_mut`, the number may be a stranger's, and is left alone: closing the fd has ended what the
    /// kernel knew, and what tokio knows is given up.
    fn end(self, fd: BorrowedFd<'_>) {
        if self.fd.get_ref().0 != fd.as_raw_fd() {
            std::mem::forget(self.fd);
        }
    }
}

impl Watch {
    /// Ends the watch.
    pub(crate) fn end(&self, fd: BorrowedFd<'_>) {
        let registration = lock(&self.registration).take();
        if let Some(registration) = registration {
            registration.end(fd);
        }
        if let Some(builtin) = self.builtin.get() {
            builtin.end(fd);
        }
    }

    /// Has tokio report on `interest`, as it has not been asked before.
    pub(crate) fn ask(self: &Arc<Self>, fd: BorrowedFd<'_>, interest: Interest) -> io::Result<()> {
        if interest.is_writable() && !can_enter() {
            // It is only this thread that cannot have the fd registered anew.
            self.migrate_to_builtin(fd);
        }
        self.forwarders.get_or_init(|| {
            Direction::BOTH.map(|direction| {
                Waker::from(Arc::new(Forwarder { watch: Arc::downgrade(self), direction }))
            })
        });
        {
            let registration = &mut *lock(&self.registration);
            if let Some(before) = registration
                .take_if(|known| interest.is_writable() && known.interest != self.interest)
            {
                before.end(fd);
                *registration =
                    Some(Registration::new(&self.handle, fd.as_raw_fd(), self.interest)?);
            }
        }
        Direction::BOTH.iter().for_each(|&direction| self.drain_events(direction));
        Ok(())
    }

    /// Moves what tokio knows into the source, and leaves our waker for the next event.
    fn drain_events(&self, direction: Direction) {
        let Some(forwarders) = self.forwarders.get() else { return };
        let mut ready = Ready::EMPTY;
        let mut gone = false;
        {
            let registration = lock(&self.registration);
            let Some(Registration { fd, .. }) = registration.as_ref() else { return };
            let next = |direction| {
                let cx = &mut Context::from_waker(&forwarders[direction as usize]);
                let poll = poll_fn(|cx| match direction {
                    Direction::Read => fd.poll_read_ready(cx),
                    Direction::Write => fd.poll_write_ready(cx),
                });
                pin!(tokio::task::unconstrained(poll)).poll(cx)
            };
            while let Poll::Ready(event) = next(direction) {
                match event {
                    Ok(mut event) => {
                        let seen = translate(event.ready());
                        ready |= seen;
                        event.clear_ready();
                        if seen.is_read_closed() || seen.is_write_closed() {
                            // tokio keeps these for ever: there is no next event in this
                            // direction. Who needs one calls `hand_over`.
                            break;
                        }
                    }
                    Err(_) => {
                        // Under the lock: an fd that has been handed over must not be marked.
                        self.source.mark_shut_down();
                        gone = true;
                        break;
                    }
                }
            }
            if ready.is_write_closed() && !is_closed(next(Direction::Read)) {
                // It is an error condition, which tokio reports as this alone, and not a hang-up, of which
                // readers hear too.
                ready |= Ready::ERROR;
            }
        }
        if gone {
            self.source.wake(Ready::ALL);
        } else if !ready.is_empty() {
            self.source.set_readiness(ready);
        }
    }

    /// The fd was reported as closed or failed, and yet an operation on it would block: a socket that was
    /// not connected yet, or a datagram socket that has told of its error. tokio would report it closed for
    /// ever, so that nobody could wait for it. The builtin reactor can.
    pub(crate) fn migrate_to_builtin(&self, fd: BorrowedFd<'_>) {
        let mut registration = lock(&self.registration);
        let Some(tokio) = registration.take() else { return };
        // Whoever waits for it need not be in `block_on`.
        builtin::disable_poller();
        let builtin = builtin::watch(fd, self.interest, &self.source);
        let ended = builtin.map(|watch| self.builtin.set(watch)).is_err();
        drop(registration);
        tokio.end(fd);
        if ended {
            self.source.shut_down();
        }
    }
}

/// Whether this thread can enter a runtime. At its end, when what is local to it is dropped, tokio would panic.
fn can_enter() -> bool {
    !Handle::try_current().is_err_and(|err| err.is_thread_local_destroyed())
}

fn is_closed(event: Poll<io::Result<AsyncFdReadyGuard<'_, RawFdSource>>>) -> bool {
    matches!(event, Poll::Ready(Ok(event)) if event.ready().is_read_closed())
}

fn translate(seen: tokio::io::Ready) -> Ready {
    let mut ready = Ready::EMPTY;
    for (is, bit) in [
        // tokio's questions answer yes for a closed half too; the source's bits tell them apart.
        (seen.is_readable(), Ready::READABLE),
        (seen.is_writable(), Ready::WRITABLE),
        (seen.is_read_closed(), Ready::READ_CLOSED),
        (seen.is_write_closed(), Ready::WRITE_CLOSED),
        (seen.is_error(), Ready::ERROR),
    ] {
        if is {
            ready |= bit;
        }
    }
    ready
}

/// Whether the runtime has an I/O driver. It may not: that is up to its `Builder`.
///
/// tokio has no way to ask, but panics when an fd is registered. So this is tried once a runtime,
/// with the panic caught and kept from the panic hook. Where panics abort, it cannot be tried, and the
/// next reactor in line serves unless the caller chooses tokio by hand.
pub(crate) fn has_io(handle: &Handle) -> bool {
    if cfg!(not(panic = "unwind")) {
        return false;
    }
    if cfg!(all(loom, test)) {
        return true;
    }
    let id = handle.id();
    match LAST.try_with(Cell::get) {
        Ok(Some((last, has_io))) if last == id => has_io && !is_inherited(id),
        _ => !is_inherited(id) && find_io(handle, id),
    }
}

/// Whether a runtime was in use before this process was forked: its fds are the parent's too, and its threads are not
/// here. If that cannot be found out, because somebody who is not here has the lock, it is assumed.
#[inline]
pub(crate) fn is_inherited(id: Id) -> bool {
    KNOWN.inherited().any(|answers| match answers.try_lock() {
        Ok(known) => known.as_ref().is_some_and(|known| known.contains_key(&id)),
        Err(_) => true,
    })
}

type Answers = Mutex<Option<HashMap<Id, bool>>>;

loom_static! {
    static KNOWN: PerProcess<Answers> = PerProcess::new(Mutex::new(None));
}

thread_local! {
    /// The answer for the runtime that this thread asked about last.
    static LAST: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

#[cold]
fn find_io(handle: &Handle, id: Id) -> bool {
    /// Of how many runtimes the answer is remembered; ids are never used again.
    const REMEMBERED: usize = 1024;

    let answers = KNOWN.get(|_| Mutex::new(None));
    let known = lock(answers).as_ref().and_then(|known| known.get(&id).copied());
    let has_io = match known {
        Some(has_io) => has_io,
        // The hook cannot be changed now, or it would be this thread that cannot register anything.
        None if std::thread::panicking() || !can_enter() => return false,
        None => {
            let has_io = catch_probe(|| drop(Registration::new(handle, -1, Interest::READABLE)));
            let mut known = lock(answers);
            let known = known.get_or_insert_default();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(id, has_io);
            has_io
        }
    };
    let _ = LAST.try_with(|last| last.set(Some((id, has_io))));
    has_io
}
