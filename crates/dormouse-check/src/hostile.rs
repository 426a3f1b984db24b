//! Futures and streams for the check of a combinator: of code that polls futures which it gets from its caller.
//!
//! A combinator that passes a check with well-behaved children may still rely on how these behave. Each function here
//! returns a child with a behaviour that the contract allows and that few children have, and says which defect of a
//! combinator it shows. The module [`stream`] has the same functions for streams, and the module `io` has readers and
//! writers that are built from them.
//!
//! All of these children
//! - wake only the waker of their most recent poll;
//! - panic if they are polled again after they were ready;
//! - release their waker when they are dropped.
//!
//! ```
//! use dormouse_check::{check, hostile};
//! use futures::future::join_all;
//!
//! check(|| {
//!     join_all([
//!         hostile::ready(1),
//!         hostile::pending_once(2),
//!         hostile::moves_thread(3),
//!         hostile::wakes_late(4),
//!         hostile::wakes_spuriously(5),
//!     ])
//! })
//! .expect_output(|output| *output == [1, 2, 3, 4, 5])
//! .run()
//! .assert();
//! ```
//!
//! Children with an event ([`wakes_late`], [`wakes_spuriously`], [`wakes_on_drop`]) register it with
//! [`event`](crate::event()), so they are created in the closure of a check, or of
//! [`Steps::from_fn`](crate::Steps::from_fn), and not later in an `async` block. The events are fired in the order in
//! which the children were created.

mod future;
#[cfg(any(feature = "futures-io", feature = "tokio"))]
pub mod io;
pub mod stream;

use future::Behaviour;
pub use future::HostileFuture;

/// A future that is ready at once.
///
/// Shows a combinator that polls a child again after it was ready, while it waits for another one; and a combinator that
/// is pending until a child that was ready wakes it.
///
/// ```
/// use dormouse_check::{Kind, check, hostile};
/// use std::{future::poll_fn, pin::pin, task::Poll};
///
/// let report = check(|| {
///     let (mut first, mut second) = (Box::pin(hostile::ready(())), Box::pin(hostile::pending_once(())));
///     // The results of both polls are lost unless both are ready at the same time.
///     poll_fn(move |context| match (first.as_mut().poll(context), second.as_mut().poll(context)) {
///         (Poll::Ready(()), Poll::Ready(())) => Poll::Ready(()),
///         _ => Poll::Pending,
///     })
/// })
/// .run();
/// assert_eq!(report.failures(), [Kind::Panics]);
/// assert!(report.to_string().contains("`hostile::ready` is polled again after it was ready"));
/// ```
pub fn ready<T>(output: T) -> HostileFuture<T> {
    HostileFuture::new("ready", Behaviour::Ready, Some(output))
}

/// A future that wakes its task in its first poll, and is ready at the second.
///
/// Shows a combinator that misses a wake-up from inside the poll of a child: because it marks the child as not woken
/// after that poll, or because it holds its lock meanwhile and uses `try_lock` in its waker.
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::new(hostile::pending_once(7));
/// steps.assert_pending();
/// assert!(steps.is_woken());
/// steps.assert_ready_eq(7);
/// ```
pub fn pending_once<T>(output: T) -> HostileFuture<T> {
    HostileFuture::new("pending_once", Behaviour::Yields(1), Some(output))
}

/// A future that wakes its task in each of its first `times` polls, and is ready at the next one. If `times` is more
/// than 1, it panics if all these polls happen in one poll of the combinator.
///
/// Shows a combinator that polls its children in a loop until none is woken. If a child yields often, such a loop does
/// not return for a long time.
///
/// ```
/// use dormouse_check::{Kind, check, hostile};
/// use std::{future::poll_fn, task::Poll};
///
/// let report = check(|| {
///     let mut child = Box::pin(hostile::yields(64, ()));
///     poll_fn(move |context| {
///         while child.as_mut().poll(context).is_pending() {}
///         Poll::Ready(())
///     })
/// })
/// .run();
/// assert_eq!(report.failures(), [Kind::Panics]);
/// assert!(report.to_string().contains("all in one poll of the combinator"));
/// ```
pub fn yields<T>(times: u32, output: T) -> HostileFuture<T> {
    HostileFuture::new("yields", Behaviour::Yields(times), Some(output))
}

