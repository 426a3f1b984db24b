//! The executors that are compiled in, behind one operation: run a future to completion.
//!
//! This module does not know what the futures are for: see `probes::executor_dependence` and `every_executor`.
//!
//! # Invariants
//! - Each future gets a new executor, which is shut down afterwards. smol's and async-std's are global and cannot be
//!   shut down.
//! - A future is polled on the calling thread, so it need not be `Send`. The exception is [`thread_pool::spawn`],
//!   which requires `Send`.

mod std_only;
#[cfg(feature = "futures")]
pub(crate) mod thread_pool;

use std::pin::Pin;

/// A future that need not be `Send`.
pub type LocalBoxFuture = Pin<Box<dyn Future<Output = ()>>>;

/// An executor that is compiled in, or a function of the user.
#[derive(Clone, Copy, Debug)]
pub struct Executor {
    pub(crate) name: &'static str,
    run: fn(LocalBoxFuture),
}

impl Executor {
    /// An executor of the user: a function that runs a future to completion.
    pub const fn new(name: &'static str, run: fn(LocalBoxFuture)) -> Executor {
        Executor { name, run }
    }

    /// Runs the future to completion on this thread.
    pub(crate) fn block_on(&self, future: LocalBoxFuture) {
        (self.run)(future);
    }
}

/// All executors that are compiled in. The std-only one is always the last.
pub(crate) fn all() -> Vec<Executor> {
    vec![
        #[cfg(feature = "tokio")]
        TOKIO_MULTI_THREAD,
        #[cfg(feature = "tokio")]
        TOKIO_CURRENT_THREAD,
        #[cfg(feature = "smol")]
        SMOL,
        #[cfg(feature = "async-std")]
        ASYNC_STD,
        #[cfg(feature = "futures")]
        FUTURES_LOCAL_POOL,
        #[cfg(feature = "futures")]
        FUTURES_THREAD_POOL,
        #[cfg(feature = "pollster")]
        POLLSTER,
        STD,
    ]
}

/// As `#[tokio::test(flavor = "multi_thread")]`: spawned tasks run on two workers, the future itself runs on this
/// thread.
#[cfg(feature = "tokio")]
pub const TOKIO_MULTI_THREAD: Executor = Executor {
    name: "tokio multi_thread",
    run: |future| {
        run_on_tokio(tokio::runtime::Builder::new_multi_thread().worker_threads(2), future)
    },
};

/// As `#[tokio::test]`.
#[cfg(feature = "tokio")]
pub const TOKIO_CURRENT_THREAD: Executor = Executor {
    name: "tokio current_thread",
    run: |future| run_on_tokio(&mut tokio::runtime::Builder::new_current_thread(), future),
};

#[cfg(feature = "tokio")]
fn run_on_tokio(builder: &mut tokio::runtime::Builder, future: LocalBoxFuture) {
    builder.enable_all().build().expect("failed to build a tokio runtime").block_on(future);
}

/// Polls on the calling thread, with smol's reactor and global executor in the background.
#[cfg(feature = "smol")]
pub const SMOL: Executor = Executor { name: "smol", run: |future| smol::block_on(future) };

/// Polls on the calling thread, with async-std's runtime in the background.
#[cfg(feature = "async-std")]
pub const ASYNC_STD: Executor =
    Executor { name: "async-std", run: |future| async_std::task::block_on(future) };

/// The single-threaded executor of futures-rs.
#[cfg(feature = "futures")]
pub const FUTURES_LOCAL_POOL: Executor = Executor {
    name: "futures LocalPool",
    run: |future| futures::executor::LocalPool::new().run_until(future),
};

/// The thread pool of futures-rs. A task on the pool supplies the wakers; the future is polled on the calling thread.
#[cfg(feature = "futures")]
pub(crate) const FUTURES_THREAD_POOL: Executor =
    Executor { name: "futures ThreadPool", run: thread_pool::block_on };

/// pollster, a minimal `block_on`.
#[cfg(feature = "pollster")]
pub const POLLSTER: Executor =
    Executor { name: "pollster", run: |future| pollster::block_on(future) };

/// A `block_on` built on std alone.
pub const STD: Executor = Executor { name: "std", run: std_only::block_on };

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::task::Poll;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn each_executor_completes_a_non_send_future_on_the_calling_thread() {
        for executor in all() {
            let (completed, caller) = (Rc::new(Cell::new(false)), thread::current().id());
            executor.block_on(Box::pin({
                let completed = completed.clone();
                async move {
                    let mut woken = None;
                    std::future::poll_fn(|context| {
                        assert_eq!(thread::current().id(), caller, "{}", executor.name);
                        if woken.replace(()).is_some() {
                            return Poll::Ready(());
                        }
                        let waker = context.waker().clone();
                        thread::spawn(move || {
                            thread::sleep(Duration::from_millis(2));
                            waker.wake();
                        });
                        Poll::Pending
                    })
                    .await;
                    completed.set(true);
                }
            }));
            assert!(completed.get(), "{}", executor.name);
        }
    }

    #[test]
    fn each_executor_polls_again_after_a_wake_up_inside_poll() {
        for executor in all() {
            let mut polls = 0;
            executor.block_on(Box::pin(std::future::poll_fn(move |context| {
                polls += 1;
                context.waker().wake_by_ref();
                if polls == 5 { Poll::Ready(()) } else { Poll::Pending }
            })));
        }
    }

    #[test]
    fn a_panic_of_the_future_propagates_out_of_each_executor() {
        for executor in all() {
            let caught =
                crate::panics::catch(|| executor.block_on(Box::pin(async { panic!("boo") })));
            assert!(caught.is_err_and(|panic| panic.starts_with("boo")), "{}", executor.name);
        }
    }

    #[test]
    fn executor_names_are_unique_and_std_is_the_last() {
        let mut names: Vec<&str> = all().iter().map(|executor| executor.name).collect();
        assert_eq!(names.last(), Some(&"std"));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }
}
