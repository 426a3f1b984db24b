//! Async functions with timers, which depend on no executor, and what they measure.

use crate::polls::CountPolls;
use dormouse::sleep;
use dormouse::time::Instant;
use futures::{FutureExt, join, select};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
/// How many short sleeps are compared with their deadlines.
pub const SHORT_SLEEPS: usize = 200;

/// What the functions measure on one executor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Timers {
    /// How long a sleep of three seconds, joined with one of one second, takes.
    pub join_ms: u64,
    /// Whether the shorter one of these ends first.
    pub bar_first: bool,
    /// Whether the shorter sleep wins a `select!`.
    pub select_ok: bool,
    /// The median lateness of sleeps of 1 ms.
    pub late_p50_us: u64,
    /// The 99th percentile of their lateness.
    pub late_p99_us: u64,
    /// How many of them end before their deadline.
    pub early: u32,
    /// How often a sleep is polled. 0: not counted yet.
    pub polls: u32,
}

impl Timers {
    /// Measures everything once, on the executor that polls it. `second` is the unit of the sleeps, which tests shorten.
    /// `on_late` is called with the lateness of each short sleep.
    pub async fn measure(second: Duration, on_late: impl FnMut(Duration)) -> Timers {
        let mut timers = Timers::measure_all_but_polls(second, on_late).await;
        timers.count_polls(second).await;
        timers
    }

    /// Awaits all sleeps with the waker of the task alone. `dormouse::block_on` needs no thread for that.
    pub async fn measure_all_but_polls(second: Duration, on_late: impl FnMut(Duration)) -> Timers {
        // Lateness first: the starts of the rows are staggered, so that few rows measure it at a time.
        let Lateness { p50, p99, early } = lateness(on_late).await;
        let select_ok = the_shorter_sleep_wins().await;

        let lines = Mutex::new(Vec::new());
        let start = Instant::now();
        join!(foo(second, &lines), bar(second, &lines));
        let join = start.elapsed();
        let lines = lines.into_inner().expect("neither foo nor bar panics");

        Timers {
            join_ms: join.as_millis() as u64,
            bar_first: lines == ["bar", "foo"],
            select_ok,
            late_p50_us: p50.as_micros() as u64,
            late_p99_us: p99.as_micros() as u64,
            early,
            polls: 0,
        }
    }

    /// Awaits one more sleep with a waker of its own, which counts. In `dormouse::block_on`, such a wait starts the
    /// reactor's thread.
    pub async fn count_polls(&mut self, second: Duration) {
        self.polls = CountPolls::new(sleep(second)).await;
    }

    /// Describes each promise that is broken. Lateness is not a promise: it depends on the machine and its load.
    pub fn broken_promises(&self, second: Duration) -> Vec<String> {
        let mut broken = Vec::new();
        let mut promise = |kept: bool, otherwise: String| {
            if !kept {
                broken.push(otherwise);
            }
        };
        let (longer, both) = (3 * second.as_millis() as u64, 4 * second.as_millis() as u64);
        promise(
            (longer..both).contains(&self.join_ms),
            format!("the join took {} ms, not {longer}", self.join_ms),
        );
        promise(self.bar_first, "the longer sleep ended first".into());
        promise(self.select_ok, "the longer sleep won the select!".into());
        promise(self.early == 0, format!("{} sleeps ended early", self.early));
        promise(self.polls == 2, format!("one sleep took {} polls, not 2", self.polls));
        broken
    }
}

/// Sleeps for three seconds.
async fn foo(second: Duration, lines: &Mutex<Vec<&str>>) {
    sleep(3 * second).await;
    lines.lock().expect("bar does not panic").push("foo");
}

/// Sleeps for one second.
async fn bar(second: Duration, lines: &Mutex<Vec<&str>>) {
    sleep(second).await;
    lines.lock().expect("foo does not panic").push("bar");
}

/// The shorter of two sleeps ends a `select!`; the longer one is dropped while pending.
async fn the_shorter_sleep_wins() -> bool {
    select! {
        () = sleep(1000 * MS).fuse() => false,
        () = sleep(20 * MS).fuse() => true,
    }
}

struct Lateness {
    p50: Duration,
    p99: Duration,
    early: u32,
}

/// How long after its deadline a short sleep completes.
async fn lateness(mut on_late: impl FnMut(Duration)) -> Lateness {
    let mut late = Vec::with_capacity(SHORT_SLEEPS);
    let mut early = 0;
    for _ in 0..SHORT_SLEEPS {
        let sleep = sleep(MS);
        let deadline = sleep.deadline();
        sleep.await;
        let now = Instant::now();
        early += u32::from(now < deadline);
        let late_by = now.saturating_duration_since(deadline);
        on_late(late_by);
        late.push(late_by);
    }
    late.sort();
    Lateness { p50: late[SHORT_SLEEPS / 2], p99: late[SHORT_SLEEPS * 99 / 100], early }
}
