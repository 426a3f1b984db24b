//! What is checked: a future or a stream, with its type erased.
//!
//! A probe knows three outcomes of a poll, and no types: pending, ready with more to come, ready for the
//! last time. Whether an output is the right one is decided in here, where its type is known.

use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

/// How the author of a check says which outputs are right.
pub(crate) type Expect<T> = Option<Arc<dyn Fn(&T) -> bool + Send + Sync>>;

/// What one poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Pending,
    /// An output or an item; of a stream, `more` may follow.
    Ready {
        more: bool,
        right: bool,
    },
}

/// A future or a stream.
pub(crate) trait Subject {
    fn step(self: Pin<&mut Self>, context: &mut Context<'_>) -> Step;

    /// Whether it has come to its end, by itself.
    fn is_over(&self) -> bool;
}

/// A subject on the heap.
pub(crate) type Boxed = Pin<Box<dyn Subject>>;
/// One that may move between threads.
pub(crate) type BoxedSend = Pin<Box<dyn Subject + Send>>;

/// Makes copies of the subject, all of them alike.
#[derive(Clone)]
pub(crate) struct Factory {
    pub(crate) make: Arc<dyn Fn() -> Boxed + Send + Sync>,
    /// Absent if the subject is not `Send`.
    pub(crate) make_send: Option<Arc<dyn Fn() -> BoxedSend + Send + Sync>>,
    /// How many have been made.
    pub(crate) copies: Arc<AtomicU64>,
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory").field("send", &self.make_send.is_some()).finish_non_exhaustive()
    }
}

/// A future: one output, and that is the last.
pub(crate) struct OneOutput<F: Future> {
    future: Pin<Box<F>>,
    over: bool,
    expect: Expect<F::Output>,
}

impl<F: Future> OneOutput<F> {
    pub(crate) fn new(future: F, expect: Expect<F::Output>) -> OneOutput<F> {
        OneOutput { future: Box::pin(future), over: false, expect }
    }
}

impl<F: Future> Subject for OneOutput<F> {
    fn step(self: Pin<&mut Self>, context: &mut Context<'_>) -> Step {
        let this = self.get_mut();
        match this.future.as_mut().poll(context) {
            Poll::Pending => Step::Pending,
            Poll::Ready(output) => {
                this.over = true;
                let right = this.expect.as_ref().is_none_or(|right| right(&output));
                Step::Ready { more: false, right }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

/// A stream: several items. It is over at its end, or after as many items as were asked for.
pub(crate) struct Items<S: Stream> {
    stream: Pin<Box<S>>,
    left: usize,
    over: bool,
    expect: Expect<S::Item>,
}

impl<S: Stream> Items<S> {
    pub(crate) fn new(stream: S, items: usize, expect: Expect<S::Item>) -> Items<S> {
        Items { stream: Box::pin(stream), left: items.max(1), over: false, expect }
    }
}

impl<S: Stream> Subject for Items<S> {
    fn step(self: Pin<&mut Self>, context: &mut Context<'_>) -> Step {
        let this = self.get_mut();
        match this.stream.as_mut().poll_next(context) {
            Poll::Pending => Step::Pending,
            Poll::Ready(None) => {
                this.over = true;
                Step::Ready { more: false, right: true }
            }
            Poll::Ready(Some(item)) => {
                this.left = this.left.saturating_sub(1);
                let right = this.expect.as_ref().is_none_or(|right| right(&item));
                Step::Ready { more: this.left > 0, right }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
