//! An fd that is registered with a runtime, by tokio's `AsyncFd`.
//!
//! tokio is edge-triggered, and stores the readiness of an fd until that is cleared. For each direction a waker of this
//! module, the *forwarder*, is stored with tokio. When tokio calls it, it *drains* the event: it clears the readiness
//! in tokio, polls tokio, which stores the forwarder for the next event, and sets the readiness in the
//! [`ScheduledIo`].
//!
//! No forwarder is stored before the first wait. Until then a registration is nothing but tokio's, and nothing is shared:
//! an fd that is dropped without a wait needs no more. If the fd is wrapped for both directions, it is registered for
//! reading alone until the first wait for write readiness. Registered for both, each event would be drained twice, because
//! an fd that becomes readable is reported as writable too.
//!
//! # Invariants
//! - From the first wait on, a forwarder is stored with tokio in each direction whenever no event is being drained. So
//!   each edge reaches the `ScheduledIo`, and the shutdown of the runtime does too. A wait in one direction stores both
//!   forwarders, because tokio reports an error condition without a hang-up to writers only. The exception is a
//!   direction that tokio has reported as closed: tokio never clears that, and has no next event. If that state is
//!   cleared, the fd is registered again, or moves to the builtin reactor: see `registration::moving`.
//! - tokio is polled unconstrained. With its coop budget spent, it would call the forwarder from inside the poll, and
//!   the forwarder would wait for the lock on `TokioIo::fd`, which its caller holds.
//! - The `TokioFd` is taken out of `TokioIo::fd` under that lock before the fd can be closed, or moves to another
//!   reactor. A forwarder that is called later finds `None`, and delivers nothing. When the fd is registered again,
//!   tokio reports its readiness at that time.
//! - Tasks are woken while no lock is held: [`Drain`].

#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
    path = "urgent/absent.rs"
)]
mod urgent;

use super::{Handle, driver};
use crate::fork::Process;
use crate::reactor::scheduled_io::{BackendKind, Direction, ScheduledIo};
use crate::reactor::{Interest, Ready};
use crate::sync::{Mutex, lock, tokio};
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker, ready};
use tokio::io::unix::AsyncFd;

pub(in crate::reactor) const KIND: BackendKind = BackendKind::Edge;

/// An fd that is registered with a runtime.
#[derive(Debug)]
pub(in crate::reactor) struct TokioRegistration {
    /// Before the first wait. Later it is in `shared`.
    fd: Option<TokioFd>,
    shared: Option<Arc<TokioIo>>,
}

/// What a registration shares with its forwarders.
#[derive(Debug)]
struct TokioIo {
    io: Arc<ScheduledIo>,
    handle: Handle,
    fd: Mutex<Option<TokioFd>>,
    /// One for each direction.
    forwarders: [Waker; 2],
    process: Process,
}

/// What remains to be done after a registration: to store the forwarders, and to wake the tasks for which the fd is
/// ready. The caller releases its locks before.
#[must_use]
pub(in crate::reactor) struct Drain(Arc<TokioIo>);

impl Drain {
    pub(in crate::reactor) fn run(self) {
        Direction::BOTH.iter().for_each(|&direction| self.0.drain_events(direction));
    }
}

#[derive(Debug)]
struct TokioFd {
    fd: AsyncFd<RawFdSource>,
    /// What it is registered for.
    interest: Interest,
}

/// The number of the fd. The owner deregisters it before closing it, unless the user replaces the object through
/// `AsyncFd::get_mut`: see [`TokioFd::deregister`].
#[derive(Debug)]
struct RawFdSource(RawFd);

