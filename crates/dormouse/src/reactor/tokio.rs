//! tokio: the reactor of the runtime that the caller is inside. This crate starts no thread and spawns no task for it.
//!
//! [`registration`] registers a source with a runtime: an fd on Unix, a socket on Windows. [`driver`] finds out whether a
//! runtime has I/O.

#[cfg_attr(all(loom, test), path = "tokio/driver_mock.rs")]
mod driver;
#[cfg(all(loom, test))]
mod loom_tests;
#[cfg_attr(unix, path = "tokio/unix.rs")]
#[cfg_attr(windows, path = "tokio/windows.rs")]
mod registration;

pub(crate) use driver::registered_runtimes;
pub(super) use registration::{Drain, KIND, TokioRegistration, register};

use super::{Interest, Kind, Reactor};
use crate::runtimes;
use crate::sync::tokio;
use driver::{has_io, is_inherited, may_have_io};
use std::io;
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

/// The reactor of a runtime for timers: if the runtime is known to have one.
pub(crate) fn tokio_reactor(handle: &Handle) -> Option<Reactor> {
    has_io(handle).then(|| Reactor(Kind::Tokio(handle.clone())))
}

/// The reactor of the runtime that the caller is inside, for fds.
pub(super) fn reactor() -> Option<Reactor> {
    let handle = runtimes::current()?;
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

/// Whether this thread can enter a runtime. tokio panics while the thread-locals are being destroyed.
fn can_enter() -> bool {
    !Handle::try_current().is_err_and(|err| err.is_thread_local_destroyed())
}
