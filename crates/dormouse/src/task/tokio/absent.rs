//! Without the feature `tokio`, and on wasm: no code is ever inside a runtime.

use super::JoinError;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::task::{Context, Poll};

#[derive(Clone)]
enum Never {}

pub(super) struct Runtime(Never);

#[inline]
pub(super) fn current() -> Option<Runtime> {
    None
}

impl Runtime {
    pub(super) fn spawn<F: Future>(&self, _: F) -> JoinHandle<F::Output> {
        match self.0 {}
    }

    pub(super) fn spawn_blocking<T>(&self, _: impl FnOnce() -> T) -> io::Result<JoinHandle<T>> {
        match self.0 {}
    }
}

pub(super) struct JoinHandle<T>(Never, PhantomData<fn() -> T>);

#[derive(Clone)]
pub(super) struct AbortHandle(Never);

impl<T> JoinHandle<T> {
    pub(super) fn abort(&self) {
        match self.0 {}
    }

    pub(super) fn is_finished(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn abort_handle(&self) -> AbortHandle {
        match self.0 {}
    }

    pub(super) fn poll_join(&mut self, _: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        match self.0 {}
    }
}

impl AbortHandle {
    pub(super) fn abort(&self) {
        match self.0 {}
    }

    pub(super) fn is_finished(&self) -> bool {
        match self.0 {}
    }
}

/// Calls `poll`.
pub(super) fn without_budget<R>(
    cx: &mut Context<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    poll(cx)
}
