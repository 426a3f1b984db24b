//! An executor that the program installs. It stays installed, so these tests have a process of their own.

mod common;

use common::{LIMIT, within_time};
use dormouse::task::{self, Executor, JoinSet, spawn_blocking};
use dormouse::{block_on, spawn, timeout};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs tasks on a thread pool of the crate futures, and blocking work on a thread for each.
struct Pool(futures::executor::ThreadPool);

/// Whether the pool drops what it gets.
static IS_SHUT_DOWN: AtomicBool = AtomicBool::new(false);
/// Whether the pool panics instead.
static PANICS: AtomicBool = AtomicBool::new(false);

type Work = Box<dyn FnOnce() + Send>;

impl Executor for Pool {
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        assert!(!PANICS.load(Ordering::SeqCst), "an executor that panics");
        if !IS_SHUT_DOWN.load(Ordering::SeqCst) {
            self.0.spawn_ok(task);
        }
    }

    fn spawn_blocking(&self, work: Work) -> Result<(), Work> {
        assert!(!PANICS.load(Ordering::SeqCst), "an executor that panics");
        if IS_SHUT_DOWN.load(Ordering::SeqCst) {
            return Err(work);
        }
        std::thread::Builder::new().name("of the program".into()).spawn(work).unwrap();
        Ok(())
    }
}

fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let pool = futures::executor::ThreadPool::builder().name_prefix("pool-").create();
        task::set_executor(Pool(pool.unwrap())).unwrap();
    });
}

fn thread_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// One test, because the executor is the same for all.
#[test]
fn tasks_run_on_the_executor_that_is_installed() {
    install();
    within_time(|| {
        let name = block_on(spawn(async { thread_name() })).unwrap();
        assert!(name.starts_with("pool-"), "{name}");
        assert_eq!(block_on(spawn_blocking(thread_name)).unwrap(), "of the program");

        let err = block_on(spawn(async { panic!("on the pool") })).unwrap_err();
        assert!(err.is_panic());
        let task = spawn(pending::<()>());
        task.abort();
        assert!(block_on(task).unwrap_err().is_cancelled());
        let mut set: JoinSet<_> = (0..100).map(|n| async move { n }).collect();
        let sum = block_on(async {
            let mut sum = 0;
            while let Some(n) = set.join_next().await {
                sum += n.unwrap();
            }
            sum
        });
        assert_eq!(sum, 4950);
    });

    let err = task::set_executor(|_| {}).unwrap_err();
    assert_eq!(err.to_string(), "an executor for tasks is installed already");
    within_time(|| assert_eq!(block_on(spawn(async { 7 })).unwrap(), 7));

    #[cfg(feature = "tokio")]
    within_time(|| {
        let name = common::multi_thread().block_on(async { spawn(async { thread_name() }).await });
        assert!(!name.unwrap().starts_with("pool-"));
    });

    // A task that the executor drops is cancelled. Work that it refuses runs on a thread of dormouse.
    IS_SHUT_DOWN.store(true, Ordering::SeqCst);
    within_time(|| {
        assert!(block_on(timeout(LIMIT, spawn(async {}))).unwrap().unwrap_err().is_cancelled());
        assert_eq!(block_on(spawn_blocking(thread_name)).unwrap(), "dormouse-blocking");
    });

    PANICS.store(true, Ordering::SeqCst);
    within_time(|| {
        assert!(block_on(timeout(LIMIT, spawn(async {}))).unwrap().unwrap_err().is_cancelled());
        let work = block_on(timeout(LIMIT, spawn_blocking(|| {}))).unwrap();
        assert!(work.unwrap_err().is_cancelled());
    });
}
