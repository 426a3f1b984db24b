//! The handles of a task: one that awaits it, and any number that can abort it.
//!
//! A handle is that of tokio, or of a task of this crate. The handles of tokio are in `tokio.rs`.

use super::state::Shared;
use super::{JoinError, tokio};
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Awaits a task. Returned by [`spawn`](super::spawn) and [`spawn_blocking`](super::spawn_blocking).
///
/// If it is dropped, the task runs on, detached, and its output is dropped. Awaited once more after it has returned the
/// output, it returns an error.
///
/// ```
/// # dormouse::block_on(async {
/// let task = dormouse::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// ```
///
/// # Cancel safety
/// `&mut handle` can be awaited in `select!`: no output is lost. Dropping the handle does not cancel the task; call
/// [`abort`](Self::abort).
pub struct JoinHandle<T>(Kind<T>);

enum Kind<T> {
    /// The function is in the handle because it exists only for a `T` that is `Send` and `'static`.
    Own(Arc<Shared<T>>, fn(&Arc<Shared<T>>) -> Own),
    Tokio(tokio::JoinHandle<T>),
    /// The output has been returned.
    Taken,
}

impl<T: Send + 'static> JoinHandle<T> {
    pub(super) fn own(shared: Arc<Shared<T>>) -> JoinHandle<T> {
        JoinHandle(Kind::Own(shared, |shared| Own::new(shared.clone())))
    }

    /// The handle of a task that could not be started.
    pub(super) fn not_started(err: io::Error) -> JoinHandle<T> {
        JoinHandle::own(Shared::complete_with(Err(JoinError::not_started(err))))
    }
}

impl<T> JoinHandle<T> {
    pub(super) fn tokio(handle: tokio::JoinHandle<T>) -> JoinHandle<T> {
        JoinHandle(Kind::Tokio(handle))
    }

    /// Cancels the task: it is not polled again, and its executor drops it.
    ///
    /// The handle returns an error that [is a cancellation](JoinError::is_cancelled), after the future has been dropped.
    /// If the task completes first, the handle returns its output. Blocking work that has begun is not interrupted.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(std::future::pending::<()>());
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[doc(alias = "cancel")]
    pub fn abort(&self) {
        match &self.0 {
            Kind::Own(shared, _) => shared.abort(),
            Kind::Tokio(handle) => handle.abort(),
            Kind::Taken => {}
        }
    }

    /// Whether the task has completed, has panicked or was cancelled. After [`abort`](Self::abort), it is false until the
    /// task has been dropped.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(std::future::pending::<()>());
    /// assert!(!task.is_finished());
    /// # task.abort();
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Kind::Own(shared, _) => shared.is_finished(),
            Kind::Tokio(handle) => handle.is_finished(),
            Kind::Taken => true,
        }
    }

    /// A handle that can abort the task, but does not await it.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(std::future::pending::<()>());
    /// task.abort_handle().abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(match &self.0 {
            Kind::Own(shared, abort_handle) => AbortKind::Own(abort_handle(shared)),
            Kind::Tokio(handle) => AbortKind::Tokio(handle.abort_handle()),
            Kind::Taken => AbortKind::Finished,
        })
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(match &mut self.0 {
            Kind::Own(shared, _) => shared.poll_join(cx),
            Kind::Tokio(handle) => handle.poll_join(cx),
            Kind::Taken => Poll::Ready(Err(JoinError::TAKEN)),
        });
        self.0 = Kind::Taken;
        Poll::Ready(output)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Kind::Own(shared, _) = &self.0 {
            shared.detach();
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish()
    }
}

/// Can abort a task. Returned by [`JoinHandle::abort_handle`] and [`JoinSet::spawn`](super::JoinSet::spawn).
///
/// If it is dropped, the task runs on.
///
/// ```
/// # dormouse::block_on(async {
/// let task = dormouse::spawn(std::future::pending::<()>());
/// let abort = task.abort_handle();
/// dormouse::spawn(async move { abort.abort() }).await.unwrap();
/// assert!(task.await.unwrap_err().is_cancelled());
/// # });
/// ```
#[derive(Clone)]
pub struct AbortHandle(AbortKind);

#[derive(Clone)]
enum AbortKind {
    Own(Own),
    Tokio(tokio::AbortHandle),
    Finished,
}

/// A task of this crate, whatever its output is. The task counts these.
struct Own(Arc<dyn Abort>);

trait Abort: Send + Sync + RefUnwindSafe {
    fn abort(&self);
    fn is_finished(&self) -> bool;
    fn add_abort_handle(&self);
    fn remove_abort_handle(&self);
}

impl<T: Send> Abort for Shared<T> {
    fn abort(&self) {
        self.abort();
    }

    fn is_finished(&self) -> bool {
        self.is_finished()
    }

    fn add_abort_handle(&self) {
        self.add_abort_handle();
    }

    fn remove_abort_handle(&self) {
        self.remove_abort_handle();
    }
}

impl Own {
    fn new(task: Arc<dyn Abort>) -> Own {
        task.add_abort_handle();
        Own(task)
    }
}

impl Clone for Own {
    fn clone(&self) -> Own {
        Own::new(self.0.clone())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.remove_abort_handle();
    }
}

impl AbortHandle {
    /// Cancels the task, as [`JoinHandle::abort`].
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(std::future::pending::<()>());
    /// task.abort_handle().abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[doc(alias = "cancel")]
    pub fn abort(&self) {
        match &self.0 {
            AbortKind::Own(task) => task.0.abort(),
            AbortKind::Tokio(handle) => handle.abort(),
            AbortKind::Finished => {}
        }
    }

    /// Whether the task has completed, has panicked or was cancelled, as [`JoinHandle::is_finished`].
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(async {});
    /// let abort = task.abort_handle();
    /// task.await.unwrap();
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            AbortKind::Own(task) => task.0.is_finished(),
            AbortKind::Tokio(handle) => handle.is_finished(),
            AbortKind::Finished => true,
        }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("is_finished", &self.is_finished()).finish()
    }
}
