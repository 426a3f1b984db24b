//! In place of `reactor/tokio.rs` without the feature `tokio`: its types are uninhabited.

use super::scheduled_io::BackendKind;
use super::{Interest, Kind, Reactor, Ready, ScheduledIo};
use crate::source::BorrowedSource;
use std::io;
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
    _: BorrowedSource<'_>,
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

pub(super) const KIND: BackendKind = BackendKind::Edge;

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
        &mut self,
        _: &Handle,
        _: &Arc<ScheduledIo>,
        _: BorrowedSource<'_>,
        _: Interest,
        _: Interest,
    ) -> io::Result<Drain> {
        match *self {}
    }

    pub(super) fn register_again(
        &mut self,
        _: &Handle,
        _: &Arc<ScheduledIo>,
        _: BorrowedSource<'_>,
        _: Interest,
    ) -> io::Result<Drain> {
        match *self {}
    }

    pub(super) fn arm(&self, _: Interest) -> Option<io::Result<Ready>> {
        match *self {}
    }

    pub(super) fn deregister(self, _: BorrowedSource<'_>) {
        match self {}
    }
}
