//! In place of `reactor/tokio.rs` without the feature `tokio`: its types are uninhabited.

use super::{Interest, Kind, Reactor, ScheduledIo};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Handle {}

#[derive(Debug)]
pub(super) enum TokioRegistration {}

#[inline]
pub(super) fn reactor() -> Option<Reactor> {
    None.map(|handle| Reactor(Kind::Tokio(handle)))
}

pub(super) fn register(
    handle: &Handle,
    _: RawFd,
    _: Interest,
    _: &Arc<ScheduledIo>,
) -> io::Result<TokioRegistration> {
    match *handle {}
}

pub(super) fn is_shut_down(handle: &Handle, _: &io::Error) -> bool {
    match *handle {}
}

pub(super) fn needs_builtin(interest: Interest) -> bool {
    interest.needs_builtin()
}

pub(super) enum Drain {}

impl Drain {
    pub(super) fn run(self) {
        match self {}
    }
}

impl TokioRegistration {
    pub(super) fn forget_in_child(self) {
        match self {}
    }

    pub(super) fn register_interest(
        &self,
        _: BorrowedFd<'_>,
        _: Interest,
        _: Interest,
    ) -> io::Result<Drain> {
        match *self {}
    }

    pub(super) fn register_again(&self, _: BorrowedFd<'_>, _: Interest) -> io::Result<Drain> {
        match *self {}
    }

    pub(super) fn deregister(&self, _: BorrowedFd<'_>) {
        match *self {}
    }
}