impl AsRawFd for RawFdSource {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// The waker that tokio calls. The reference is weak, because tokio stores the waker inside the registration.
struct Forwarder {
    registration: Weak<TokioIo>,
    direction: Direction,
}

impl Wake for Forwarder {
    fn wake(self: Arc<Self>) {
        if let Some(registration) = self.registration.upgrade() {
            registration.drain_events(self.direction);
        }
    }
}

pub(in crate::reactor) fn register(
    handle: &Handle,
    fd: BorrowedFd<'_>,
    interest: Interest,
    _: &Arc<ScheduledIo>,
) -> io::Result<TokioRegistration> {
    let fd = TokioFd::new(handle, fd.as_raw_fd(), interest)?;
    Ok(TokioRegistration { fd: Some(fd), shared: None })
}

impl TokioFd {
    fn new(handle: &Handle, fd: RawFd, interest: Interest) -> io::Result<TokioFd> {
        let is_inside = match Handle::try_current() {
            Ok(current) => current.id() == handle.id(),
            Err(err) if err.is_thread_local_destroyed() => {
                return Err(io::Error::other(
                    "this thread is ending, and cannot enter a tokio runtime",
                ));
            }
            Err(_) => false,
        };
        let tokio_interest = match (interest.is_readable(), interest.is_writable()) {
            (true, false) => tokio::io::Interest::READABLE,
            (false, true) => tokio::io::Interest::WRITABLE,
            _ => tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE,
        };
        let tokio_interest = urgent::add_to(tokio_interest, interest);
        let _context = (!is_inside).then(|| handle.enter());
        // Deprecated since tokio 1.54 in favour of an unsafe constructor with the same code, whose
        // contract is that the fd stays the same while it is registered. `Registration` keeps that contract. The
        // deprecated function needs no unsafe code here.
        //
        // If this line panics, the runtime has no I/O. The first such panic of a runtime is caught (`driver`).
        #[allow(deprecated)]
        let fd = AsyncFd::with_interest(RawFdSource(fd), tokio_interest)?;
        driver::note_registered(handle);
        Ok(TokioFd { fd, interest })
    }

    fn includes(&self, interest: Interest) -> bool {
        let registered = self.interest;
        (registered.is_readable() || !interest.is_readable())
            && (registered.is_writable() || !interest.is_writable())
    }

    /// `fd` is the current fd of the object. If it is not the registered one, the object was replaced through
    /// `AsyncFd::get_mut`, and the registered number may belong to an unrelated fd by now. So it is not deregistered:
    /// the close of the registered fd has removed it from the epoll instance, and tokio's state for it is leaked.
    fn deregister(self, fd: BorrowedFd<'_>) {
        if self.fd.get_ref().0 != fd.as_raw_fd() {
            std::mem::forget(self.fd);
        }
    }
}

/// Tries to register an fd that does not exist. Panics if the runtime has no I/O.
#[cfg_attr(all(loom, test), allow(dead_code, reason = "the mock of the driver needs no probe"))]
pub(super) fn probe(handle: &Handle) {
    drop(TokioFd::new(handle, -1, Interest::READABLE));
}

impl TokioRegistration {
    /// In the child of a fork. Its destructor would remove the fd from the epoll instance, which the parent uses.
    pub(in crate::reactor) fn forget_in_child(self) {
        std::mem::forget(self);
    }

    /// Nothing has to be armed: tokio reports each change.
    #[inline]
    pub(in crate::reactor) fn arm(&self, _: Interest) -> Option<io::Result<Ready>> {
        None
    }

    pub(in crate::reactor) fn deregister(self, fd: BorrowedFd<'_>) {
        let registered = match &self.shared {
            Some(shared) => lock(&shared.fd).take(),
            None => self.fd,
        };
        if let Some(registered) = registered {
            registered.deregister(fd);
        }
    }

    /// Makes tokio report `interest`. `ScheduledIo::should_register` limits this to once for each direction. `all` is
    /// everything that the fd is to be registered for.
    pub(in crate::reactor) fn register_interest(
        &mut self,
        handle: &Handle,
        io: &Arc<ScheduledIo>,
        fd: BorrowedFd<'_>,
        interest: Interest,
        all: Interest,
    ) -> io::Result<Drain> {
        let shared = self.share(handle, io);
        let is_registered =
            lock(&shared.fd).as_ref().is_some_and(|registered| registered.includes(interest));
        if is_registered {
            Ok(Drain(shared.clone()))
        } else {
            self.register_again(handle, io, fd, all)
        }
    }

