//! The public builder: what is checked, with which limits, and which findings are allowed.

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "futures-sink")]
mod sink;
#[cfg(feature = "tokio")]
mod tokio_io;

use crate::instance::Factory;
use crate::kind::Kind;
use crate::pollable::{CheckedFuture, CheckedStream, Expect};
use crate::probes;
use crate::report::Report;
use crate::settings::Settings;
use futures_core::Stream;
#[cfg(feature = "futures-io")]
pub use futures_io::{check_duplex, check_read, check_write};
#[cfg(feature = "futures-sink")]
pub use sink::check_sink;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "tokio")]
pub use tokio_io::{check_tokio_duplex, check_tokio_read, check_tokio_write};

/// Makes a factory from the expected output and the number of items.
type MakeFactory<T> = Box<dyn FnOnce(Expect<T>, usize) -> Factory>;

/// A check that has not run yet: created by [`check`](crate::check()) and its variants, run by [`run`](Check::run).
///
/// `T` is the output of the future, or the item of the stream.
///
/// ```
/// use dormouse_check::{Kind, check};
/// use std::time::Duration;
///
/// check(|| async {
///     dormouse::sleep(Duration::from_millis(2)).await;
///     "awake"
/// })
/// .expect_output(|output| *output == "awake")
/// .time_limit(Duration::from_secs(1))
/// .allow(Kind::BlockingPoll)
/// .run()
/// .assert();
/// ```
#[must_use = "a check does nothing until it is `run`"]
pub struct Check<T> {
    make_factory: MakeFactory<T>,
    expect: Expect<T>,
    items: usize,
    settings: Settings,
}

impl<T> fmt::Debug for Check<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.settings.name).finish_non_exhaustive()
    }
}

