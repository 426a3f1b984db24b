//! What is compared: a timer, on the executor it is used with.
//!
//! The workloads are generic over [`Peer`], so that no measurement pays for dynamic dispatch. What a peer
//! leaves out (a reset, a timeout of its own) has a default that says so or is built on its sleep.

mod async_io;
mod bare;
mod dormouse;
mod futures_timer;
mod local;
mod thread;
mod timerfd;
mod tokio;

pub(crate) use self::tokio::{CurrentThread, Flavor, MultiThread};
pub(crate) use bare::{Bare, blocking};

use crate::workload::{Case, Outcome, task};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What all ratios refer to.
pub(crate) const REFERENCE: &str = "tokio-ct";

/// A timer, and an executor that is ready to run.
pub(crate) trait Peer: Sized + Send + Sync + 'static {
    type Sleep: Future<Output = ()> + 'static;

    /// Starts the executor, or says why it cannot be measured here.
    fn start() -> Result<Self, String>;

    /// Runs a future on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Runs what [`task`] makes of the case as a task, where the executor's users would have it.
    ///
    /// It is not given the future, since only an implementation knows whether that may be sent to another
    /// thread: the sleeps of thread-per-core executors, which it holds, may not.
    fn run(&self, case: &Case) -> Outcome {
        self.block_on(task::<Self>(case.clone()))
    }

    fn sleep(duration: Duration) -> Self::Sleep;

    /// Moves the deadline to `duration` from now; false if there is no such thing.
    fn reset(_sleep: Pin<&mut Self::Sleep>, _duration: Duration) -> bool {
        false
    }

    /// Whether `future` was ready in time.
    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        Race { future, sleep: Self::sleep(duration) }
    }

    /// How many can be pending at once, and why not more.
    fn limit() -> Option<(u64, &'static str)> {
        None
    }
}

/// Which build of this program a peer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Any,
    /// With dormouse without its feature `smol`.
    Plain,
    /// With it.
    Smol,
    /// With `--cfg tokio_unstable`.
    TokioUnstable,
}

impl Build {
    /// Whether this program will do.
    pub(crate) fn is_this(self) -> bool {
        match self {
            Build::Any => true,
            Build::Plain | Build::Smol => self == dormouse::build(),
            Build::TokioUnstable => cfg!(tokio_unstable),
        }
    }
}

type Measure = fn(&Case) -> Result<Outcome, String>;

/// A row of the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) build: Build,
    pub(crate) measure: Measure,
    /// Does nothing but this workload.
    pub(crate) only: Option<&'static str>,
}

const fn entry<P: Peer>(name: &'static str, build: Build, about: &'static str) -> Entry {
    Entry { name, about, build, measure: crate::workload::measure::<P>, only: None }
}

impl Entry {
    pub(crate) fn run(&self, case: &Case) -> Result<Outcome, String> {
        match case.workload.as_str() {
            "w7" => crate::fd_peer::measure(self, case),
            _ => (self.measure)(case),
        }
    }
}

/// Has fds alone, which [`crate::fd_peer`] finds by the name.
const fn fds(name: &'static str, build: Build, about: &'static str) -> Entry {
    Entry { name, about, build, measure: |_| Err("has no timer".into()), only: Some("w7") }
}

/// All of them, in the order of the tables.
pub(crate) const ALL: &[Entry] = &[
    entry::<tokio::Tokio<CurrentThread>>("tokio-ct", Build::Any, "tokio::time on current_thread"),
    entry::<tokio::Tokio<MultiThread>>(
        "tokio-mt",
        Build::Any,
        "tokio::time on multi_thread, 2 workers",
    ),
    tokio::ALT,
    entry::<async_io::AsyncIo>("async-io", Build::Any, "async_io::Timer on async_io::block_on"),
    entry::<futures_timer::FuturesTimer>(
        "futures-timer",
        Build::Any,
        "futures_timer::Delay on futures' block_on",
    ),
    local::MONOIO,
    local::GLOMMIO,
    local::COMPIO,
    entry::<timerfd::OnTokio>("timerfd-tokio", Build::Any, "a timerfd a sleep in tokio's AsyncFd"),
    entry::<timerfd::OnAsyncIo>("timerfd-smol", Build::Any, "a timerfd a sleep in async_io::Async"),
    entry::<thread::Threads>("thread", Build::Any, "a thread a sleep, futures' block_on"),
    entry::<dormouse::OnTokio<CurrentThread>>(
        "dormouse-tokio",
        Build::Any,
        "dormouse on current_thread",
    ),
    entry::<dormouse::OnTokio<MultiThread>>(
        "dormouse-tokio-mt",
        Build::Any,
        "dormouse on multi_thread",
    ),
    entry::<dormouse::OnAsyncIo>(
        "dormouse-async-io",
        Build::Smol,
        "dormouse with the feature smol on async_io::block_on",
    ),
    entry::<dormouse::Builtin>(
        "dormouse-builtin",
        Build::Plain,
        "dormouse's builtin reactor under its own block_on",
    ),
    Entry {
        name: "bare-timerfd",
        about: "a blocking read of a timerfd (w4 only)",
        build: Build::Any,
        measure: |case| blocking(case, bare::timerfd()?),
        only: Some("w4"),
    },
    Entry {
        name: "nanosleep",
        about: "clock_nanosleep (w4 only)",
        build: Build::Any,
        measure: |case| blocking(case, bare::nanosleep),
        only: Some("w4"),
    },
    Entry {
        name: "no-timeout",
        about: "the same without a timeout (w8 only)",
        build: Build::Any,
        measure: crate::workload::measure::<Bare>,
        only: Some("w8"),
    },
    fds("tokio-net", Build::Any, "tokio::net on current_thread (w7 only)"),
    fds("tokio-net-mt", Build::Any, "tokio::net on multi_thread (w7 only)"),
    fds("smol-mt", Build::Any, "async_io::Async on async-executor, 2 threads (w7 only)"),
    fds("dormouse-smol-mt", Build::Smol, "dormouse on async-executor, 2 threads (w7 only)"),
];

pin_project! {
    /// A timeout for those who bring none.
    struct Race<F, S> {
        #[pin]
        future: F,
        #[pin]
        sleep: S,
    }
}

impl<F: Future, S: Future> Future for Race<F, S> {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = self.project();
        if this.future.poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        this.sleep.poll(cx).map(|_| false)
    }
}
