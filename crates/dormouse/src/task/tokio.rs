//! Tasks of tokio, in the runtime that the caller is inside.

use super::JoinError;
use crate::runtimes;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::runtime::Handle;

pub(super) use tokio::task::AbortHandle;

/// A runtime.
pub(super) struct Runtime(Handle);

/// The runtime that the caller is inside. None within this crate's `block_on`.
pub(super) fn current() -> Option<Runtime> {
    runtimes::current().map(Runtime)
}

impl Runtime {
    /// If the runtime is shutting down, the task is dropped, and so is cancelled.
    pub(super) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        JoinHandle(self.0.spawn(future))
    }

    /// # Errors
    /// If the system refuses the first thread. tokio panics then.
    pub(super) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        catch_unwind(AssertUnwindSafe(|| JoinHandle(self.0.spawn_blocking(work))))
            .map_err(|_| io::Error::other("tokio cannot start a thread for blocking work"))
    }
}

pub(super) struct JoinHandle<T>(tokio::task::JoinHandle<T>);

impl<T> JoinHandle<T> {
    pub(super) fn abort(&self) {
        self.0.abort();
    }

    pub(super) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    pub(super) fn abort_handle(&self) -> AbortHandle {
        self.0.abort_handle()
    }

    pub(super) fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        Pin::new(&mut self.0).poll(cx).map_err(|err| {
            err.try_into_panic().map_or_else(|_| JoinError::CANCELLED, JoinError::panic)
        })
    }
}

/// Calls `poll` with an unlimited coop budget of tokio. A handle is not ready while the budget is spent.
pub(super) fn without_budget<R>(
    cx: &mut Context<'_>,
    poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    pin!(tokio::task::unconstrained(poll_fn(poll))).poll(cx)
}
