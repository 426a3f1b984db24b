//! An object whose fd is registered with a reactor.
//!
//! # Invariants
//! - The registration owns the object, and deregisters its fd before the object is dropped. So a registered fd is not
//!   closed, unless the user replaces the object through `AsyncFd::get_mut`.
//! - A wait registers its interest before it stores its waker; under async-io afterwards: see `async_io`.
//!   If the reactor has failed, all waiters are woken, and each wait tries the next reactor ([`moving`]).
//! - No waker is called while `attached` is locked.
//! - In the child of a fork, nothing is deregistered: the parent still uses the epoll instance, which is shared. The
//!   child's copies of fds are closed. No lock is waited for, because a thread of the parent may have held it at the
//!   fork.

#[cfg(all(loom, test))]
mod loom_tests;
mod moving;

use super::scheduled_io::BackendKind;
use super::{
    Interest, Kind, Reactor, Ready, ReadyEvent, ScheduledIo, ShutDown, WaiterSlot, async_io,
    builtin, tokio,
};
use crate::catch_panic::wake;
use crate::fork::Process;
use crate::source::{self, AsSource, BorrowedSource};
use crate::stats::CountedFd;
use crate::sync::{Mutex, lock};
use crate::trace::{self, Origin};
use std::io;
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

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

/// The reactor that an fd is registered with.
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

impl Backend {
    /// Registers the parts of `interest` that are not registered, for one event. If the reactor has reported them already,
    /// returns that event. `None` if the reactor need not be asked for each event, or cannot report the interest.
    fn arm(
        &self,
        fd: BorrowedSource<'_>,
        interest: Interest,
        io: &ScheduledIo,
    ) -> Option<io::Result<Ready>> {
        match self {
            Backend::Builtin(registration) => registration.arm(fd, interest, io),
            Backend::Tokio(_) | Backend::AsyncIo(_) if interest.needs_builtin() => None,
            Backend::Tokio(registration) => registration.arm(interest),
            Backend::AsyncIo(registration) => {
                Some(registration.arm(interest).map(|()| Ready::EMPTY))
            }
            Backend::Detached | Backend::Unregistered => None,
        }
    }
}

/// Why a wait cannot be registered with the reactor that its fd is registered with.
pub(crate) enum WaitError {
    /// The reactor has shut down or failed.
    ShutDown,
    /// The fd has to move to the builtin reactor for this wait, and cannot. Other waits go on.
    Unregistered(io::Error),
}

impl<T: AsSource> Registration<T> {
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

    /// The reactor that the fd is registered with. In the child of a fork, the builtin one if that cannot be read.
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

    /// Returns the readiness, or stores the waker. If the reactor has shut down, registers the fd with the next one.
    ///
    /// `tried` is the event that an operation was tried for which returned `WouldBlock`: the wait is for a newer one.
    /// `None` if no operation was tried; then the first wait polls the fd.
    ///
    /// # Errors
    /// If no reactor can register the fd, or none can deliver its events, and in the child of a fork.
    #[inline(always)]
    pub(crate) fn poll_readiness(
        &self,
        slot: WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
    ) -> Poll<io::Result<ReadyEvent>> {
        match self.known_event(slot.interest(), tried) {
            Poll::Ready(Ok(event)) => Poll::Ready(Ok(event)),
            known => self.poll_any_reactor(slot, tried, waker, known.is_ready()),
        }
    }

    /// The readiness, if it is known. A `ShutDown` error in the child of a fork, which gets no events.
    #[inline(always)]
    fn known_event(
        &self,
        interest: Interest,
        tried: Option<ReadyEvent>,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        if self.process.forked() {
            return Poll::Ready(Err(ShutDown));
        }
        self.io.ready_event(interest, tried)
    }

    /// `is_shut_down`: the fd is not registered, or this is the child of a fork.
    fn poll_any_reactor(
        &self,
        mut slot: WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
        mut is_shut_down: bool,
    ) -> Poll<io::Result<ReadyEvent>> {
        let polled = loop {
            if is_shut_down {
                self.attach_for(slot.interest())?;
            }
            if self.io.backend() == BackendKind::Builtin {
                builtin::note_fd_waiter(waker)?;
            }
            match self.wait(&mut slot, tried, waker) {
                Poll::Ready(Err(WaitError::ShutDown)) => is_shut_down = true,
                Poll::Ready(Err(WaitError::Unregistered(err))) => break Poll::Ready(Err(err)),
                Poll::Ready(Ok(event)) => break Poll::Ready(Ok(event)),
                Poll::Pending => break Poll::Pending,
            }
        };
        trace::emit_pending();
        polled
    }

