//! The future, stream, sink, reader or writer under test, with its type erased.
//!
//! Probes do not know output types. Whether an output is the expected one is decided here, where its type is known.

#[cfg(any(feature = "futures-io", feature = "tokio"))]
mod io;
#[cfg(feature = "futures-sink")]
mod sink;

use futures_core::Stream;
#[cfg(feature = "futures-io")]
pub(crate) use io::FuturesIo;
#[cfg(feature = "tokio")]
pub(crate) use io::TokioIo;
#[cfg(any(feature = "futures-io", feature = "tokio"))]
pub(crate) use io::{CheckedDuplex, CheckedRead, CheckedWrite};
#[cfg(feature = "futures-sink")]
pub(crate) use sink::CheckedSink;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The predicate of `Check::expect_output`.
pub(crate) type Expect<T> = Option<Arc<dyn Fn(&T) -> bool + Send + Sync>>;

fn is_expected<T>(expect: &Expect<T>, output: &T) -> bool {
    expect.as_ref().is_none_or(|expect| expect(output))
}

/// An output or an item, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Whether more items may follow.
    pub(crate) more: bool,
    pub(crate) expected: bool,
}

/// A future or a stream, or something else as a future.
pub(crate) trait Pollable {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output>;

    /// Whether it has completed.
    fn is_terminated(&self) -> bool;

    /// What the last poll did, for the timeline, if its result does not say it.
    fn last_operation(&self) -> Option<String> {
        None
    }
}

/// A future: it has one output.
pub(crate) struct CheckedFuture<F: Future> {
    future: Pin<Box<F>>,
    terminated: bool,
    expect: Expect<F::Output>,
}

impl<F: Future> CheckedFuture<F> {
    pub(crate) fn new(future: F, expect: Expect<F::Output>) -> CheckedFuture<F> {
        CheckedFuture { future: Box::pin(future), terminated: false, expect }
    }
}

impl<F: Future> Pollable for CheckedFuture<F> {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        let this = self.get_mut();
        let output = ready!(this.future.as_mut().poll(context));
        this.terminated = true;
        Poll::Ready(Output { more: false, expected: is_expected(&this.expect, &output) })
    }

    fn is_terminated(&self) -> bool {
        self.terminated
    }
}

/// A stream. Polling stops at its end, or after the configured number of items.
pub(crate) struct CheckedStream<S: Stream> {
    stream: Pin<Box<S>>,
    remaining: usize,
    terminated: bool,
    expect: Expect<S::Item>,
}

impl<S: Stream> CheckedStream<S> {
    pub(crate) fn new(stream: S, items: usize, expect: Expect<S::Item>) -> CheckedStream<S> {
        let stream = Box::pin(stream);
        CheckedStream { stream, remaining: items.max(1), terminated: false, expect }
    }
}

impl<S: Stream> Pollable for CheckedStream<S> {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        let this = self.get_mut();
        let Some(item) = ready!(this.stream.as_mut().poll_next(context)) else {
            this.terminated = true;
            return Poll::Ready(Output { more: false, expected: true });
        };
        this.remaining = this.remaining.saturating_sub(1);
        let expected = is_expected(&this.expect, &item);
        Poll::Ready(Output { more: this.remaining > 0, expected })
    }

    fn is_terminated(&self) -> bool {
        self.terminated
    }
}
