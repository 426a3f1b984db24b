//! The executors that are compiled in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// One executor that is compiled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Executor {
    pub(crate) name: &'static str,
    block_on: fn(Boxed),
}

/// Those that are compiled in; the std-only one is always the last.
pub(crate) fn all() -> Vec<Executor> {
    vec![
        #[cfg(feature = "tokio")]
        Executor { name: "tokio multi_thread", block_on: tokio_multi_thread },
        #[cfg(feature = "tokio")]
        Executor { name: "tokio current_thread", block_on: tokio_current_thread },
        #[cfg(feature = "smol")]
        Executor { name: "smol", block_on: |future| smol::block_on(future) },
        #[cfg(feature = "async-std")]
        Executor { name: "async-std", block_on: |future| async_std::task::block_on(future) },
        #[cfg(feature = "futures")]
        Executor {
            name: "futures LocalPool",
            block_on: |future| futures::executor::LocalPool::new().run_until(future),
        },
        #[cfg(feature = "pollster")]
        Executor { name: "pollster", block_on: |future| pollster::block_on(future) },
        Executor { name: "std", block_on: of_std },
    ]
}

impl Executor {
    /// Runs the future to its end on this thread. What it needs of a runtime is made and shut down inside.
    pub(crate) fn block_on(&self, future: Boxed) {
        (self.block_on)(future);
    }
}

#[cfg(feature = "tokio")]
fn tokio_multi_thread(future: Boxed) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be started")
        .block_on(future);
}

#[cfg(feature = "tokio")]
fn tokio_current_thread(future: Boxed) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be started")
        .block_on(future);
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Unpark>) {
        self.0.unpark();
    }
}

/// As small as an executor can be.
fn of_std(mut future: Boxed) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    while future.as_mut().poll(&mut context).is_pending() {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::task::Poll;

    #[test]
    fn each_executor_runs_a_future_to_its_end() {
        for executor in all() {
            let polls = Arc::new(AtomicU32::new(0));
            let counter = polls.clone();
            executor.block_on(Box::pin(std::future::poll_fn(move |context| {
                if counter.fetch_add(1, SeqCst) == 3 {
                    return Poll::Ready(());
                }
                let waker = context.waker().clone();
                thread::spawn(move || waker.wake());
                Poll::Pending
            })));
            assert_eq!(polls.load(SeqCst), 4, "{}", executor.name);
        }
    }

    #[test]
    fn the_one_of_std_is_the_last() {
        assert_eq!(all().last().map(|executor| executor.name), Some("std"));
    }
}