impl<T: 'static> Check<T> {
    fn new<S>(make_factory: impl FnOnce(Expect<T>, usize) -> Factory + 'static) -> Check<T> {
        let settings = Settings::new::<S>();
        Check { make_factory: Box::new(make_factory), expect: None, items: 3, settings }
    }

    /// The name of the future in the report: its type by default.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// How long the check may take: 10 s by default. Half of that is how long the future may take to be ready, and how
    /// long a poll may hang.
    ///
    /// This is an upper bound: if the future is ready after a few milliseconds, as it should be in a test, the checker
    /// waits no longer than necessary. Once the time is used up, the remaining probes are
    /// [skipped](Report::skipped). Only waits of the checker are counted, each up to 10 ms, so a check
    /// on a busy machine takes longer than this, and has the same result.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.time_limit = limit;
        self
    }

    /// The largest number of polls after which the future is dropped: 8 by default. It is dropped after each number of
    /// polls from 0 up to this one.
    pub fn polls(mut self, polls: u32) -> Self {
        self.settings.max_polls = polls;
        self
    }

    /// How many polls in a row may wake their own task, to yield the thread.
    ///
    /// By default, 100; and any number if the future always needs the same number of polls, whatever time they take.
    /// Then it does a part of its work in each, and does not wait in a loop.
    pub fn yields(mut self, yields: u32) -> Self {
        self.settings.max_self_wakes = yields;
        self
    }

    /// How long a poll may block its thread, asleep or computing: 10 ms by default.
    pub fn blocking_limit(mut self, limit: Duration) -> Self {
        self.settings.blocking_limit = limit;
        self
    }

    /// How many items of a stream are polled for: 3 by default.
    pub fn items(mut self, items: usize) -> Self {
        self.items = items;
        self
    }

    /// The seed of the first random schedule of polls and events. By default, it is different in each run.
    ///
    /// A finding of a random schedule names its seed. With it, the check starts with that schedule.
    ///
    /// ```
    /// use dormouse_check::{check, event};
    ///
    /// check(|| {
    ///     let (sender, receiver) = futures::channel::oneshot::channel();
    ///     event(move || drop(sender.send(7)));
    ///     receiver
    /// })
    /// .seed(0x5eed)
    /// .run()
    /// .assert();
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// A predicate that the output (or each item) has to satisfy. Without it, any output is accepted.
    ///
    /// A report does not show the output. To see it, call `assert_eq!` in the predicate: its message is then in the
    /// report, as a [`Panics`](Kind::Panics).
    ///
    /// ```
    /// use dormouse_check::{Kind, check};
    ///
    /// let report = check(|| async { 7 })
    ///     .expect_output(|output| {
    ///         assert_eq!(*output, 8);
    ///         true
    ///     })
    ///     .run();
    /// assert_eq!(report.failures(), [Kind::Panics]);
    /// assert!(report.to_string().contains("left: 7"));
    /// ```
    pub fn expect_output(mut self, expect: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.expect = Some(Arc::new(expect));
        self
    }

    /// Makes findings of this kind notes.
    ///
    /// The probes for [`WakeUnderLock`](Kind::WakeUnderLock) and [`BrokenByPanic`](Kind::BrokenByPanic) are skipped if
    /// their kind is allowed: provoking such a defect can abort the process, or stop a thread that other code needs. If
    /// `WakeUnderLock` is allowed, both are skipped.
    pub fn allow(mut self, kind: Kind) -> Self {
        self.settings.allow(kind);
        self
    }

    /// Makes findings of this kind failures.
    pub fn deny(mut self, kind: Kind) -> Self {
        self.settings.deny(kind);
        self
    }

    /// A closure that wraps the code on each thread on which the future is created, polled and dropped. Usually it
    /// enters a runtime. It has to call its argument, once.
    ///
    /// The runtime has to run by itself. A tokio runtime of the flavour `current_thread` runs only inside its
    /// `block_on`, so the future is [`NeverReady`](Kind::NeverReady) if the runtime is only entered: this is also the
    /// runtime of a `#[tokio::test]`. Enter one of the flavour `multi_thread`; one worker is enough.
    /// If a thread of the test runs the runtime instead, a waker that panics ends that thread, and the check reports
    /// [`BrokenByPanic`](Kind::BrokenByPanic).
    ///
    /// It does not apply where the future runs on executors, which bring their own context.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = tokio::runtime::Runtime::new().unwrap();
    /// let handle = runtime.handle().clone();
    /// dormouse_check::check(|| tokio::time::sleep(Duration::from_millis(2)))
    ///     .around(move |code| {
    ///         let _inside = handle.enter();
    ///         code();
    ///     })
    ///     .run()
    ///     .assert();
    /// ```
    pub fn around(mut self, around: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        self.settings.around = Some(Arc::new(around));
        self
    }

    /// A closure that returns how many bytes are allocated. With it, memory that grows with each poll is a finding.
    ///
    /// The checker has no allocator, because an allocator needs `unsafe`. A test that installs a counting allocator
    /// passes its counter here.
    ///
    /// ```
    /// use cap::Cap;
    /// use std::alloc::System;
    ///
    /// #[global_allocator]
    /// static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);
    ///
    /// fn main() {
    ///     dormouse_check::check(|| dormouse::sleep(std::time::Duration::from_millis(2)))
    ///         .memory(|| ALLOCATOR.allocated())
    ///         .run()
    ///         .assert();
    /// }
    /// ```
    pub fn memory(mut self, allocated: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.settings.allocated_bytes = Some(Arc::new(allocated));
        self
    }

    /// Runs the probes.
    ///
    /// If the future is ready after a few milliseconds and has no defect, a run takes less than a second. A failure that a
    /// slow machine could also cause is confirmed by longer attempts before it is reported.
    pub fn run(self) -> Report {
        let factory = (self.make_factory)(self.expect, self.items);
        probes::run(factory, self.settings)
    }
}

/// Checks whether a future keeps the contract of `poll` and `Waker`.
///
/// The checker calls the closure many times: some 40 times, or several thousand times if it races events with polls. Each
/// call creates a new future, and all of them have to behave alike. A future should be ready within a few
/// milliseconds. An event outside the future that it waits for is registered with [`event`](crate::event()).
///
/// ```
/// use dormouse_check::{Kind, check};
/// use std::{future::poll_fn, task::Poll, time::{Duration, Instant}};
///
/// // It is ready after 5 ms, but never wakes its task.
/// let report = check(|| {
///     let deadline = Instant::now() + Duration::from_millis(5);
///     poll_fn(move |_| if Instant::now() < deadline { Poll::Pending } else { Poll::Ready(()) })
/// })
/// .run();
/// assert_eq!(report.failures(), [Kind::LostWakeUp]);
/// ```
pub fn check<M, F>(make: M) -> Check<F::Output>
where
    M: Fn() -> F + Send + Sync + 'static,
    F: Future + Send + 'static,
{
    Check::new::<F>(|expect, _| Factory::send(move || CheckedFuture::new(make(), expect.clone())))
}

