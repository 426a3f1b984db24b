//! What a wait does: it returns known readiness, or registers its interest and stores its waker.
//!
//! # Invariants
//! - A wait registers its interest before it stores its waker; under async-io afterwards: see `async_io`.
//!   If the reactor has failed, all waiters are woken, and each wait tries the next reactor ([`moving`](super::moving)).
//! - No waker is called while `attached` is locked.

use super::{Attached, Backend, Registration};
use crate::catch_panic::wake;
use crate::reactor::scheduled_io::BackendKind;
use crate::reactor::{
    Interest, Kind, Reactor, Ready, ReadyEvent, ScheduledIo, ShutDown, WaiterSlot, builtin, tokio,
};
use crate::source::{self, AsSource, BorrowedSource};
use crate::sync::lock;
use crate::trace;
use std::io;
use std::task::{Poll, Waker};

/// Why a wait cannot be registered with the reactor that its fd is registered with.
pub(crate) enum WaitError {
    /// The reactor has shut down or failed.
    ShutDown,
    /// No reactor can register the fd for this wait, or the reactor that can cannot deliver its events. Other waits go on.
    Unregistered(io::Error),
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

impl<T: AsSource> Registration<T> {
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
            match self.poll_reactor(&mut slot, tried, waker, is_shut_down) {
                Poll::Ready(Err(WaitError::ShutDown)) => is_shut_down = true,
                Poll::Ready(Err(WaitError::Unregistered(err))) => break Poll::Ready(Err(err)),
                Poll::Ready(Ok(event)) => break Poll::Ready(Ok(event)),
                Poll::Pending => break Poll::Pending,
            }
        };
        // A failed registration may have recorded an event too.
        trace::emit_pending();
        polled
    }

    /// One attempt of [`poll_any_reactor`](Self::poll_any_reactor): registers the fd if it is not registered, and waits.
    #[inline]
    fn poll_reactor(
        &self,
        slot: &mut WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
        is_shut_down: bool,
    ) -> Poll<Result<ReadyEvent, WaitError>> {
        if is_shut_down {
            self.attach_for(slot.interest()).map_err(WaitError::Unregistered)?;
        }
        if self.io.backend() == BackendKind::Builtin {
            builtin::note_fd_waiter(waker).map_err(WaitError::Unregistered)?;
        }
        self.wait(slot, tried, waker)
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
}
