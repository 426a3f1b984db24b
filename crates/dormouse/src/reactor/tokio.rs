//! tokio: the reactor of the runtime that the caller is inside. This crate starts no thread and spawns no task for it.
//!
//! tokio is edge-triggered, and stores the readiness of an fd until that is cleared. For each direction a waker of this
//! module, the *forwarder*, is stored with tokio. When tokio calls it, it *drains* the event: it clears the readiness
//! in tokio, polls tokio again, which stores the forwarder for the next event, and sets the readiness in the
//! [`ScheduledIo`].
//!
//! No forwarder is stored before the first wait. If the fd is wrapped for both directions, it is registered for reading
//! alone until the first wait for write readiness. Registered for both, each event would be drained twice, because
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

#[cfg_attr(all(loom, test), path = "tokio/driver_mock.rs")]
mod driver;
#[cfg(all(loom, test))]
mod loom_tests;

use super::scheduled_io::{Direction, ScheduledIo};
use super::{Interest, Kind, Reactor, Ready};
use crate::context;
use crate::fork::Process;
use crate::sync::{Mutex, OnceLock, lock, tokio};
pub(crate) use driver::registered_runtimes;
use driver::{has_io, is_inherited, may_have_io, note_registered};
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::unix::AsyncFd;
use tokio::runtime;

pub(super) use runtime::Handle;

impl Reactor {
    /// The reactor of a tokio runtime.
    ///
    /// # Errors
    /// `Unsupported`, if the runtime was built without
    /// [`enable_io`](::tokio::runtime::Builder::enable_io), or is known to have shut down. Another error in the child of
    /// a fork, if the runtime was started by its parent.
    ///
    /// # Panics
    /// No panic reaches the caller. But the first use of a runtime without I/O causes a panic in tokio, which dormouse
    /// catches, because tokio has no other sign that I/O is not enabled. The panic hook of the program sees it.
    ///
    /// # With `panic = "abort"`
    /// In a program that is compiled like this, dormouse cannot find out whether a runtime has I/O. There this function
    /// succeeds. If the runtime has no I/O, registering an fd with it ends the program with tokio's message, which says
    /// to call `enable_io`. The same holds for [`Reactor::current`], so for every new `AsyncFd` inside the runtime. To
    /// avoid it, choose [`Reactor::builtin`]. Sleeps use a runtime only once an fd has been registered with it; until
    /// then they use another reactor.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::reactor::Reactor;
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    /// assert_eq!(Reactor::tokio(runtime.handle())?.name(), "tokio");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
    pub fn tokio(handle: &Handle) -> io::Result<Reactor> {
        if is_inherited(handle.id()) {
            return Err(io::Error::other(
                "this tokio runtime was running before this process was forked: build another, or use another reactor",
            ));
        }
        if !may_have_io(handle) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this tokio runtime has no I/O, or has shut down: call enable_io() or enable_all() on its Builder, \
                 or use another reactor",
            ));
        }
        Ok(Reactor(Kind::Tokio(handle.clone())))
    }
}

/// The tokio runtime that the caller is inside. None in this crate's `block_on`, which blocks the thread, and that may
/// be the only thread to drive the runtime.
#[inline]
pub(crate) fn current_runtime() -> Option<Handle> {
    if context::in_block_on() { None } else { Handle::try_current().ok() }
}

/// The reactor of a runtime for timers: if the runtime is known to have one.
pub(crate) fn tokio_reactor(handle: &Handle) -> Option<Reactor> {
    has_io(handle).then(|| Reactor(Kind::Tokio(handle.clone())))
}

/// The reactor of the runtime that the caller is inside, for fds.
pub(super) fn reactor() -> Option<Reactor> {
    let handle = current_runtime()?;
    may_have_io(&handle).then_some(Reactor(Kind::Tokio(handle)))
}

/// Whether an fd cannot be registered with the runtime for `err`, because the runtime has shut down, or because this
/// thread is ending and cannot enter it.
pub(super) fn is_shut_down(handle: &Handle, err: &io::Error) -> bool {
    // tokio has no other way to tell: all other errors of a registration are those of the system.
    let is_shut_down = err.raw_os_error().is_none();
    if is_shut_down && can_enter() {
        driver::mark_shut_down(handle);
    }
    is_shut_down
}

/// Whether a wait for `interest` must move the fd to the builtin reactor: tokio does not report it, or write readiness
/// may need a new registration, for which this thread, which is ending, cannot enter the runtime.
pub(super) fn needs_builtin(interest: Interest) -> bool {
    interest.needs_builtin() || (interest.is_writable() && !can_enter())
}

/// An fd that is registered with a runtime.
#[derive(Debug)]
pub(super) struct TokioRegistration(Arc<TokioIo>);

