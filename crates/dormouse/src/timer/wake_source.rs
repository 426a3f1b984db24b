//! A wake source: it calls the waker of a queue at the time that the queue has set.
//!
//! On Linux it is a timerfd, registered with the queue's reactor like any other fd; the kernel compares it with the
//! right clock. Where no timerfd is available (another system, no fds left, a sandbox), it is the fallback: a deadline
//! of the builtin reactor's thread.

use super::{fallback, timerfd};
use crate::clock::ClockId;
use crate::reactor::{
    Direction, Interest, Reactor, ReadyEvent, Registration, WaitError, WaiterSlot,
};
use crate::source::OwnedSource;
use std::io;
use std::task::{Poll, Waker};

#[derive(Debug)]
pub(crate) enum WakeSource {
    Timerfd { fd: Registration<OwnedSource>, clock: ClockId },
    Fallback { clock: ClockId, waker: Waker },
}

impl WakeSource {
    /// A timerfd, for [`timerfd`](Self::timerfd).
    pub(crate) fn create_timerfd(clock: ClockId) -> io::Result<OwnedSource> {
        super::close_inherited();
        timerfd::create(clock)
    }

    /// Registers a timerfd with `reactor`.
    pub(crate) fn timerfd(
        fd: OwnedSource,
        clock: ClockId,
        reactor: &Reactor,
        waker: &Waker,
    ) -> io::Result<WakeSource> {
        let fd = reactor.register(fd, Interest::READABLE).map_err(|(_, err)| err)?;
        register_waker(&fd, waker)?;
        // Not before the waker is stored: see `builtin::thread`.
        fd.check_reactor()?;
        Ok(WakeSource::Timerfd { fd, clock })
    }

    /// A deadline of the builtin reactor's thread.
    pub(crate) fn fallback(clock: ClockId, waker: &Waker) -> io::Result<WakeSource> {
        fallback::start()?;
        Ok(WakeSource::Fallback { clock, waker: waker.clone() })
    }

    /// The number of the timerfd.
    pub(crate) fn number(&self) -> Option<i32> {
        match self {
            WakeSource::Timerfd { fd, .. } => Some(timerfd::number(fd.get_ref())),
            WakeSource::Fallback { .. } => None,
        }
    }

    /// Drops what belongs to it, but does not close the timerfd.
    pub(crate) fn abandon(self) {
        if let WakeSource::Timerfd { fd, .. } = self {
            std::mem::forget(fd.into_inner());
        }
    }

    /// Sets the time at which the waker is called, in place of any time set before; a time that has passed is accepted.
    /// Returns whether the clock was set since the last call; if so, the waker is called at once.
    pub(crate) fn arm(&self, at: u64) -> io::Result<bool> {
        match self {
            WakeSource::Timerfd { fd, clock } => {
                let cancel_on_set = *clock == ClockId::Realtime;
                match timerfd::set(fd.get_ref(), cancel_on_set, at) {
                    Err(err) if timerfd::is_clock_set(&err) => {
                        // Setting the timerfd has cleared its readiness, which would have reported the change.
                        timerfd::set(fd.get_ref(), cancel_on_set, 0)?;
                        Ok(true)
                    }
                    result => result.map(|()| false),
                }
            }
            WakeSource::Fallback { clock, waker } => {
                fallback::set_deadline(*clock, at, waker)?;
                Ok(false)
            }
        }
    }

    /// Clears the event that has called the waker, registers the waker again, and returns whether the clock was set.
    /// Call it before the clock is read and the next time is set: otherwise it could clear the next expiry.
    ///
    /// # Errors
    /// If the reactor has shut down.
    pub(crate) fn acknowledge(&self, waker: &Waker) -> io::Result<bool> {
        let WakeSource::Timerfd { fd, clock } = self else { return Ok(false) };
        // An edge-triggered reactor reports each expiry once, so the timerfd need not be read.
        let must_read = fd.is_oneshot() || *clock == ClockId::Realtime;
        // `WouldBlock`: it has not expired.
        let clock_was_set =
            must_read && timerfd::read(fd.get_ref()).is_err_and(|err| timerfd::is_clock_set(&err));
        register_waker(fd, waker)?;
        Ok(clock_was_set)
    }
}

/// Registers the waker for the next event. Events reported so far are cleared.
fn register_waker(fd: &Registration<OwnedSource>, waker: &Waker) -> io::Result<()> {
    let mut slot = WaiterSlot::Direction(Direction::Read);
    // A timerfd that has expired is reported, so it need not be polled.
    let tried = Some(ReadyEvent::unknown(Interest::READABLE));
    while let Poll::Ready(event) = fd.poll_attached(&mut slot, tried, waker) {
        let event = event.map_err(|err| match err {
            WaitError::ShutDown => io::Error::other("the reactor has shut down"),
            WaitError::Unregistered(err) => err,
        })?;
        fd.clear_attached(event);
    }
    Ok(())
}
