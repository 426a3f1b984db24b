//! What threads are modelled with, in a build of the tests with `--cfg loom`: `scripts/loom` runs it.
//!
//! The models themselves, each named after the promise it keeps, are in `models` modules beside what they model. They
//! run the code of this crate as it is, up to its seams to the system and to tokio: behind those are a [`kernel`] and
//! a [`tokio`] made for them.
//!
//! loom runs a model again and again, in every order in which its threads can take locks, touch atomics and begin to
//! wait, and with every value that a relaxed load can see, up to a number of preemptions. A thread that would
//! wait for ever fails the model; so a wake-up that is lost needs no assertion.

pub(crate) mod kernel;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

use crate::sync::lock;
use loom::sync::{Condvar, Mutex};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Instant;

/// loom's own stacks are too small for a panic.
const STACK_WORDS: usize = 1 << 14;

/// Runs a loom test in every order of what it does between [`race`] and [`settle`].
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    let (start, orders) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let (model, counted) = (Arc::new(model), orders.clone());
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        loom::stop_exploring();
        let model = model.clone();
        let body = spawn(move || {
            model();
            settle();
            crate::timer::loom_tests::reset();
        });
        body.join();
    });
    let name = thread::current().name().expect("tests have names").to_owned();
    let took = start.elapsed().as_secs_f32();
    println!("{name}: {} orders in {took:.1} s", orders.load(Ordering::Relaxed));
}

/// Whatever has been started so far waits. From here on, all orders count.
pub(crate) fn race() {
    crate::sync::thread::yield_now();
    loom::explore();
}

/// Lets the reactor's thread do all that there is to do, and end. From here on, one order will do.
pub(crate) fn settle() {
    loom::skip_branch();
    kernel::stop();
    crate::sync::thread::join_all();
}

/// Time passes once everybody waits.
pub(crate) fn later(now: u64) {
    loom::skip_branch();
    crate::sync::thread::yield_now();
    kernel::advance(now);
}

/// Starts a thread of a model.
pub(crate) fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let handle = JoinHandle(Arc::default());
    let result = handle.0.clone();
    let run = move || {
        let output = run();
        *lock(&result.0) = Some(output);
        result.1.notify_all();
    };
    let loom = loom::thread::Builder::new().stack_size(STACK_WORDS);
    loom.spawn(run).expect("loom starts any thread");
    handle
}

/// In place of loom's, which does not go with condition variables: who has waited for a thread may take that for
/// a notification.
pub(crate) struct JoinHandle<T>(Arc<(Mutex<Option<T>>, Condvar)>);

impl<T> JoinHandle<T> {
    pub(crate) fn join(self) -> T {
        let mut result = lock(&self.0.0);
        loop {
            match result.take() {
                Some(result) => return result,
                None => result = self.0.1.wait(result).unwrap(),
            }
        }
    }
}

/// Counts how often it is called. To be looked at when all is over: loom does not know of it.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> Arc<Count> {
        Arc::default()
    }

    pub(crate) fn waker(self: &Arc<Count>) -> Waker {
        self.clone().into()
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs a future as an executor would of which this crate knows nothing.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    struct Unpark(crate::sync::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(crate::sync::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        crate::sync::thread::park();
    }
}
