//! The same behaviours for streams: before each of its items, a stream is pending as the future of the same name is
//! before its output. It ends after the last item, and panics if it is polled once more.
//!
//! ```
//! use dormouse_check::{check_stream, hostile};
//! use futures::stream::select;
//!
//! check_stream(|| select(hostile::stream::ready([1, 2]), hostile::stream::wakes_late([3]))).run().assert();
//! ```

use super::HostileFuture;
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A child for a combinator of streams: returned by the functions of [`hostile::stream`](self).
///
/// ```
/// use dormouse_check::hostile::stream::{self, HostileStream};
///
/// let children: Vec<HostileStream<i32>> = vec![stream::ready([1, 2]), stream::pending_once([3])];
/// ```
pub struct HostileStream<T> {
    /// The name of the function that has returned it.
    name: &'static str,
    /// The items that remain.
    items: VecDeque<HostileFuture<T>>,
    ended: bool,
}

impl<T> fmt::Debug for HostileStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostileStream")
            .field("name", &self.name)
            .field("items", &self.items.len())
            .field("ended", &self.ended)
            .finish()
    }
}

impl<T> HostileStream<T> {
    fn new(
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        child: impl FnMut(T) -> HostileFuture<T>,
    ) -> HostileStream<T> {
        HostileStream { name, items: items.into_iter().map(child).collect(), ended: false }
    }
}

impl<T> Stream for HostileStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(child) = self.items.front_mut() {
            let item = ready!(Pin::new(child).poll(context));
            self.items.pop_front();
            return Poll::Ready(Some(item));
        }
        let name = self.name;
        assert!(!self.ended, "`hostile::stream::{name}` is polled again after its end");
        self.ended = true;
        Poll::Ready(None)
    }
}

/// A stream whose items are ready at once.
///
/// Shows a combinator that polls a child again after its end.
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::stream::ready([7]));
/// steps.assert_next_eq(7);
/// steps.assert_done();
/// ```
pub fn ready<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("ready", items, super::ready)
}

/// A stream that is pending once before each item, and wakes its task in that poll: see
/// [`hostile::pending_once`](super::pending_once).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::stream::pending_once([7]));
/// steps.assert_next_pending();
/// steps.assert_next_eq(7);
/// ```
pub fn pending_once<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("pending_once", items, super::pending_once)
}

/// A stream that is pending `times` times before each item: see [`hostile::yields`](super::yields).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::stream::yields(2, [7]));
/// steps.assert_next_pending();
/// steps.assert_next_pending();
/// steps.assert_next_eq(7);
/// ```
pub fn yields<T>(times: u32, items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("yields", items, |item| super::yields(times, item))
}

/// A stream with an event for each item: see [`hostile::wakes_late`](super::wakes_late).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::from_fn(|| hostile::stream::wakes_late([7]));
/// steps.assert_next_pending();
/// steps.event();
/// steps.assert_next_eq(7);
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
pub fn wakes_late<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("wakes_late", items, super::wakes_late)
}

/// A stream whose task is woken in the middle of a poll by another thread, for each item: see
/// [`hostile::moves_thread`](super::moves_thread).
///
/// ```
/// use dormouse_check::{check_stream, hostile};
/// use futures::stream::select;
///
/// check_stream(|| select(hostile::stream::moves_thread([1]), hostile::stream::moves_thread([2])))
///     .run()
///     .assert();
/// ```
pub fn moves_thread<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("moves_thread", items, super::moves_thread)
}

/// A stream that is woken once too often before each item: see
/// [`hostile::wakes_spuriously`](super::wakes_spuriously).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::from_fn(|| hostile::stream::wakes_spuriously([7]));
/// steps.assert_next_pending();
/// steps.event();
/// steps.assert_next_pending();
/// steps.event();
/// steps.assert_next_eq(7);
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
pub fn wakes_spuriously<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("wakes_spuriously", items, super::wakes_spuriously)
}

/// A stream with an event for each item, which wakes its task if it is dropped before its end: see
/// [`hostile::wakes_on_drop`](super::wakes_on_drop).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::from_fn(|| hostile::stream::wakes_on_drop([7]));
/// steps.assert_next_pending();
/// steps.drop_future();
/// assert!(steps.is_woken());
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
pub fn wakes_on_drop<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    HostileStream::new("wakes_on_drop", items, super::wakes_on_drop)
}

/// A stream that panics after its items, instead of ending: see [`hostile::panics_on_poll`](super::panics_on_poll).
///
/// ```should_panic
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::stream::panics_on_poll([7]));
/// steps.assert_next_eq(7);
/// let _ = steps.poll_next();
/// ```
pub fn panics_on_poll<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    let mut stream = HostileStream::new("panics_on_poll", items, super::ready);
    stream.items.push_back(super::panics_on_poll(1));
    stream
}

/// A stream that stays pending after its items, and holds its waker until it is dropped: see
/// [`hostile::never`](super::never).
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::stream::never([7]));
/// steps.assert_next_eq(7);
/// steps.assert_next_pending();
/// ```
pub fn never<T>(items: impl IntoIterator<Item = T>) -> HostileStream<T> {
    let mut stream = HostileStream::new("never", items, super::ready);
    stream.items.push_back(super::never());
    stream
}

#[cfg(test)]
mod tests {
    use crate::{hostile, steps::Steps};

    #[test]
    #[should_panic(expected = "`hostile::stream::ready` is polled again after its end")]
    fn a_poll_after_the_end_panics() {
        let mut steps = Steps::new(hostile::stream::ready::<()>([]));
        steps.assert_done();
        steps.assert_done();
    }
}
