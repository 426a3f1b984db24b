//! The kinds of wait, and one wait that is polled by hand.

use crate::common::Count;
use crate::common::sockets::poll_flags;
#[cfg(not(dormouse_portable))]
use crate::objects::PRI;
use crate::objects::{ERR, HUP, IN, OUT, RDHUP};
use dormouse::io::{AsyncFd, Interest};
use rustix::event::PollFlags;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Readable,
    Writable,
    Ready(Interest),
    PollRead,
    PollWrite,
    AsyncIo(Interest),
}

pub(crate) fn kinds() -> Vec<Kind> {
    let joint = Interest::READABLE | Interest::WRITABLE;
    vec![
        Kind::Readable,
        Kind::Writable,
        Kind::Ready(joint),
        #[cfg(not(dormouse_portable))]
        Kind::Ready(Interest::PRIORITY),
        Kind::Ready(Interest::ERROR),
        Kind::Ready(Interest::READABLE | Interest::ERROR),
        Kind::PollRead,
        Kind::PollWrite,
        Kind::AsyncIo(Interest::READABLE),
        Kind::AsyncIo(Interest::WRITABLE),
        Kind::AsyncIo(joint),
        #[cfg(not(dormouse_portable))]
        Kind::AsyncIo(Interest::PRIORITY),
        Kind::AsyncIo(Interest::ERROR),
    ]
}

impl Kind {
    pub(crate) fn interest(self) -> Interest {
        match self {
            Kind::Readable | Kind::PollRead => Interest::READABLE,
            Kind::Writable | Kind::PollWrite => Interest::WRITABLE,
            Kind::Ready(interest) | Kind::AsyncIo(interest) => interest,
        }
    }

    /// Whether it has no waker of its own, but shares one with all other calls of the same function.
    pub(crate) fn is_poll_fn(self) -> bool {
        matches!(self, Kind::PollRead | Kind::PollWrite)
    }

    /// The flags that end this wait.
    pub(crate) fn mask(self) -> PollFlags {
        let interest = self.interest();
        let mut mask = ERR;
        if interest.is_readable() {
            mask |= IN | RDHUP | HUP;
        }
        if interest.is_writable() {
            mask |= OUT | HUP;
        }
        #[cfg(not(dormouse_portable))]
        if interest.is_priority() {
            mask |= PRI | RDHUP | HUP;
        }
        mask
    }
}

/// A wait that is polled only after its waker has been called, and starts anew after it has ended.
pub(crate) struct Wait<'a> {
    fd: &'a AsyncFd<OwnedFd>,
    pub(crate) kind: Kind,
    /// Whether it clears the readiness when it ends, as if its operation had returned `WouldBlock`.
    pub(crate) clears: Rc<Cell<bool>>,
    /// How often it has ended. If it clears, `async_io` does not end; this counts the attempts that it refused.
    pub(crate) ends: Rc<Cell<usize>>,
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    wakes: Arc<Count>,
    waker: Waker,
    /// The wake-ups that the last poll has answered.
    answered: usize,
    started: bool,
    /// The wake-ups before the observation.
    pub(crate) observed_from: usize,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(fd: &'a AsyncFd<OwnedFd>, kind: Kind, clears: bool) -> Wait<'a> {
        let (wakes, waker) = Count::new();
        let clears = Rc::new(Cell::new(clears));
        let ends = Rc::default();
        let (answered, started, observed_from) = (0, false, 0);
        Wait {
            fd,
            kind,
            clears,
            ends,
            future: None,
            wakes,
            waker,
            answered,
            started,
            observed_from,
        }
    }

    /// Polls it, if it has not been polled since its last wake-up or end. Returns whether it is pending.
    pub(crate) fn poll(&mut self) -> bool {
        if self.future.is_some() && self.wakes.get() == self.answered {
            return true;
        }
        self.started = true;
        self.answered = self.wakes.get();
        let future = self.future.get_or_insert_with(|| {
            start(self.fd, self.kind, Rc::clone(&self.clears), Rc::clone(&self.ends))
        });
        let poll = future.as_mut().poll(&mut Context::from_waker(&self.waker));
        if poll.is_ready() {
            self.future = None;
        }
        poll.is_pending()
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.future.is_some()
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.get()
    }
}

fn start<'a>(
    fd: &'a AsyncFd<OwnedFd>,
    kind: Kind,
    clears: Rc<Cell<bool>>,
    ends: Rc<Cell<usize>>,
) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    if let Kind::AsyncIo(interest) = kind {
        let attempt = move |fd: &OwnedFd| {
            if !poll_flags(fd).intersects(kind.mask()) {
                return Err(ErrorKind::WouldBlock.into());
            }
            ends.set(ends.get() + 1);
            if clears.get() { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        };
        return Box::pin(async move { fd.async_io(interest, attempt).await.unwrap() });
    }
    Box::pin(async move {
        let guard = match kind {
            Kind::Readable => fd.readable().await,
            Kind::Writable => fd.writable().await,
            Kind::Ready(interest) | Kind::AsyncIo(interest) => fd.ready(interest).await,
            Kind::PollRead => poll_fn(|cx| fd.poll_read_ready(cx)).await,
            Kind::PollWrite => poll_fn(|cx| fd.poll_write_ready(cx)).await,
        };
        let mut guard = guard.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        ends.set(ends.get() + 1);
        if clears.get() {
            guard.clear_ready();
        }
    })
}
