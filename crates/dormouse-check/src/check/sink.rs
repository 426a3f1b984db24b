//! The check of a sink.

use super::Check;
use crate::finished::Finished;
use crate::instance::Factory;
use crate::pollable::CheckedSink;
use futures_sink::Sink;
use std::sync::Arc;

/// Checks whether a sink keeps the contract: sends the items to it, and closes it.
///
/// Needs the feature `futures-sink`. `poll_flush` is also called on the empty sink, after the first item, and between
/// `poll_ready` and `start_send`; `poll_ready` is also called twice. What takes items out of a full sink is registered
/// with [`event`](crate::event()).
///
/// Each operation has to succeed, unless [`expect_output`](Check::expect_output) expects an error.
///
/// ```
/// use dormouse_check::{Kind, check_sink, event};
/// use futures::channel::mpsc;
/// use std::sync::{Arc, Mutex};
///
/// check_sink(
///     || {
///         let (sender, receiver) = mpsc::channel(0);
///         let receiver = Arc::new(Mutex::new(receiver));
///         for _ in 0..3 {
///             let receiver = receiver.clone();
///             event(move || drop(receiver.lock().unwrap().try_recv()));
///         }
///         sender
///     },
///     ["a", "b", "c"],
/// )
/// // The receiver wakes the sender while it holds a lock.
/// .allow(Kind::WakeUnderLock)
/// .run()
/// .assert();
/// ```
pub fn check_sink<M, S, I>(
    make: M,
    items: impl IntoIterator<Item = I>,
) -> Check<Finished<S, S::Error>>
where
    M: Fn() -> S + Send + Sync + 'static,
    S: Sink<I> + Send + 'static,
    S::Error: Send + 'static,
    I: Clone + Send + Sync + 'static,
{
    let items: Arc<[I]> = items.into_iter().collect();
    Check::new::<S>(|expect, _| {
        Factory::send(move || CheckedSink::new(make(), items.clone(), expect.clone()))
    })
}