/// A future that is pending until its event happens, at the time and on the thread that the checker chooses.
///
/// Shows a combinator that does not pass its waker to each pending child, passes the waker of an earlier poll, or misses
/// a wake-up that comes between two polls of its children.
///
/// ```
/// use dormouse_check::{Kind, check, hostile};
/// use std::{future::poll_fn, task::{Context, Poll, Waker}};
///
/// let report = check(|| {
///     let mut child = Box::pin(hostile::wakes_late(()));
///     poll_fn(move |_| {
///         // Only looks whether the child is ready.
///         child.as_mut().poll(&mut Context::from_waker(Waker::noop()))
///     })
/// })
/// .run();
/// assert_eq!(report.failures(), [Kind::LostWakeUp]);
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
#[track_caller]
pub fn wakes_late<T>(output: T) -> HostileFuture<T> {
    let future = HostileFuture::new("wakes_late", Behaviour::WaitsForEvent, Some(output));
    future.register_ready();
    future
}

/// A future whose task is woken in the middle of its first poll by another thread; it is ready afterwards.
///
/// Shows a combinator that misses such a wake-up: because it marks the child as not woken, or stores its own waker, only
/// after it has polled the child.
///
/// ```
/// use dormouse_check::{check_stream, hostile};
/// use futures::stream::FuturesUnordered;
///
/// check_stream(|| {
///     [1, 2].map(hostile::moves_thread).into_iter().collect::<FuturesUnordered<_>>()
/// })
/// .run()
/// .assert();
/// ```
pub fn moves_thread<T>(output: T) -> HostileFuture<T> {
    HostileFuture::new("moves_thread", Behaviour::MovesThread, Some(output))
}

/// A future that is woken once before it can be ready, by an event; it is ready after a second event.
///
/// Shows a combinator that takes a wake-up of a child for its readiness.
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::from_fn(|| hostile::wakes_spuriously(7));
/// steps.assert_pending();
/// steps.event();
/// assert!(steps.is_woken());
/// steps.assert_pending();
/// steps.event();
/// steps.assert_ready_eq(7);
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
#[track_caller]
pub fn wakes_spuriously<T>(output: T) -> HostileFuture<T> {
    let future = HostileFuture::new("wakes_spuriously", Behaviour::WaitsForEvent, Some(output));
    future.register_wake();
    future.register_ready();
    future
}

/// A future that is ready after an event; dropped before, it wakes its task inside `drop`. A future does so if what it
/// owns is the last sender of a channel, for example, whose receiver waits in the same task.
///
/// Shows a combinator that drops a child while it holds a lock that its waker needs: the destructor does not return.
///
/// ```
/// use dormouse_check::{Steps, hostile};
///
/// let mut steps = Steps::from_fn(|| hostile::wakes_on_drop(7));
/// steps.assert_pending();
/// steps.drop_future();
/// assert!(steps.is_woken());
/// ```
///
/// # Panics
/// Outside of the closure of a check or of [`Steps::from_fn`](crate::Steps::from_fn).
#[track_caller]
pub fn wakes_on_drop<T>(output: T) -> HostileFuture<T> {
    let future = HostileFuture::new("wakes_on_drop", Behaviour::WaitsForEvent, Some(output));
    future.register_ready();
    future.waking_on_drop()
}

/// A future that panics on the given poll, counted from 1; before, it wakes its task in each poll.
///
/// Shows a combinator that cannot be dropped or polled after a child has panicked, because a lock is poisoned, or because
/// it has moved the child elsewhere. The check needs a future that catches the panic:
///
/// ```
/// use dormouse_check::{check, hostile};
/// use futures::FutureExt;
/// use futures::future::join;
/// use std::panic::AssertUnwindSafe;
///
/// check(|| {
///     let both = join(hostile::wakes_late(1), hostile::panics_on_poll::<i32>(2));
///     AssertUnwindSafe(both).catch_unwind()
/// })
/// .expect_output(Result::is_err)
/// .run()
/// .assert();
/// ```
pub fn panics_on_poll<T>(poll: u32) -> HostileFuture<T> {
    HostileFuture::new("panics_on_poll", Behaviour::PanicsOnPoll(poll), None)
}

/// A future that is never ready, and holds the waker of its last poll until it is dropped.
///
/// Shows a combinator that keeps the children that it no longer needs: the checker finds the waker of a future that was
/// dropped.
///
/// ```
/// use dormouse_check::{check, hostile};
/// use futures::future::select;
///
/// check(|| select(hostile::wakes_late(1), hostile::never::<i32>())).run().assert();
/// ```
pub fn never<T>() -> HostileFuture<T> {
    HostileFuture::new("never", Behaviour::WaitsForEvent, None)
}
