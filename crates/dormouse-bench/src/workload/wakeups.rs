//! W6: wake-ups and system calls of the process when few or no timers fire.
//!
//! Wake-ups are the voluntary context switches of all threads: in each, a thread has blocked. The parent counts
//! system calls, in another run of the same case under `strace`. The measured window lies between two calls of
//! `stat` on paths that do not exist, which `strace` shows.

use super::support::{cpu_ns, pending_sleeps};
use crate::case::{Case, Outcome, Size, abbreviate};
use crate::peer::Peer;
use futures_channel::oneshot;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// System calls are counted from this marker to [`END`].
pub(crate) const BEGIN: &str = "/dormouse-bench/begin";
pub(crate) const END: &str = "/dormouse-bench/end";
/// Suffix of [`BEGIN`]: the system calls of the marking thread are not counted.
pub(crate) const CALLER_EXCLUDED: &str = "-others";

const CONNECTIONS: u64 = 1000;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let idle = size.pick(100, 10_000, 10_000);
    let seconds = size.pick(0, 2, 10);
    // Under strace, the peer with one thread per sleep takes 1.5 ms per timeout.
    let many = size.pick(1_000, 2_000, 20_000);
    let case = |variant: &str, label, n, ms| Case {
        workload: "w6".into(),
        label,
        variant: variant.into(),
        n,
        ms,
        rounds: 1,
        ..Case::default()
    };
    vec![
        case(
            "idle",
            format!("{} that do not fire, over 2 s", abbreviate(idle)),
            idle,
            size.pick(20, 2000, 2000),
        ),
        case("one", format!("one sleep of {seconds} s"), 1, size.pick(20, 2000, 10_000)),
        case("timeouts", format!("{} timeouts that do not fire", abbreviate(many)), many, 0),
    ]
}

/// How many timers are pending at the same time.
pub(super) fn max_pending(case: &Case) -> u64 {
    if case.variant == "timeouts" { CONNECTIONS.min(case.n) } else { case.n }
}

pub(super) async fn task<P: Peer>(case: Case) -> Outcome {
    let duration = Duration::from_millis(case.ms);
    match case.variant.as_str() {
        "idle" => idle::<P>(case.n, duration).await,
        "one" => {
            let window = Window::open("");
            P::sleep(duration).await;
            window.close()
        }
        _ => timeouts::<P>(case.n).await,
    }
}

async fn timeouts<P: Peer>(n: u64) -> Outcome {
    let window = Window::open("");
    let before = cpu_ns();
    let requests = n / CONNECTIONS.min(n);
    let mut all: FuturesUnordered<_> =
        (0..n / requests).map(|_| connection::<P>(requests)).collect();
    while let Some(()) = all.next().await {}
    let cpu = cpu_ns() - before;
    let mut outcome = window.close();
    outcome.put("cpu ns", cpu / n as f64);
    outcome
}

/// Requests in sequence, each with a timeout that does not fire.
async fn connection<P: Peer>(requests: u64) {
    for _ in 0..requests {
        let mut sent = false;
        let response = poll_fn(|cx| {
            if std::mem::replace(&mut sent, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(P::timeout(Duration::from_secs(30), response).await);
    }
}

/// Counts on a separate thread while the executor is idle.
async fn idle<P: Peer>(n: u64, duration: Duration) -> Outcome {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (result, outcome) = oneshot::channel();
    std::thread::spawn(move || {
        if is_ready.recv().is_ok() {
            // Work that follows the registrations completes in this time.
            std::thread::sleep(duration.min(Duration::from_millis(200)));
            let window = Window::open(CALLER_EXCLUDED);
            std::thread::sleep(duration);
            let _ = result.send(window.close());
        }
    });
    let sleeps = pending_sleeps::<P>(n).await;
    let _ = ready.send(());
    let outcome = outcome.await.expect("the counting thread panicked");
    std::mem::forget(sleeps);
    outcome
}

/// The measured window.
struct Window {
    /// Context switches before it.
    switches: u64,
    /// The id of a thread that is not counted.
    excluded: Option<u32>,
}

impl Window {
    fn open(suffix: &str) -> Window {
        let own = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        let excluded = (suffix == CALLER_EXCLUDED).then_some(own);
        let switches = voluntary_switches(excluded);
        mark(&format!("{BEGIN}{suffix}"));
        Window { switches, excluded }
    }

    fn close(self) -> Outcome {
        mark(END);
        let mut outcome = Outcome::default();
        outcome.put("wake-ups", (voluntary_switches(self.excluded) - self.switches) as f64);
        outcome
    }
}

/// A system call that `strace` shows with its path.
fn mark(path: &str) {
    let _ = std::fs::metadata(path);
}

/// Voluntary context switches so far, of all live threads.
fn voluntary_switches(excluded: Option<u32>) -> u64 {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("/proc/self/task").flatten() {
        if excluded.is_some_and(|id| task.file_name().to_string_lossy() == id.to_string()) {
            continue;
        }
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    sum
}
