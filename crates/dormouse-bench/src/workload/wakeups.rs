//! W6: how often the process wakes up, and what it asks of the kernel, when little or nothing fires.
//!
//! Wake-ups are the voluntary context switches of all threads: each is a thread that had gone to sleep.
//! System calls are counted by the parent, in another run of the same case under `strace`; for it the
//! window is marked by a look at a file that does not exist.

use super::{Case, Outcome, Size, cpu_ns, park_once, pending, short};
use crate::peer::Peer;
use futures_channel::oneshot;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// Between these two, system calls count.
pub(crate) const BEGIN: &str = "/dormouse-bench/begin";
pub(crate) const END: &str = "/dormouse-bench/end";
/// Added to [`BEGIN`] by a thread whose own system calls do not.
pub(crate) const OTHERS: &str = "-others";

const CONNECTIONS: u64 = 1000;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let idle = size.pick(100, 10_000, 10_000);
    let seconds = size.pick(0, 2, 10);
    // Under strace, the peer with a thread for each takes 1.5 ms a timeout.
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
            format!("{} of an hour, over 2 s", short(idle)),
            idle,
            size.pick(20, 2000, 2000),
        ),
        case("one", format!("one sleep of {seconds} s"), 1, size.pick(20, 2000, 10_000)),
        case("timeouts", format!("{} timeouts, none fires", short(many)), many, 0),
    ]
}

/// How many at once; what is limited is that.
pub(crate) fn at_once(case: &Case) -> u64 {
    if case.variant == "timeouts" { CONNECTIONS.min(case.n) } else { case.n }
}

pub(super) fn measure<P: Peer>(peer: &P, case: &Case) -> Outcome {
    park_once(peer);
    peer.run(case)
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
    let each = n / CONNECTIONS.min(n);
    let mut all: FuturesUnordered<_> = (0..n / each).map(|_| connection::<P>(each)).collect();
    while let Some(()) = all.next().await {}
    let cpu = cpu_ns() - before;
    let mut outcome = window.close();
    outcome.put("cpu ns", cpu / n as f64);
    outcome
}

/// One after the other, requests that are answered in time.
async fn connection<P: Peer>(requests: u64) {
    for _ in 0..requests {
        let mut asked = false;
        let answer = poll_fn(|cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(P::timeout(Duration::from_secs(30), answer).await);
    }
}

/// Looks on from a thread of its own while the executor has nothing to do.
async fn idle<P: Peer>(n: u64, duration: Duration) -> Outcome {
    let (ready, set_up) = std::sync::mpsc::channel();
    let (done, over) = oneshot::channel();
    std::thread::spawn(move || {
        if set_up.recv().is_ok() {
            // What follows a registration is over by then.
            std::thread::sleep(duration.min(Duration::from_millis(200)));
            let window = Window::open(OTHERS);
            std::thread::sleep(duration);
            let _ = done.send(window.close());
        }
    });
    let sleeps = pending::<P>(n).await;
    let _ = ready.send(());
    let outcome = over.await.expect("the thread that looks on");
    std::mem::forget(sleeps);
    outcome
}

struct Window {
    switches: u64,
    /// The thread that opened it does not count.
    without: Option<u32>,
}

impl Window {
    fn open(suffix: &str) -> Window {
        let own = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        let without = (suffix == OTHERS).then_some(own);
        let switches = switches(without);
        mark(&format!("{BEGIN}{suffix}"));
        Window { switches, without }
    }

    fn close(self) -> Outcome {
        mark(END);
        let mut outcome = Outcome::default();
        outcome.put("wake-ups", (switches(self.without) - self.switches) as f64);
        outcome
    }
}

fn mark(path: &str) {
    let _ = std::fs::metadata(path);
}

/// Voluntary context switches so far, of all threads that live.
fn switches(without: Option<u32>) -> u64 {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("/proc/self/task").flatten() {
        if without.is_some_and(|id| task.file_name().to_string_lossy() == id.to_string()) {
            continue;
        }
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    sum
}