/// Checks a future that is not `Send`.
///
/// It is created, polled and dropped on one thread. Probes that need a second thread do nothing. Events that are not
/// `Send` are registered with [`local_event`](crate::local_event).
///
/// ```
/// use std::{rc::Rc, time::Duration};
///
/// dormouse_check::check_local(|| async {
///     let here = Rc::new(7);
///     dormouse::sleep(Duration::from_millis(2)).await;
///     *here
/// })
/// .expect_output(|output| *output == 7)
/// .run()
/// .assert();
/// ```
pub fn check_local<M, F>(make: M) -> Check<F::Output>
where
    M: Fn() -> F + Send + Sync + 'static,
    F: Future + 'static,
{
    Check::new::<F>(|expect, _| Factory::local(move || CheckedFuture::new(make(), expect.clone())))
}

/// Checks whether a stream keeps the contract, up to its end or for the first few [items](Check::items).
///
/// If the items come from outside, register an [`event`](crate::event()) for each of them, and one for the end if there
/// are fewer than [`items`](Check::items). [`expect_output`](Check::expect_output) gets each item by itself; to check their
/// order, [check](crate::check()) a future that collects them, such as `stream.collect::<Vec<_>>()`.
///
/// ```
/// use std::time::Duration;
///
/// // With dormouse's feature `stream`.
/// dormouse_check::check_stream(|| dormouse::interval(Duration::from_millis(1))).run().assert();
/// ```
pub fn check_stream<M, S>(make: M) -> Check<S::Item>
where
    M: Fn() -> S + Send + Sync + 'static,
    S: Stream + Send + 'static,
    S::Item: 'static,
{
    Check::new::<S>(|expect, items| {
        Factory::send(move || CheckedStream::new(make(), items, expect.clone()))
    })
}

/// Checks a stream that is not `Send`: see [`check_local`].
///
/// ```
/// use futures::stream::{self, StreamExt};
/// use std::rc::Rc;
///
/// dormouse_check::check_stream_local(|| stream::iter([1, 2, 3]).map(Rc::new)).run().assert();
/// ```
pub fn check_stream_local<M, S>(make: M) -> Check<S::Item>
where
    M: Fn() -> S + Send + Sync + 'static,
    S: Stream + 'static,
    S::Item: 'static,
{
    Check::new::<S>(|expect, items| {
        Factory::local(move || CheckedStream::new(make(), items, expect.clone()))
    })
}

/// Checks whether one of two futures gets what the other one was woken for, if that one is dropped before it is polled.
///
/// The closure returns two futures that wait for one thing: two permits of one semaphore, two connections of one pool,
/// two receivers of one channel. It registers the [`event`](crate::event()) that is enough for one of them. The checker
/// lets one future be woken, drops it before it is polled, as a `select!` does, and polls the other.
///
/// Only this is checked. To check each of the two futures, use [`check`](crate::check()). If the second future is not ready
/// after the event, even if the first one is dropped before it, nothing is checked: the probe is
/// [skipped](Report::skipped), and the report has not [passed](Report::passed).
///
/// ```
/// use std::sync::Arc;
/// use tokio::sync::Semaphore;
///
/// dormouse_check::check_pair(|| {
///     let semaphore = Arc::new(Semaphore::new(0));
///     let permits = semaphore.clone();
///     dormouse_check::event(move || permits.add_permits(1));
///     (semaphore.clone().acquire_owned(), semaphore.acquire_owned())
/// })
/// .run()
/// .assert();
/// ```
pub fn check_pair<M, A, B>(make: M) -> Check<A::Output>
where
    M: Fn() -> (A, B) + Send + Sync + 'static,
    A: Future + 'static,
    B: Future<Output = A::Output> + 'static,
{
    Check::new::<A>(|expect, _| {
        Factory::pair(move || {
            let (first, second) = make();
            (CheckedFuture::new(first, expect.clone()), CheckedFuture::new(second, expect.clone()))
        })
    })
}
