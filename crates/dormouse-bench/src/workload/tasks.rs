//! W10: the cost of a task that does nothing, and of blocking work that does nothing: spawned and awaited.
//!
//! Its peers are executors, not timers, so they have a trait of their own.

use super::support::{WARM_UP, cpu_ns};
use crate::case::{Case, Outcome, Size, abbreviate};
use futures_executor::block_on;
use std::future::{Future, pending};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(crate) fn cases(size: Size) -> Vec<Case> {
    let case = |variant: &str, label: String, n| Case {
        workload: "w10".into(),
        label,
        variant: variant.into(),
        n,
        ms: size.pick(2, 100, 300),
        rounds: size.pick(1, 5, 10),
        ..Case::default()
    };
    let tasks = size.pick(1_000, 100_000, 100_000);
    let work = size.pick(100, 1_000, 1_000);
    let each = |n| format!("{} spawned, then awaited", abbreviate(n));
    vec![
        case("spawn", format!("empty tasks: {}", each(tasks)), tasks),
        case("one", "empty tasks: each awaited before the next".into(), 1_000),
        case("blocking", format!("blocking work: {}", each(work)), work),
        case("one-blocking", "blocking work: each awaited before the next".into(), 1_000),
    ]
}

/// An executor.
pub(crate) trait Spawner {
    fn spawn() -> impl Future<Output = ()>;
    fn spawn_blocking() -> impl Future<Output = ()>;
    /// Awaits on a thread that is no worker, as `main` does.
    fn block_on<F: Future>(future: F) -> F::Output;
}

pub(crate) fn measure<S: Spawner>(case: &Case) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let limit = Duration::from_millis(case.ms);
    S::block_on(async {
        let warm_up = Instant::now();
        while warm_up.elapsed() < WARM_UP {
            batch::<S>(&case.variant, 100).await;
        }
        let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
        while count == 0 || start.elapsed() < limit {
            let start = Instant::now();
            batch::<S>(&case.variant, case.n).await;
            outcome.put("wall ns", start.elapsed().as_nanos() as f64 / case.n as f64);
            count += case.n;
        }
        outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    });
    Ok(outcome)
}

async fn batch<S: Spawner>(variant: &str, n: u64) {
    match variant {
        "spawn" => {
            let tasks: Vec<_> = (0..n).map(|_| S::spawn()).collect();
            for task in tasks {
                task.await;
            }
        }
        "one" => {
            for _ in 0..n {
                S::spawn().await;
            }
        }
        "blocking" => {
            let work: Vec<_> = (0..n).map(|_| S::spawn_blocking()).collect();
            for work in work {
                work.await;
            }
        }
        _ => {
            for _ in 0..n {
                S::spawn_blocking().await;
            }
        }
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).build().expect("a runtime without I/O needs only threads")
    })
}

pub(crate) struct Tokio;

impl Spawner for Tokio {
    fn spawn() -> impl Future<Output = ()> {
        let task = tokio::spawn(async {});
        async { task.await.expect("it does not panic") }
    }

    fn spawn_blocking() -> impl Future<Output = ()> {
        let work = tokio::task::spawn_blocking(|| ());
        async { work.await.expect("it does not panic") }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        runtime().block_on(future)
    }
}

pub(crate) struct DormouseOnTokio;

impl Spawner for DormouseOnTokio {
    fn spawn() -> impl Future<Output = ()> {
        Dormouse::spawn()
    }

    fn spawn_blocking() -> impl Future<Output = ()> {
        Dormouse::spawn_blocking()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        runtime().block_on(future)
    }
}

/// The crates of smol: async-executor, run as smol runs it, and blocking.
pub(crate) struct Smol;

impl Spawner for Smol {
    fn spawn() -> impl Future<Output = ()> {
        static EXECUTOR: async_executor::Executor<'static> = async_executor::Executor::new();
        static STARTED: OnceLock<()> = OnceLock::new();
        STARTED.get_or_init(|| {
            let threads = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..threads {
                thread::spawn(|| block_on(EXECUTOR.run(pending::<()>())));
            }
        });
        EXECUTOR.spawn(async {})
    }

    fn spawn_blocking() -> impl Future<Output = ()> {
        blocking::unblock(|| ())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        block_on(future)
    }
}

pub(crate) struct Dormouse;

impl Spawner for Dormouse {
    fn spawn() -> impl Future<Output = ()> {
        let task = dormouse::spawn(async {});
        async { task.await.expect("it does not panic") }
    }

    fn spawn_blocking() -> impl Future<Output = ()> {
        let work = dormouse::task::spawn_blocking(|| ());
        async { work.await.expect("it does not panic") }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        block_on(future)
    }
}
