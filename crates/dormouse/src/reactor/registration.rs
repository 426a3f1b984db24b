//! An object whose fd is registered with a reactor.
//!
//! # Invariants
//! - The registration owns the object, and deregisters its fd before the object is dropped. So a registered fd is not
//!   closed, unless the user replaces the object through `AsyncFd::get_mut`.
//! - A wait registers the directions it needs before it stores its waker; under async-io afterwards: see `async_io`.
//!   If this fails, the wait returns an error, and all other waiters are woken and get an error too.
//! - In the child of a fork, nothing is deregistered: the parent still uses the epoll instance, which is shared.

use super::error::{cannot_register, no_longer_watched, unsupported_interest};
use super::{
    Interest, Kind, Reactor, Ready, ReadyEvent, ScheduledIo, ShutDown, WaiterSlot, async_io,
    builtin, note_waiter, tokio,
};
use crate::fork::Process;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Registration<T: AsFd> {
    io: Arc<ScheduledIo>,
    backend: Backend,
    process: Process,
    interest: Interest,
    /// None once deregistered.
    object: Option<T>,
}

/// The registration of one fd with one reactor.
#[derive(Debug)]
enum Backend {
    Builtin(builtin::BuiltinRegistration),
    Tokio(tokio::TokioRegistration),
    AsyncIo(async_io::AsyncIoRegistration),
    /// In place of a registration that belongs to the parent of this process: see `fork`.
    Inherited,
}

impl Reactor {
    /// Registers the fd of an object.
    ///
    /// # Errors
    /// Returns the object with the error.
    pub(crate) fn register<T: AsFd>(
        &self,
        object: T,
        interest: Interest,
    ) -> Result<Registration<T>, (T, io::Error)> {
        let fd = object.as_fd();
        let unregistered = match &self.0 {
            Kind::Builtin => interest.lazy(),
            // Without a wait no waker is stored with these reactors, so they report nothing yet, not even a hang-up or
            // the shutdown of the runtime. The first wait in a direction registers it.
            Kind::Tokio(_) | Kind::AsyncIo(_) => Interest::READABLE | Interest::WRITABLE,
        };
        let io = Arc::new(ScheduledIo::new(unregistered));
        let backend = match &self.0 {
            Kind::Builtin => builtin::register(fd, interest.eager(), &io).map(Backend::Builtin),
            Kind::Tokio(handle) => {
                tokio::register(handle, fd.as_raw_fd(), interest, &io).map(Backend::Tokio)
            }
            Kind::AsyncIo(handle) => async_io::register(handle, fd, &io).map(Backend::AsyncIo),
        };
        let process = Process::current();
        match backend {
            Ok(backend) => {
                Ok(Registration { io, backend, process, interest, object: Some(object) })
            }
            Err(err) => {
                let err = cannot_register(err, fd.as_raw_fd(), self.name());
                Err((object, err))
            }
        }
    }
}

impl<T: AsFd> Registration<T> {
    pub(crate) fn get_ref(&self) -> &T {
        self.object.as_ref().expect("only `deregister` takes the object")
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.object.as_mut().expect("only `deregister` takes the object")
    }

    /// Deregisters the fd.
    pub(crate) fn into_inner(mut self) -> T {
        self.deregister().expect("only `deregister` takes the object")
    }

    /// The readiness that has been reported so far.
    pub(crate) fn ready_event(&self, interest: Interest) -> Poll<io::Result<ReadyEvent>> {
        self.io.ready_event(interest).map(|event| event.map_err(|ShutDown| self.shut_down_error()))
    }