    /// Like [`poll_readiness`](Self::poll_readiness), but with the reactor that the fd is registered with, or not at
    /// all. For a waker of this crate, which may be called on any thread: this wait neither starts the reactor thread nor
    /// disables the poller role.
    pub(crate) fn poll_attached(
        &self,
        slot: &mut WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
    ) -> Poll<Result<ReadyEvent, WaitError>> {
        match self.known_event(slot.interest(), tried) {
            Poll::Ready(event) => Poll::Ready(event.map_err(|ShutDown| WaitError::ShutDown)),
            Poll::Pending => self.wait(slot, tried, waker),
        }
    }

    /// Stores the waker, unless there is readiness. The caller has checked that this is not the child of a fork.
    #[inline]
    fn wait(
        &self,
        slot: &mut WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
    ) -> Poll<Result<ReadyEvent, WaitError>> {
        let interest = slot.interest();
        let mut event = Poll::Pending;
        // Otherwise it is not the first wait, and the interest is registered.
        if self.io.should_try(interest) {
            event = self.begin_wait(interest, tried)?;
        }
        if event.is_pending() {
            event = self.io.poll_readiness(slot, tried, waker);
        }
        while event.is_pending() && !self.io.is_registered(interest) && self.arm(slot, waker)? {
            event = self.io.poll_readiness(slot, tried, waker);
        }
        event.map_err(|ShutDown| WaitError::ShutDown)
    }

    /// What a wait does before it stores its waker, unless an earlier wait has done it.
    fn begin_wait(
        &self,
        interest: Interest,
        tried: Option<ReadyEvent>,
    ) -> Result<Poll<Result<ReadyEvent, ShutDown>>, WaitError> {
        if self.io.is_shut_down() {
            return Err(WaitError::ShutDown);
        }
        if self.io.begin_first_wait(interest) {
            let event = self.poll_fd(interest, tried);
            if event.is_ready() {
                return Ok(event);
            }
        }
        self.register_interest(interest)?;
        Ok(Poll::Pending)
    }

    /// The first wait for an interest polls the fd. If it is ready, the wait needs no event. For a single direction
    /// that is an optimization, so it is left out if an operation has been tried. For another interest it is necessary:
    /// earlier events are in the copies of other interests.
    #[cold]
    fn poll_fd(
        &self,
        interest: Interest,
        tried: Option<ReadyEvent>,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        if tried.is_some() && interest.is_one_direction() {
            return Poll::Pending;
        }
        let ready = builtin::poll_now(self.source(), interest).unwrap_or(Ready::EMPTY);
        if ready.is_empty() {
            return Poll::Pending;
        }
        // For all copies: poll(2) reports a change of `/proc/self/mounts` only once.
        self.io.set_readiness(ready);
        match self.io.ready_event(interest, None) {
            // Another task has cleared it already.
            Poll::Pending => Poll::Ready(Ok(ReadyEvent { ready, ..ReadyEvent::unknown(interest) })),
            event => event,
        }
    }

    /// Registers the parts of `interest` that are not registered yet, except with a oneshot reactor. Called before the
    /// waker is stored, because a failure calls all stored wakers.
    #[inline]
    fn register_interest(&self, interest: Interest) -> Result<(), WaitError> {
        let is_armed_later = match self.io.backend() {
            BackendKind::Builtin => builtin::IS_ONESHOT,
            BackendKind::Edge => false,
            BackendKind::Oneshot => !interest.needs_builtin(),
        };
        if is_armed_later || !self.io.should_register(interest) {
            return Ok(());
        }
        self.register_now(interest).inspect_err(|err| self.report(interest, err))
    }