#[derive(Debug)]
struct TokioIo {
    io: Arc<ScheduledIo>,
    handle: Handle,
    fd: Mutex<Option<TokioFd>>,
    /// One for each direction. Set by the first wait.
    forwarders: OnceLock<[Waker; 2]>,
    process: Process,
}

/// What remains to be done after a registration: to store the forwarders, and to wake the tasks for which the fd is
/// ready. The caller releases its locks before.
#[must_use]
pub(super) struct Drain(Arc<TokioIo>);

impl Drain {
    pub(super) fn run(self) {
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

pub(super) fn register(
    handle: &Handle,
    fd: RawFd,
    interest: Interest,
    io: &Arc<ScheduledIo>,
) -> io::Result<TokioRegistration> {
    Ok(TokioRegistration(Arc::new(TokioIo {
        io: io.clone(),
        handle: handle.clone(),
        fd: Mutex::new(Some(TokioFd::new(handle, fd, interest)?)),
        forwarders: OnceLock::new(),
        process: Process::current(),
    })))
}

impl TokioFd {
    fn new(handle: &Handle, fd: RawFd, interest: Interest) -> io::Result<TokioFd> {
        if !can_enter() {
            return Err(io::Error::other(
                "this thread is ending, and cannot enter a tokio runtime",
            ));
        }
        let tokio_interest = match (interest.is_readable(), interest.is_writable()) {
            (true, false) => tokio::io::Interest::READABLE,
            (false, true) => tokio::io::Interest::WRITABLE,
            _ => tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE,
        };
        let _context = handle.enter();
        // Deprecated since tokio 1.54 in favour of an unsafe constructor with the same code, whose
        // contract is that the fd stays the same while it is registered. `Registration` keeps that contract. The
        // deprecated function needs no unsafe code here.
        //
        // If this line panics, the runtime has no I/O. The first such panic of a runtime is caught (`driver`).
        #[allow(deprecated)]
        let fd = AsyncFd::with_interest(RawFdSource(fd), tokio_interest)?;
        note_registered(handle);
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

impl TokioRegistration {
    /// In the child of a fork. Its destructor would remove the fd from the epoll instance, which the parent uses.
    pub(super) fn forget_in_child(self) {
        std::mem::forget(self);
    }

    pub(super) fn deregister(&self, fd: BorrowedFd<'_>) {
        let registered = lock(&self.0.fd).take();
        if let Some(registered) = registered {
            registered.deregister(fd);
        }
    }

    /// Makes tokio report `interest`. `ScheduledIo::should_register` limits this to once for each direction. `all` is
    /// everything that the fd is to be registered for.
    pub(super) fn register_interest(
        &self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        all: Interest,
    ) -> io::Result<Drain> {
        let this = &self.0;
        this.forwarders.get_or_init(|| {
            Direction::BOTH.map(|direction| {
                Waker::from(Arc::new(Forwarder { registration: Arc::downgrade(this), direction }))
            })
        });
        let is_registered =
            lock(&this.fd).as_ref().is_some_and(|registered| registered.includes(interest));
        if is_registered { Ok(Drain(this.clone())) } else { self.register_again(fd, all) }
    }

    /// Replaces the registration by a new one for `interest`.
    pub(super) fn register_again(
        &self,
        fd: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<Drain> {
        let this = &self.0;
        let registered = &mut *lock(&this.fd);
        if let Some(former) = registered.take() {
            former.deregister(fd);
        }
        *registered = Some(TokioFd::new(&this.handle, fd.as_raw_fd(), interest)?);
        Ok(Drain(this.clone()))
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
        let Some(forwarders) = self.forwarders.get() else { return };
        let mut ready = Ready::EMPTY;
        let mut is_shut_down = false;
        {
            let registered = lock(&self.fd);
            let Some(TokioFd { fd, .. }) = registered.as_ref() else { return };
            let next = |direction| {
                let cx = &mut Context::from_waker(&forwarders[direction as usize]);
                let poll = poll_fn(|cx| match direction {
                    Direction::Read => fd.poll_read_ready(cx),
                    Direction::Write => fd.poll_write_ready(cx),
                });
                pin!(tokio::task::unconstrained(poll)).poll(cx)
            };
            while let Poll::Ready(event) = next(direction) {
                let Ok(mut event) = event else {
                    // Marked under the lock, so that an fd that has moved to another reactor is not marked.
                    self.io.mark_shut_down();
                    is_shut_down = true;
                    break;
                };
                let seen = translate(event.ready());
                ready |= seen;
                event.clear_ready();
                if seen.is_read_closed() || seen.is_write_closed() {
                    // tokio never clears these, so it would report this direction as ready again at once.
                    break;
                }
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

/// Whether this thread can enter a runtime. tokio panics while the thread-locals are being destroyed.
fn can_enter() -> bool {
    !Handle::try_current().is_err_and(|err| err.is_thread_local_destroyed())
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
