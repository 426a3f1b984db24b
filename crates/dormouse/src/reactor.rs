//! Reactors: who watches a file descriptor and calls a waker when it becomes ready.
//!
//! This is the one place that knows executors. Above it there are only fds and wakers.

mod builtin;
mod interest;
mod scheduled_io;

#[cfg(feature = "smol")]
mod async_io;
#[cfg(any(feature = "tokio", feature = "smol"))]
mod probe;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "test-util")]
pub(crate) use builtin::flush_events;
pub(crate) use builtin::{Parker, PollerRole, note_external_waiter, set_deadline, start};
pub(crate) use scheduled_io::{Direction, ReadyEvent, ShutDown, WaiterSlot, wake};

pub use interest::{Interest, Ready};

use crate::fork::Process;
#[cfg(all(loom, test, feature = "tokio"))]
use crate::loom_test::tokio::runtime::Handle;
#[cfg(not(all(loom, test)))]
#[cfg(feature = "tokio")]
use ::tokio::runtime::Handle;
use scheduled_io::ScheduledIo;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Watches file descriptors: the builtin reactor, a tokio runtime's, or async-io's.
///
/// Which one serves is chosen at run time, anew for each object: see [`current`](Reactor::current).
/// To choose by hand, make a reactor and hand it to
/// [`AsyncFd::new_on`](crate::io::AsyncFd::new_on).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::{io::AsyncFd, reactor::Reactor};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, _theirs) = UnixStream::pair()?;
/// let ours = AsyncFd::new_on(&Reactor::builtin(), ours)?;
/// assert_eq!(ours.reactor().name(), "builtin");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reactor(Kind);

#[derive(Clone)]
enum Kind {
    Builtin,
    #[cfg(feature = "tokio")]
    Tokio(Handle),
    #[cfg(feature = "smol")]
    AsyncIo,
}

impl Reactor {
    /// The reactor that serves the caller, first of these:
    ///
    /// 1. the tokio runtime that the calling code is inside, if it has I/O enabled (feature
    ///    `tokio`), but not from within [`block_on`](crate::block_on);
    /// 2. async-io, the reactor of smol and async-std (feature `smol`);
    /// 3. the builtin reactor; within `VirtualTime::block_on` always that.
    ///
    /// Never fails, never panics, and starts nothing.
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// println!("fds are watched by {}", Reactor::current().name());
    /// ```
    pub fn current() -> Reactor {
        if crate::context::builtin_only() {
            return Reactor::builtin();
        }
        #[cfg(feature = "tokio")]
        if let Some(handle) = crate::context::tokio() {
            if let Some(reactor) = Reactor::tokio_with_io(&handle) {
                return reactor;
            }
        }
        #[cfg(feature = "smol")]
        if async_io::can_serve() {
            return Reactor::async_io();
        }
        Reactor::builtin()
    }

    /// The reactor that needs no executor: one thread named `dormouse`, started on first use.
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// assert_eq!(Reactor::builtin().name(), "builtin");
    /// ```
    pub fn builtin() -> Reactor {
        Reactor(Kind::Builtin)
    }

