//! The executors that are compiled in, each with the same verb: run this future to its end.
//!
//! Who runs what, and what comes of it, is not known here: see `probes::executors` and [`crate::every_executor`].
//!
//! # Invariants
//! - An executor is made for one future and shut down behind it, as far as it can be: those of smol and async-std
//!   belong to the process.
//! - A future is polled on the calling thread, so it need not be `Send`. [`thread_pool::spawn`] is the exception, and
//!   says so by its bound.

mod std_only;
#[cfg(feature = "futures")]
pub(crate) mod thread_pool;

use std::pin::Pin;

/// A future that stays on its thread.
pub(crate) type Local = Pin<Box<dyn Future<Output = ()>>>;

/// One executor that is compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Executor {
    pub(crate) name: &'static str,
    run: fn(Local),
}

impl Executor {
    /// Runs the future to its end on this thread (its own runtime is made and shut down inside). `Send` is not
    /// needed.
    pub(crate) fn block_on(&self, future: Local) {
        (self.run)(future);
    }
}

/// Those that are compiled in; the std-only one is always the last.
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

/// As `#[tokio::test(flavor = "multi_thread")]` does it: tasks that the future spawns run on two workers, the
/// future itself on this thread.
#[cfg(feature = "tokio")]
pub const TOKIO_MULTI_THREAD: Executor = Executor {
    name: "tokio multi_thread",
    run: |future| {
        run_on_tokio(tokio::runtime::Builder::new_multi_thread().worker_threads(2), future)
    },
};

/// As `#[tokio::test]` does it.
#[cfg(feature = "tokio")]
pub const TOKIO_CURRENT_THREAD: Executor = Executor {
    name: "tokio current_thread",
    run: |future| run_on_tokio(&mut tokio::runtime::Builder::new_current_thread(), future),
};

#[cfg(feature = "tokio")]
fn run_on_tokio(builder: &mut tokio::runtime::Builder, future: Local) {
    builder.enable_all().build().expect("a tokio runtime can be started").block_on(future);
}

/// The calling thread, with smol's reactor and its global executor behind it.
#[cfg(feature = "smol")]
pub const SMOL: Executor = Executor { name: "smol", run: |future| smol::block_on(future) };

/// The calling thread, with async-std's runtime behind it.
#[cfg(feature = "async-std")]
pub const ASYNC_STD: Executor =
    Executor { name: "async-std", run: |future| async_std::task::block_on(future) };

/// The single-threaded executor of futures-rs.
#[cfg(feature = "futures")]
pub const FUTURES_LOCAL_POOL: Executor = Executor {
    name: "futures LocalPool",
    run: |future| futures::executor::LocalPool::new().run_until(future),
};

/// The thread pool of futures-rs, which lends its wakers and its sense of time; the future stays here.
#[cfg(feature = "futures")]
pub(crate) const FUTURES_THREAD_POOL: Executor =
    Executor { name: "futures ThreadPool", run: thread_pool::block_on };

/// The smallest one that is in use.
#[cfg(feature = "pollster")]
pub const POLLSTER: Executor =
    Executor { name: "pollster", run: |future| pollster::block_on(future) };

/// Nothing but std.
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
    fn each_runs_a_future_that_is_not_send_to_its_end_on_this_thread() {
        for executor in all() {
            let (over, here) = (Rc::new(Cell::new(false)), thread::current().id());
            executor.block_on(Box::pin({
                let over = over.clone();
                async move {
                    let mut woken = None;
                    std::future::poll_fn(|context| {
                        assert_eq!(thread::current().id(), here, "{}", executor.name);
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
                    over.set(true);
                }
            }));
            assert!(over.get(), "{}", executor.name);
        }
    }

    #[test]
    fn each_polls_again_after_a_wake_up_inside_of_poll() {
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
    fn a_panic_of_the_future_comes_out_of_each() {
        for executor in all() {
            let caught =
                crate::panics::catch(|| executor.block_on(Box::pin(async { panic!("boo") })));
            assert!(caught.is_err_and(|panic| panic.starts_with("boo")), "{}", executor.name);
        }
    }

    #[test]
    fn no_two_share_a_name_and_std_is_the_last() {
        let mut names: Vec<&str> = all().iter().map(|executor| executor.name).collect();
        assert_eq!(names.last(), Some(&"std"));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
    }
}
