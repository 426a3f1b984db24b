//! An object whose fd is registered with a reactor, or is registered by the first wait: a connection.
//!
//! # Invariants
//! - The registration owns the object, and deregisters its fd before the object is dropped. So a registered fd is not
//!   closed, unless the user replaces the object through `AsyncFd::get_mut`.
//! - In the child of a fork, nothing is deregistered: the parent still uses the epoll instance, which is shared. The
//!   child's copies of fds are closed. No lock is waited for, because a thread of the parent may have held it at the
//!   fork.

mod clearing;
#[cfg(all(loom, test))]
mod loom_tests;
mod moving;
mod registering;
mod waiting;

pub(crate) use waiting::WaitError;

use super::scheduled_io::BackendKind;
use super::{
    Interest, Reactor, Ready, ReadyEvent, ScheduledIo, ShutDown, async_io, builtin, tokio,
};
use crate::fork::Process;
use crate::source::{self, AsSource, BorrowedSource};
use crate::stats::CountedFd;
use crate::sync::{Mutex, lock};
use crate::trace::Origin;
use std::io;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Registration<T: AsSource> {
    io: Arc<ScheduledIo>,
    attached: Mutex<Attached>,
    process: Process,
    /// Where the program has created it.
    created: Origin,
    /// None once deregistered.
    object: Option<T>,
}

/// The reactor that an fd is registered with, or is to be.
#[derive(Debug)]
struct Attached {
    reactor: Reactor,
    backend: Backend,
    /// What the fd is, or is to be, registered for.
    interest: Interest,
    /// The reactor cannot report the next event, and the move to the builtin reactor has failed. The next wait tries it
    /// again, and returns the error.
    must_move: bool,
    counted: CountedFd,
}

/// The registration of one fd with one reactor.
#[derive(Debug)]
enum Backend {
    Builtin(builtin::BuiltinRegistration),
    Tokio(tokio::TokioRegistration),
    AsyncIo(async_io::AsyncIoRegistration),
    /// Not registered any more: the reactor has shut down, or belongs to the parent of this process (see `fork`).
    Detached,
    /// Not registered yet: a connection before its first wait.
    Unregistered,
}

impl<T: AsSource> Registration<T> {
    fn new(
        object: T,
        io: Arc<ScheduledIo>,
        attached: Attached,
        created: Origin,
    ) -> Registration<T> {
        let attached = Mutex::new(attached);
        Registration { io, attached, process: Process::current(), created, object: Some(object) }
    }

    pub(crate) fn get_ref(&self) -> &T {
        self.object.as_ref().expect("only `deregister` takes the object")
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.object.as_mut().expect("only `deregister` takes the object")
    }

    /// The fd of the object.
    #[inline]
    fn source(&self) -> BorrowedSource<'_> {
        source::borrow(self.get_ref())
    }

    /// Deregisters the fd.
    pub(crate) fn into_inner(mut self) -> T {
        self.deregister().expect("only `deregister` takes the object")
    }

    /// The reactor that the fd is registered with, or is to be. In the child of a fork, the builtin one if that cannot be read.
    pub(crate) fn reactor(&self) -> Reactor {
        if self.process.forked() {
            let attached = self.attached.try_lock();
            return attached.map_or(Reactor::builtin(), |attached| attached.reactor.clone());
        }
        lock(&self.attached).reactor.clone()
    }

    /// What poll(2) reports for `interest` at this moment. The readiness that is known does not change.
    pub(crate) fn poll_now(&self, interest: Interest) -> io::Result<Ready> {
        builtin::poll_now(self.source(), interest)
    }

    /// The readiness that is known: none in the child of a fork, which gets no events.
    #[inline(always)]
    pub(crate) fn ready_event(&self, interest: Interest) -> Option<ReadyEvent> {
        if self.process.forked() {
            return None;
        }
        match self.io.ready_event(interest, None) {
            Poll::Ready(Ok(event)) => Some(event),
            Poll::Ready(Err(ShutDown)) | Poll::Pending => None,
        }
    }

    /// Whether an operation should be tried although no readiness is known.
    pub(crate) fn should_try(&self, interest: Interest) -> bool {
        self.process.forked() || self.io.is_shut_down() || self.io.should_try(interest)
    }

    /// Whether no thread delivers events while the calling code does not wait: an operation may succeed although it has
    /// returned `WouldBlock` before and no event has been delivered.
    pub(crate) fn is_unpolled(&self) -> bool {
        self.io.backend() == BackendKind::Builtin && !builtin::has_thread()
    }

    /// Checks that the builtin reactor, if the fd is registered with it, can deliver events.
    ///
    /// # Errors
    /// If it cannot wait for them.
    pub(crate) fn check_reactor(&self) -> io::Result<()> {
        if self.io.backend() == BackendKind::Builtin { builtin::check_failure() } else { Ok(()) }
    }

    /// Whether the calling process has inherited the fd, which its parent uses.
    pub(crate) fn is_inherited(&self) -> bool {
        self.process.forked()
    }

    /// Frees the slot of a [`WaiterSlot::Future`](super::WaiterSlot::Future).
    pub(crate) fn remove_waiter(&self, key: usize) {
        if !self.process.forked() {
            self.io.remove_waiter(key);
        }
    }

    /// Whether the reactor is oneshot and level-triggered (async-io, and tokio on Windows).
    pub(crate) fn is_oneshot(&self) -> bool {
        self.io.backend() == BackendKind::Oneshot
    }

    fn deregister(&mut self) -> Option<T> {
        let object = self.object.take()?;
        // Exclusive access needs no lock. In the child of a fork, the lock may be held by a thread of the parent.
        let attached = self.attached.get_mut().unwrap_or_else(PoisonError::into_inner);
        attached.detach(source::borrow(&object), &self.process);
        if Arc::strong_count(&self.io) == 1 {
            // The wakers are dropped with it.
        } else if self.process.forked() {
            self.io.clear_wakers_in_child();
        } else {
            self.io.clear_wakers();
        }
        Some(object)
    }
}

impl<T: AsSource> Drop for Registration<T> {
    fn drop(&mut self) {
        drop(self.deregister());
    }
}