    /// The reactor of a tokio runtime.
    ///
    /// # Errors
    /// `Unsupported`, if the runtime was built without
    /// [`enable_io`](::tokio::runtime::Builder::enable_io). (In a program compiled with
    /// `panic = "abort"` this cannot be found out; there the call succeeds, and tokio aborts the
    /// program if the runtime has no I/O.) An error too in the child of a fork, if the runtime is its parent's.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::reactor::Reactor;
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    /// assert_eq!(Reactor::tokio(runtime.handle())?.name(), "tokio");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tokio")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
    pub fn tokio(handle: &Handle) -> io::Result<Reactor> {
        if cfg!(not(panic = "unwind")) {
            return Ok(Reactor(Kind::Tokio(handle.clone())));
        }
        if tokio::is_inherited(handle.id()) {
            return Err(io::Error::other(
                "this tokio runtime was running before this process was forked: build another, or use another reactor",
            ));
        }
        Reactor::tokio_with_io(handle).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "this tokio runtime has no I/O: call enable_io() or enable_all() on its Builder, \
                 or use another reactor",
            )
        })
    }

    /// The reactor of a tokio runtime, if it is known to have one.
    #[cfg(feature = "tokio")]
    pub(crate) fn tokio_with_io(handle: &Handle) -> Option<Reactor> {
        tokio::has_io(handle).then(|| Reactor(Kind::Tokio(handle.clone())))
    }

    /// async-io, the reactor of smol and async-std.
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// assert_eq!(Reactor::async_io().name(), "async-io");
    /// ```
    #[cfg(feature = "smol")]
    #[cfg_attr(docsrs, doc(cfg(feature = "smol")))]
    pub fn async_io() -> Reactor {
        Reactor(Kind::AsyncIo)
    }

    /// `"builtin"`, `"tokio"` or `"async-io"`.
    ///
    /// ```
    /// assert_eq!(dormouse::reactor::Reactor::builtin().name(), "builtin");
    /// ```
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kind::Builtin => "builtin",
            #[cfg(feature = "tokio")]
            Kind::Tokio(_) => "tokio",
            #[cfg(feature = "smol")]
            Kind::AsyncIo => "async-io",
        }
    }

    /// The reactor that can watch an fd for `interest`, if this one cannot.
    pub(crate) fn select_for(&self, interest: Interest) -> Reactor {
        if interest.needs_builtin() { Reactor::builtin() } else { self.clone() }
    }

    /// Watches an object's fd until the registration is dropped, which owns it. On failure the object
    /// comes back.
    pub(crate) fn register<T: AsFd>(
        &self,
        object: T,
        interest: Interest,
    ) -> Result<Registration<T>, (T, io::Error)> {
        let fd = object.as_fd();
        let to_ask = match &self.0 {
            Kind::Builtin => interest.later(),
            // They do not listen unasked, to hang-ups and to their own end either.
            #[cfg(any(feature = "tokio", feature = "smol"))]
            _ => Interest::READABLE | Interest::WRITABLE,
        };
        let source = Arc::new(ScheduledIo::new(to_ask));
        let watch = match &self.0 {
            Kind::Builtin => builtin::watch(fd, interest.eager(), &source).map(Watch::Builtin),
            #[cfg(feature = "tokio")]
            Kind::Tokio(handle) => {
                tokio::watch(handle, fd.as_raw_fd(), interest, &source).map(Watch::Tokio)
            }
            #[cfg(feature = "smol")]
            Kind::AsyncIo => async_io::watch(fd, &source).map(Watch::AsyncIo),
        };
        match watch {
            Ok(watch) => Ok(Registration {
                source,
                watch,
                process: Process::current(),
                interest,
                object: Some(object),
            }),
            Err(err) => {
                let err = explain(err, fd.as_raw_fd(), self.name());
                Err((object, err))
            }
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reactor").field(&self.name()).finish()
    }
}

fn explain(err: io::Error, fd: RawFd, reactor: &str) -> io::Error {
    let hint = match err.kind() {
        io::ErrorKind::PermissionDenied => {
            ": the kernel has no readiness for this kind of file. Regular files and directories \
             are always ready; read and write them directly"
        }
        io::ErrorKind::AlreadyExists => {
            ": this reactor watches it already. Share the one AsyncFd, or wrap a duplicate \
             (try_clone)"
        }
        _ if err.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error()) => {
            ": it is not open"
        }
        _ if err.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            ": the process is at its limit of open fds (ulimit -n)"
        }
        _ => "",
    };
    io::Error::new(
        err.kind(),
        format!("cannot watch fd {fd} on the {reactor} reactor{hint} ({err})"),
    )
}

/// A watched object. Dropping it ends the watch, and then drops the object: an fd is never closed while it
/// is watched.
#[derive(Debug)]
pub(crate) struct Registration<T: AsFd> {
    source: Arc<ScheduledIo>,
    watch: Watch,
    process: Process,
    interest: Interest,
    /// Taken when the watch ends.
    object: Option<T>,
}

#[derive(Debug)]
enum Watch {
    Builtin(builtin::Watch),
    #[cfg(feature = "tokio")]
    Tokio(Arc<tokio::Watch>),
    #[cfg(feature = "smol")]
    AsyncIo(async_io::Watch),
    /// It is the parent's: see `fork`.
    Left,
}

impl<T: AsFd> Registration<T> {
    pub(crate) fn get_ref(&self) -> &T {
        self.object.as_ref().expect("watched objects are there")
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.object.as_mut().expect("watched objects are there")
    }

    /// Ends the watch.
    pub(crate) fn into_inner(mut self) -> T {
        self.end().expect("watched objects are there")
    }

    /// The readiness that is known, without a wait.
    pub(crate) fn ready(&self, interest: Interest) -> Poll<io::Result<ReadyEvent>> {
        self.source.ready_event(interest).map(|found| found.map_err(|ShutDown| self.gone()))
    }

