//! In place of `reactor/async_io.rs` without the feature `smol`: its types are uninhabited.

use super::{Interest, Kind, Reactor, ScheduledIo};
use crate::source::BorrowedSource;
use std::io;
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
    _: BorrowedSource<'_>,
    _: &Arc<ScheduledIo>,
) -> io::Result<AsyncIoRegistration> {
    match *handle {}
}

impl AsyncIoRegistration {
    pub(super) fn close_in_child(self, _: BorrowedSource<'_>) {
        match self {}
    }

    pub(super) fn arm(&self, _: Interest) -> io::Result<()> {
        match *self {}
    }
}
