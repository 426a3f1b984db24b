//! In place of `reactor/async_io.rs` without the feature `smol`: its types are uninhabited.

use super::{Interest, Kind, Reactor, ScheduledIo};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Handle {}

#[derive(Debug)]
pub(super) enum AsyncIoRegistration {}

#[inline]
pub(crate) fn reactor() -> Option<Reactor> {
    None.map(|handle| Reactor(Kind::AsyncIo(handle)))
}

pub(super) fn register(
    handle: &Handle,
    _: BorrowedFd<'_>,
    _: &Arc<ScheduledIo>,
) -> io::Result<AsyncIoRegistration> {
    match *handle {}
}

impl AsyncIoRegistration {
    pub(super) fn close_in_child(self, _: BorrowedFd<'_>) {
        match self {}
    }

    pub(super) fn arm(&self, _: Interest) -> io::Result<()> {
        match *self {}
    }
}