    /// Waits for readiness: leaves the waker, and sees to it that an event will come.
    pub(crate) fn poll(
        &self,
        place: WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<io::Result<ReadyEvent>> {
        if matches!(self.watch, Watch::Builtin(_)) {
            note_external_waiter();
        }
        self.listen(place, waker)
    }

    /// Like [`poll`](Self::poll), for a waker of this crate's own: it may be called on any thread.
    pub(crate) fn listen(
        &self,
        place: WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<io::Result<ReadyEvent>> {
        if self.process.forked() {
            self.source.mark_shut_down();
            return Poll::Ready(Err(self.gone()));
        }
        let mut place = place;
        #[cfg(feature = "smol")]
        if self.is_level_triggered() && !place.interest().is_read_or_write() {
            return Poll::Ready(Err(unsupported_interest(place.interest())));
        }
        self.ask(place.interest())?;
        let found = self
            .source
            .poll_readiness(&mut place, waker)
            .map(|found| found.map_err(|ShutDown| self.gone()));
        #[cfg(feature = "smol")]
        if let (Poll::Pending, Watch::AsyncIo(watch)) = (&found, &self.watch) {
            if watch.ask(place.interest()).is_err() {
                // The caller learns it from the result, and may hold a lock that its waker takes.
                self.source.take_back_waker(place, waker);
                self.source.shut_down();
                return Poll::Ready(Err(self.gone()));
            }
        }
        found
    }

    /// Asks the reactor for what it does not report unasked. Before a waker is left: if it fails, all others
    /// are called.
    #[inline]
    fn ask(&self, interest: Interest) -> io::Result<()> {
        if self.is_level_triggered() || !self.source.should_register(interest) {
            return Ok(());
        }
        let asked = match &self.watch {
            Watch::Builtin(watch) => watch.change(self.get_ref().as_fd(), self.interest),
            #[cfg(feature = "tokio")]
            Watch::Tokio(watch) => watch.ask(self.get_ref().as_fd(), interest),
            #[cfg(feature = "smol")]
            Watch::AsyncIo(_) => Ok(()),
            Watch::Left => Ok(()),
        };
        asked.map_err(|_| {
            self.source.shut_down();
            self.gone()
        })
    }

    /// Takes back a place that [`poll`](Self::poll) gave.
    pub(crate) fn leave(&self, index: usize) {
        self.source.remove_waiter(index);
    }

    /// An operation was seen to block: forgets the readiness that said otherwise.
    pub(crate) fn clear(&self, event: ReadyEvent, ready: Ready) {
        self.source.clear_readiness(event, ready);
        #[cfg(feature = "tokio")]
        if let Watch::Tokio(watch) = &self.watch {
            let kept = Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::ERROR;
            if Ready(event.ready.0 & ready.0).intersects(kept) {
                watch.migrate_to_builtin(self.get_ref().as_fd());
            }
        }
    }

    /// Whether the reactor has reported what the fd is ready for, or will do so unasked. If not, an operation
    /// may as well be tried: that costs no more than to ask.
    pub(crate) fn is_registered(&self, interest: Interest) -> bool {
        !self.is_level_triggered() && self.source.is_registered(interest)
    }

    /// Whether the reactor looks at the fd when it is asked, rather than reports each change.
    pub(crate) fn is_level_triggered(&self) -> bool {
        match &self.watch {
            Watch::Builtin(_) => false,
            #[cfg(feature = "tokio")]
            Watch::Tokio(_) => false,
            #[cfg(feature = "smol")]
            Watch::AsyncIo(_) => true,
            Watch::Left => false,
        }
    }

    fn gone(&self) -> io::Error {
        let reactor = match &self.watch {
            _ if self.process.forked() => "this process, the child of a fork,",
            Watch::Builtin(_) => "the builtin reactor",
            #[cfg(feature = "tokio")]
            Watch::Tokio(_) => "the tokio runtime that watched this fd has shut down, or",
            #[cfg(feature = "smol")]
            Watch::AsyncIo(_) => "async-io",
            Watch::Left => "nobody",
        };
        io::Error::other(format!(
            "{reactor} cannot watch this fd any more: take the object back with into_inner() and wrap \
             it again elsewhere"
        ))
    }
}

/// A wait that async-io would never end.
#[cfg(feature = "smol")]
fn unsupported_interest(interest: Interest) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "async-io, which watches this fd, does not tell {interest:?} apart: wrap it with \
             AsyncFd::with_interest, which then takes the builtin reactor"
        ),
    )
}

impl<T: AsFd> Registration<T> {
    fn end(&mut self) -> Option<T> {
        let object = self.object.take()?;
        if self.process.forked() {
            // The epoll instance is the parent's too, which goes on.
            #[allow(
                clippy::forget_non_drop,
                reason = "without an executor there is nothing to drop"
            )]
            std::mem::forget(std::mem::replace(&mut self.watch, Watch::Left));
            return Some(object);
        }
        match &self.watch {
            Watch::Builtin(watch) => watch.end(object.as_fd()),
            #[cfg(feature = "tokio")]
            Watch::Tokio(watch) => watch.end(object.as_fd()),
            #[cfg(feature = "smol")]
            Watch::AsyncIo(_) => {}
            Watch::Left => {}
        }
        self.source.clear_wakers();
        Some(object)
    }
}

impl<T: AsFd> Drop for Registration<T> {
    fn drop(&mut self) {
        drop(self.end());
    }
}
