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
