//! HTTP: the [`Executor`] of [hyper] 1.
//!
//! The sockets and the timer of hyper are in the library: `dormouse::time::HyperTimer`, with its feature `hyper`.

use dormouse::task;
use hyper::rt::Executor;
use std::future::Future;

/// Spawns what hyper runs beside a connection of HTTP/2, on any executor.
///
/// ```
/// use dormouse_adapters::hyper_1::DormouseExecutor;
/// use hyper::rt::Executor;
///
/// let (answer, wait) = async_channel::bounded(1);
/// DormouseExecutor.execute(async move { answer.send(7).await });
/// assert_eq!(dormouse::block_on(wait.recv()), Ok(7));
/// ```
#[doc(alias = "TokioExecutor")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseExecutor;

impl<F> Executor<F> for DormouseExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(task::spawn(future));
    }
}
