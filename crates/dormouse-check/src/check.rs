//! The face: what is to be checked, with which limits, and what is fine.

use crate::kind::Kind;
use crate::probes;
use crate::report::Report;
use crate::stage::Around;
use crate::subject::{Expect, Factory, Items, OneOutput};
use futures_core::Stream;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The limits of a check.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) time_limit: Duration,
    pub(crate) polls: u32,
    pub(crate) yields: u32,
    pub(crate) blocking_limit: Duration,
    pub(crate) around: Around,
    pub(crate) memory: Option<Arc<dyn Fn() -> usize + Send + Sync>>,
    allowed: BTreeSet<Kind>,
    denied: BTreeSet<Kind>,
}

impl Settings {
    pub(crate) fn is_note(&self, kind: Kind) -> bool {
        self.allowed.contains(&kind) || kind.is_note() && !self.denied.contains(&kind)
    }
}

type Maker<T> = Box<dyn FnOnce(Expect<T>, usize) -> Factory>;

/// A check that has not run yet: made by [`check`](crate::check()) and its like, run by [`run`](Check::run).
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
    maker: Maker<T>,
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
    fn new<S>(maker: impl FnOnce(Expect<T>, usize) -> Factory + 'static) -> Check<T> {
        let settings = Settings {
            name: std::any::type_name::<S>().to_owned(),
            time_limit: Duration::from_secs(5),
            polls: 8,
            yields: 100,
            blocking_limit: Duration::from_millis(10),
            around: None,
            memory: None,
            allowed: BTreeSet::new(),
            denied: BTreeSet::new(),
        };
        Check { maker: Box::new(maker), expect: None, items: 3, settings }
    }

    /// What it is called in the report; otherwise, by its type.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// How long it may take until the future is ready, and how long a poll may be stuck: 5 s by default.
    ///
    /// It is an upper bound. Where the future is ready sooner, as it should be in a test (some
    /// milliseconds), the checker waits no longer than it needs.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.time_limit = limit;
        self
    }

    /// After how many polls the future is dropped at most: 8 by default. It is dropped after each number of
    /// polls from none up to this.
    pub fn polls(mut self, polls: u32) -> Self {
        self.settings.polls = polls;
        self
    }

    /// How often in a row it may wake itself inside `poll`, to leave the thread to others: 100 by default.
    pub fn yields(mut self, yields: u32) -> Self {
        self.settings.yields = yields;
        self
    }

    /// How long a poll may hold its thread, asleep or at work: 10 ms by default.
    pub fn blocking_limit(mut self, limit: Duration) -> Self {
        self.settings.blocking_limit = limit;
        self
    }

    /// How many items of a stream are asked for: 3 by default.
    pub fn items(mut self, items: usize) -> Self {
        self.items = items;
        self
    }

    /// Which outputs (or items) are right. Without it, any is.
    pub fn expect_output(mut self, right: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.expect = Some(Arc::new(right));
        self
    }

    /// Makes findings of this kind notes.
    ///
    /// [`WakeUnderLock`](Kind::WakeUnderLock) and [`BrokenByPanic`](Kind::BrokenByPanic) are not even looked for
    /// then: where there is such a defect, to provoke it stops a thread of the process, which others may need.
    pub fn allow(mut self, kind: Kind) -> Self {
        self.settings.denied.remove(&kind);
        self.settings.allowed.insert(kind);
        self
    }

    /// Makes findings of this kind failures.
    pub fn deny(mut self, kind: Kind) -> Self {
        self.settings.allowed.remove(&kind);
        self.settings.denied.insert(kind);
        self
    }

    /// What has to be around on each thread on which a copy is made, polled and dropped: usually, a runtime to
    /// be inside of. It has to call what it is given, once.
    ///
    /// It does not apply where the future is run on executors, which bring their own.
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

    /// How to ask how many bytes are allocated: makes memory that grows with each poll a finding.
    ///
    /// The checker has no allocator of its own, because that takes `unsafe`. A test that brings one which
    /// counts says here how to read it.
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
        self.settings.memory = Some(Arc::new(allocated));
        self
    }

    /// Runs every probe.
    ///
    /// It takes a second or so where the future is ready after some milliseconds. What the probes have
    /// found wrong at first they try again, with more patience, before they report it.
    pub fn run(self) -> Report {
        let factory = (self.maker)(self.expect, self.items);
        probes::run(factory, self.settings)
    }
}

/// Checks whether a future keeps the contract of `poll` and `Waker`.
///
/// The closure makes the future afresh, as often as the checker asks; each of them has to behave the
/// same. Let it be ready within some milliseconds. What has to happen from outside before it is ready goes into
/// [`event`](crate::event()).
///
/// ```
/// use dormouse_check::{Kind, check};
/// use std::{future::poll_fn, task::Poll, time::{Duration, Instant}};
///
/// // It is ready after 5 ms; but who would poll it then?
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
    Check::new::<F>(|expect, _| {
        let make = Arc::new(move || OneOutput::new(make(), expect.clone()));
        let make_send = make.clone();
        Factory {
            make: Arc::new(move || Box::pin(make())),
            make_send: Some(Arc::new(move || Box::pin(make_send()))),
            copies: Arc::default(),
        }
    })
}

/// Checks a future that is not `Send`.
///
/// It is made, polled and dropped on one thread; what takes another one, it is spared. Events that are not
/// `Send` either go into [`local_event`](crate::local_event).
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
    Check::new::<F>(|expect, _| {
        let make = Arc::new(move || Box::pin(OneOutput::new(make(), expect.clone())) as _);
        Factory { make, make_send: None, copies: Arc::default() }
    })
}

/// Checks whether a stream keeps the contract: up to its end, or for the first few [items](Check::items).
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
        let make = Arc::new(move || Items::new(make(), items, expect.clone()));
        let make_send = make.clone();
        Factory {
            make: Arc::new(move || Box::pin(make())),
            make_send: Some(Arc::new(move || Box::pin(make_send()))),
            copies: Arc::default(),
        }
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
        let make = Arc::new(move || Box::pin(Items::new(make(), items, expect.clone())) as _);
        Factory { make, make_send: None, copies: Arc::default() }
    })
}
