//! The executor of programs without another: that of smol, on as many threads as there are processors.
//!
//! The threads are named `dormouse-worker`, and start at the first use. They run until the process ends. A child of a
//! fork starts its own, and the tasks of its parent do not run there.
//!
//! The thread that needs them first is any thread of the program. The workers do not keep its affinity: they have the
//! processors of the main thread. They do inherit its signal mask, as threads of std and of tokio do. Unlike the reactor's
//! thread they must not block all signals, because a process that a task starts inherits the mask.
//!
//! # Invariants
//! - A task is passed to the executor only when a thread runs it: [`get`].

use crate::fork::PerProcess;
use crate::reactor::{Parker, cannot, use_processors_of_main_thread};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock, thread};
use async_executor::StaticExecutor;
use std::future::{Future, pending};
use std::io;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::task::{Context, Waker};

pub(super) struct Workers {
    executor: StaticExecutor,
    /// Whether at least one thread runs.
    started: AtomicBool,
    starting: Mutex<()>,
}

impl Workers {
    const fn new() -> Workers {
        Workers {
            executor: StaticExecutor::new(),
            started: AtomicBool::new(false),
            starting: Mutex::new(()),
        }
    }

    pub(super) fn spawn(&'static self, task: impl Future<Output = ()> + Send + 'static) {
        self.executor.spawn(task).detach();
    }

    /// Starts the first thread, which starts the others.
    #[cold]
    fn start(&'static self) -> io::Result<()> {
        let _starting = lock(&self.starting);
        if self.started.load(Ordering::Relaxed) {
            return Ok(());
        }
        let first = || {
            use_processors_of_main_thread();
            let count = thread::available_parallelism().map_or(1, NonZeroUsize::get);
            let _ = (1..count).try_for_each(|_| start_thread(|| self.work()));
            self.work();
        };
        start_thread(first)
            .map_err(|err| cannot("cannot start a thread \"dormouse-worker\"", &err))?;
        self.started.store(true, Ordering::Release);
        Ok(())
    }

    /// The main function of a thread. Tasks do not panic, so it does not end.
    fn work(&'static self) {
        let parker = Parker::new(thread::current());
        let waker = Waker::from(parker.clone());
        let cx = &mut Context::from_waker(&waker);
        let mut run = pin!(self.executor.run(pending::<()>()));
        loop {
            let _ = run.as_mut().poll(cx);
            parker.park(None);
        }
    }
}

fn start_thread(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("dormouse-worker".into()).spawn(run).map(drop)
}

/// The executor of this process, with at least one thread.
///
/// # Errors
/// If the system refuses the first thread. A later call tries again.
pub(super) fn get() -> io::Result<&'static Workers> {
    static WORKERS: PerProcess<Workers> = PerProcess::new(Workers::new());
    let workers = WORKERS.get(|_| Workers::new());
    if !workers.started.load(Ordering::Acquire) {
        workers.start()?;
    }
    Ok(workers)
}