    /// Replaces the registration by a new one for `interest`.
    pub(in crate::reactor) fn register_again(
        &mut self,
        handle: &Handle,
        io: &Arc<ScheduledIo>,
        fd: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<Drain> {
        let shared = self.share(handle, io);
        let registered = &mut *lock(&shared.fd);
        if let Some(former) = registered.take() {
            former.deregister(fd);
        }
        *registered = Some(TokioFd::new(handle, fd.as_raw_fd(), interest)?);
        Ok(Drain(shared.clone()))
    }

    /// Called by the first wait. The child of a fork does not wait, so its parent has registered the fd.
    fn share(&mut self, handle: &Handle, io: &Arc<ScheduledIo>) -> &Arc<TokioIo> {
        self.shared.get_or_insert_with(|| {
            Arc::new_cyclic(|shared| TokioIo {
                io: io.clone(),
                handle: handle.clone(),
                fd: Mutex::new(self.fd.take()),
                forwarders: Direction::BOTH.map(|direction| {
                    let registration = shared.clone();
                    Waker::from(Arc::new(Forwarder { registration, direction }))
                }),
                process: Process::current(),
            })
        })
    }
}

impl TokioIo {
    /// Moves the readiness of one direction from tokio into the `ScheduledIo`, and stores the forwarder for the next
    /// event.
    fn drain_events(&self, direction: Direction) {
        if self.process.forked() {
            // The child of a fork runs or drops the runtime of its parent. A thread of the parent may hold the lock.
            return;
        }
        let mut ready = Ready::EMPTY;
        let is_shut_down;
        {
            let registered = lock(&self.fd);
            let Some(TokioFd { fd, interest }) = registered.as_ref() else { return };
            is_shut_down =
                take(fd, direction, &self.forwarders[direction as usize], &mut ready).is_err();
            if is_shut_down {
                // Marked under the lock, so that an fd that has moved to another reactor is not marked.
                self.io.mark_shut_down();
            }
            // With the read readiness of the same event, and never before it: see `short_read`.
            if direction == Direction::Read && urgent::is_reported(fd, *interest) {
                ready |= Ready::URGENT;
            }
            // The poll functions of tokio do not return error conditions, and report some of them as WRITE_CLOSED.
            let _ = fd.try_io(tokio::io::Interest::ERROR, |_| {
                ready |= Ready::ERROR;
                // Clears it in tokio.
                Err::<(), _>(io::ErrorKind::WouldBlock.into())
            });
        }
        if is_shut_down {
            driver::mark_shut_down(&self.handle);
            self.io.wake_all();
        } else if !ready.is_empty() {
            self.io.set_readiness(ready);
        }
    }
}

/// Takes the readiness of one direction out of tokio, and stores the forwarder for the next event.
///
/// It is cleared before it is polled, which saves the first of two polls in most events. What was cleared is not known then,
/// but a direction that has closed is not cleared, so the poll finds that. Beside it, `READABLE` or `WRITABLE` may be
/// reported although the event had only the hang-up: that is true, because the operation would not block.
///
/// # Errors
/// If the runtime has shut down.
#[inline]
fn take(
    fd: &AsyncFd<RawFdSource>,
    direction: Direction,
    forwarder: &Waker,
    ready: &mut Ready,
) -> io::Result<()> {
    let (interest, taken) = match direction {
        Direction::Read => (tokio::io::Interest::READABLE, Ready::READABLE),
        Direction::Write => (tokio::io::Interest::WRITABLE, Ready::WRITABLE),
    };
    let next_event = poll_fn(|cx| {
        loop {
            let _ = fd.try_io(interest, |_| {
                *ready |= taken;
                // Clears it in tokio, unless there was an event since.
                Err::<(), _>(io::ErrorKind::WouldBlock.into())
            });
            let event = ready!(match direction {
                Direction::Read => fd.poll_read_ready(cx),
                Direction::Write => fd.poll_write_ready(cx),
            })?;
            let seen = translate(event.ready());
            if seen.is_read_closed() || seen.is_write_closed() {
                // tokio never clears these, so it would report this direction as ready again at once.
                *ready |= seen;
                return Poll::Ready(Ok(()));
            }
        }
    });
    match pin!(tokio::task::unconstrained(next_event)).poll(&mut Context::from_waker(forwarder)) {
        Poll::Ready(end) => end,
        Poll::Pending => Ok(()),
    }
}

fn translate(seen: tokio::io::Ready) -> Ready {
    let mut ready = Ready::EMPTY;
    for (is_set, bit) in [
        // tokio's `is_readable` is true for a closed half too; `Ready` has a bit for each.
        (seen.is_readable(), Ready::READABLE),
        (seen.is_writable(), Ready::WRITABLE),
        (seen.is_read_closed(), Ready::READ_CLOSED),
        (seen.is_write_closed(), Ready::WRITE_CLOSED),
        (seen.is_error(), Ready::ERROR),
    ] {
        if is_set {
            ready |= bit;
        }
    }
    ready
}