    #[cold]
    fn register_now(&self, interest: Interest) -> Result<(), WaitError> {
        let fd = self.source();
        let mut attached = lock(&self.attached);
        let all = attached.interest | interest;
        let Attached { reactor: Reactor(reactor), backend, must_move, .. } = &mut *attached;
        let registered = match (backend, reactor) {
            (Backend::Tokio(registration), Kind::Tokio(handle))
                if !*must_move && !tokio::needs_builtin(interest) =>
            {
                registration.register_interest(handle, &self.io, fd, interest, all).map(Some)
            }
            (Backend::Tokio(_) | Backend::AsyncIo(_), _) => {
                let moved = self.move_to_builtin(&mut attached, all);
                return moved.map_err(WaitError::Unregistered);
            }
            (Backend::Builtin(registration), _) => registration.reregister(fd, all).map(|()| None),
            // A concurrent wait registers the fd with the next reactor.
            (Backend::Detached | Backend::Unregistered, _) => Ok(None),
        };
        attached.interest = all;
        drop(attached);
        match registered {
            Ok(drain) => drain.into_iter().for_each(tokio::Drain::run),
            Err(_) => return Err(WaitError::ShutDown),
        }
        Ok(())
    }

    /// Registers the directions of the slot that are not registered although its waker was stored: with a oneshot
    /// reactor, or because the fd has moved meanwhile. Returns whether an event was delivered instead.
    fn arm(&self, slot: &WaiterSlot<'_>, waker: &Waker) -> Result<bool, WaitError> {
        let interest = slot.interest();
        let mut attached = lock(&self.attached);
        let armed = if attached.must_move {
            None
        } else {
            attached.backend.arm(source::borrow(self.get_ref()), interest, &self.io)
        };
        if armed.is_some() {
            attached.interest |= interest;
        }
        drop(attached);
        let armed = match armed {
            Some(Ok(Ready::EMPTY)) => Ok(false),
            Some(Ok(ready)) => {
                // Not the waker of this wait, which polls again.
                self.io.take_back_waker(slot, waker);
                self.io.deliver(ready, Interest::in_event(ready), wake);
                Ok(true)
            }
            Some(Err(_)) => Err(WaitError::ShutDown),
            None if self.io.should_register(interest) => {
                self.register_now(interest).map(|()| false)
            }
            None => Ok(false),
        };
        armed.inspect_err(|err| {
            // This wait does not need its waker any more. It must not be called here, because it may take a lock that
            // the caller holds.
            self.io.take_back_waker(slot, waker);
            self.report(interest, err);
        })
    }

    /// Wakes the waits that an error of a registration concerns.
    #[cold]
    fn report(&self, interest: Interest, err: &WaitError) {
        match err {
            WaitError::ShutDown => self.io.shut_down(),
            WaitError::Unregistered(_) => self.io.unregister(interest),
        }
    }

    /// Whether the calling process has inherited the fd, which its parent uses.
    pub(crate) fn is_inherited(&self) -> bool {
        self.process.forked()
    }

    /// Frees the slot of a [`WaiterSlot::Future`].
    pub(crate) fn remove_waiter(&self, key: usize) {
        if !self.process.forked() {
            self.io.remove_waiter(key);
        }
    }

    /// Clears readiness, except a hang-up that is still reported: see [`moving`].
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        self.clear(event, ready, false);
    }

    /// Clears readiness after the operation that `event` was for has returned `WouldBlock`. The next wait is for a newer
    /// event.
    #[inline]
    pub(crate) fn would_block(&self, event: ReadyEvent) {
        self.clear(event, Ready::ALL, true);
    }

    /// Called after an operation that `event` was for has not returned `WouldBlock`.
    #[inline(always)]
    pub(crate) fn succeeded(&self, event: ReadyEvent) {
        self.io.succeeded(event);
    }

    /// Called after a read, that `event` was for, has returned less than it asked for, and more than nothing.
    #[inline]
    pub(crate) fn short_read(&self, event: ReadyEvent) {
        if self.io.allows_short_reads() && !self.process.forked() {
            self.io.short_read(event);
        }
    }

    /// From here on, only an operation that returned `WouldBlock` clears readiness.
    pub(crate) fn forbid_short_reads(&self) {
        self.io.forbid_short_reads();
    }

    #[inline]
    fn clear(&self, event: ReadyEvent, ready: Ready, tried: bool) {
        if self.process.forked() {
            return;
        }
        let cleared = event.ready.intersection(ready);
        if cleared.is_empty() {
            return;
        }
        if self.must_check(event, cleared) {
            self.clear_and_check(event, cleared, tried);
            trace::emit_pending();
        } else {
            self.io.clear_readiness(event, cleared);
        }
    }

    /// Like [`clear_readiness`](Self::clear_readiness), for an fd that never hangs up and has no errors.
    pub(crate) fn clear_attached(&self, event: ReadyEvent) {
        self.io.clear_readiness(event, Ready::ALL);
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