    /// Returns the readiness, or stores the waker. Registers the directions of the interest if necessary.
    pub(crate) fn poll_readiness(
        &self,
        slot: WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<io::Result<ReadyEvent>> {
        if matches!(self.backend, Backend::Builtin(_)) {
            note_waiter();
        }
        self.poll_internal(slot, waker)
    }

    /// Like [`poll_readiness`](Self::poll_readiness), for a waker of this crate. It may be called on any thread, the
    /// poller too, so this wait does not disable the poller role.
    pub(crate) fn poll_internal(
        &self,
        mut slot: WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<io::Result<ReadyEvent>> {
        if self.process.forked() {
            self.io.mark_shut_down();
            return Poll::Ready(Err(self.shut_down_error()));
        }
        if self.is_oneshot() && !slot.interest().is_read_or_write() {
            return Poll::Ready(Err(unsupported_interest(slot.interest())));
        }
        self.register_interest(slot.interest())?;
        let event = self.io.poll_readiness(&mut slot, waker);
        if let (Poll::Pending, Backend::AsyncIo(registration)) = (&event, &self.backend) {
            if registration.register_interest(slot.interest()).is_err() {
                // This wait returns the error, so its waker is not needed. It must not be called here, because it may
                // take a lock that the caller holds.
                self.io.take_back_waker(slot, waker);
                self.io.shut_down();
                return Poll::Ready(Err(self.shut_down_error()));
            }
        }
        event.map(|event| event.map_err(|ShutDown| self.shut_down_error()))
    }

    /// Registers the directions of `interest` that are not registered yet, except with async-io. Called before the
    /// waker is stored, because a failure calls all stored wakers.
    #[inline]
    fn register_interest(&self, interest: Interest) -> io::Result<()> {
        if self.is_oneshot() || !self.io.should_register(interest) {
            return Ok(());
        }
        let fd = self.get_ref().as_fd();
        let registered = match &self.backend {
            Backend::Builtin(registration) => registration.reregister(fd, self.interest),
            Backend::Tokio(registration) => registration.register_interest(fd, interest),
            Backend::AsyncIo(_) | Backend::Inherited => Ok(()),
        };
        registered.map_err(|_| {
            self.io.shut_down();
            self.shut_down_error()
        })
    }

    /// Frees the slot of a [`WaiterSlot::Future`].
    pub(crate) fn remove_waiter(&self, key: usize) {
        self.io.remove_waiter(key);
    }

    /// Clears readiness after an operation returned `WouldBlock`. May move the fd from tokio to the builtin reactor.
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        self.io.clear_readiness(event, ready);
        if let Backend::Tokio(registration) = &self.backend {
            let kept = Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::ERROR;
            if Ready(event.ready.0 & ready.0).intersects(kept) {
                registration.migrate_to_builtin(self.get_ref().as_fd());
            }
        }
    }

    /// Whether `interest` is registered with an edge-triggered reactor, which reports each change. If not, the caller
    /// tries its operation first: a failed attempt costs no more than registering.
    pub(crate) fn is_registered(&self, interest: Interest) -> bool {
        !self.is_oneshot() && self.io.is_registered(interest)
    }

    /// Whether the reactor is oneshot and level-triggered (async-io): each wait registers its direction, and the
    /// reactor checks the fd then. The others are edge-triggered.
    pub(crate) fn is_oneshot(&self) -> bool {
        matches!(self.backend, Backend::AsyncIo(_))
    }

    fn shut_down_error(&self) -> io::Error {
        no_longer_watched(match &self.backend {
            _ if self.process.forked() => "this process, the child of a fork,",
            Backend::Builtin(_) => "the builtin reactor",
            Backend::Tokio(_) => "the tokio runtime that watched this fd has shut down, or",
            Backend::AsyncIo(_) => "async-io",
            Backend::Inherited => "this process",
        })
    }

    fn deregister(&mut self) -> Option<T> {
        let object = self.object.take()?;
        if self.process.forked() {
            let inherited = std::mem::replace(&mut self.backend, Backend::Inherited);
            #[allow(clippy::forget_non_drop, reason = "no destructor without executor features")]
            std::mem::forget(inherited);
            return Some(object);
        }
        match &self.backend {
            Backend::Builtin(registration) => registration.deregister(object.as_fd()),
            Backend::Tokio(registration) => registration.deregister(object.as_fd()),
            // The drop of the registration deregisters its duplicate of the fd.
            Backend::AsyncIo(_) | Backend::Inherited => {}
        }
        self.io.clear_wakers();
        Some(object)
    }
}

impl<T: AsFd> Drop for Registration<T> {
    fn drop(&mut self) {
        drop(self.deregister());
    }
}
