//! async-io: the reactor that smol and async-std share. It runs on its thread `async-io` or inside `smol::block_on`.
//!
//! async-io reports oneshot events, level-triggered: after an event it reports nothing until the direction is
//! registered again, and then it checks the fd. So a wait that finds no readiness registers its directions, unless they
//! are registered already. A state that an operation does not end, such as an error, would be reported again and again:
//! then the fd moves to the builtin reactor (see `registration::moving`).
//!
//! # Invariants
//! - No event is lost.
//!   A wait: (1) stores its waker in the `ScheduledIo`, (2) marks its direction as registered, (3) if it was not, polls
//!   async-io, which registers the direction.
//!   An event: (1) sets the readiness and clears the mark, in one atomic operation, (2) wakes the stored wakers.
//!   So a wait that finds the direction marked is woken by that event.
//! - On Windows, (3) also ends the wait of async-io that is in progress, because that one may not see the registration:
//!   see `next_wait`.
//! - async-io owns a duplicate of the fd. So the user's object can be borrowed mutably, or even be
//!   replaced, while it is registered.

#[cfg_attr(windows, path = "async_io/next_wait/windows.rs")]
#[cfg_attr(not(windows), path = "async_io/next_wait/absent.rs")]
mod next_wait;
#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
    path = "async_io/sandbox/absent.rs"
)]
mod sandbox;

use super::builtin::spawn::{use_processors_of_main_thread, with_signals_blocked};
use super::error::cannot;
use super::oneshot::OneshotWakers;
use super::scheduled_io::{Direction, ScheduledIo};
use super::{Interest, Kind, Reactor};
use crate::fork::{Once, Process, fds};
use crate::probe::{can_probe, catch_probe};
use crate::source::{BorrowedSource, OwnedSource};
use crate::stdio::take_free_stdio;
use crate::trace::{self, Resource};
use async_io::Async;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The one reactor of the process.
#[derive(Clone)]
pub(super) struct Handle;

impl Reactor {
    /// async-io, the reactor of smol and async-std.
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// assert_eq!(Reactor::async_io().name(), "async-io");
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "smol")))]
    pub fn async_io() -> Reactor {
        Reactor(Kind::AsyncIo(Handle))
    }
}

/// async-io, unless it is known not to work.
pub(crate) fn reactor() -> Option<Reactor> {
    works().then(Reactor::async_io)
}

/// An fd that is registered with async-io.
#[derive(Debug)]
pub(super) struct AsyncIoRegistration {
    fd: Async<OwnedSource>,
    oneshot_wakers: OneshotWakers,
}

pub(super) fn register(
    _: &Handle,
    fd: BorrowedSource<'_>,
    io: &Arc<ScheduledIo>,
) -> io::Result<AsyncIoRegistration> {
    start(fd).inspect_err(|err| trace::failed(Resource::AsyncIo, err))?;
    trace::works(Resource::AsyncIo);
    let fd = Async::new_nonblocking(fd.try_clone_to_owned()?)?;
    Ok(AsyncIoRegistration { fd, oneshot_wakers: OneshotWakers::new(io) })
}

/// The process that started async-io, and whether the start succeeded. A failed start is not repeated: async-io's
/// thread may have panicked too, and async-io starts it only once.
static STARTED: Once<(Process, bool)> = Once::new();

/// Whether async-io can be used, as far as is known. In the child of a fork it cannot if the parent has started it: its
/// thread does not exist there, and its fds are shared with the parent.
fn works() -> bool {
    match STARTED.get() {
        Some((process, started)) => *started && !process.forked(),
        None => !STARTED.is_abandoned(),
    }
}

/// Starts async-io, which panics if it cannot create a thread, an epoll instance, an eventfd or a timerfd.
/// So this function first checks that four fds (one is the duplicate that `register` makes) and a thread can be
/// created, and that no sandbox refuses the waits of async-io.
///
/// async-io is started on the thread that is created for this check. That thread has all signals blocked and the
/// affinity of the main thread, and the thread `async-io` inherits both. (If the program has started async-io before,
/// its thread has inherited those of a thread of the program.)
fn start(fd: BorrowedSource<'_>) -> io::Result<()> {
    let error = || {
        Err(io::Error::other(
            "async-io failed to start, or was started before this process was forked",
        ))
    };
    if !works() {
        return error();
    }
    if STARTED.get().is_some() {
        return Ok(());
    }
    let fds = [(); 4].map(|()| fd.try_clone_to_owned());
    fds.into_iter().collect::<io::Result<Vec<_>>>()?;
    sandbox::check_waits()?;
    let can_probe = can_probe();
    let start = || {
        use_processors_of_main_thread();
        STARTED.get_or_init(|| {
            let _taken = take_free_stdio();
            // Where a panic cannot be caught, the start is assumed to succeed.
            let started = !can_probe || catch_probe(|| drop(Async::new_nonblocking(fd)));
            (Process::current(), started)
        })
    };
    let started = std::thread::scope(|scope| {
        let spawn = || std::thread::Builder::new().spawn_scoped(scope, start);
        let thread = with_signals_blocked(spawn);
        thread.map(|thread| thread.join().unwrap_or(None))
    });
    let started = started.map_err(|err| cannot("cannot start a thread", &err))?;
    if started.is_some_and(|(_, started)| *started) { Ok(()) } else { error() }
}

impl AsyncIoRegistration {
    /// In the child of a fork, closes the duplicate of `fd`. A drop of the `Async` would also remove the duplicate from
    /// the epoll instance, which the parent uses, and take a lock of async-io's.
    pub(super) fn close_in_child(self, fd: BorrowedSource<'_>) {
        fds::close_duplicate(self.fd.get_ref(), fd);
        std::mem::forget(self.fd);
    }

    /// Registers the directions of `interest` that are not registered.
    ///
    /// # Errors
    /// If async-io cannot watch the fd any more. Then the caller shuts down the `ScheduledIo`, because other waits
    /// have found the direction marked as registered, and would not be woken.
    pub(super) fn arm(&self, interest: Interest) -> io::Result<()> {
        for (direction, waker) in self.oneshot_wakers.to_register(interest) {
            let cx = &mut Context::from_waker(waker);
            // The first poll may return an event that has been delivered already. It can be skipped: the next poll
            // registers the direction, and async-io checks the fd again.
            while let Poll::Ready(event) = match direction {
                Direction::Read => self.fd.poll_readable(cx),
                Direction::Write => self.fd.poll_writable(cx),
            } {
                event?;
            }
            next_wait::begin();
        }
        Ok(())
    }
}
