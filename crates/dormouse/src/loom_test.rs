//! What loom tests need, in a build of the tests with `--cfg loom`: `scripts/loom` runs them.
//!
//! The tests themselves, each named after the promise it checks, are in `loom_tests` modules beside the code that
//! they check. They run the code of this crate as it is, down to its seams to the system and to tokio: behind those are
//! a mock [`kernel`] and a mock [`tokio`].
//!
//! loom runs a test again and again: in every order in which its threads can take locks, access atomics and begin to
//! wait, and with every value that a relaxed load can return, up to a number of preemptions. A test in which all threads
//! wait fails (loom reports a deadlock), so a lost wake-up needs no assertion.

pub(crate) mod kernel;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

use crate::reactor::{ReadyEvent, Registration, WaiterSlot};
use crate::sync::lock;
use loom::sync::{Condvar, Mutex};
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Instant;

/// loom's default stacks are too small for a panic.
const STACK_WORDS: usize = 1 << 14;

/// Runs `test` in every order of what it does between [`start_exploring`] and [`finish`], and prints how many there are.
pub(crate) fn check(test: impl Fn() + Send + Sync + 'static) {
    let (start, orders) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let (test, counter) = (Arc::new(test), orders.clone());
    loom::model(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        loom::stop_exploring();
        let test = test.clone();
        let body = spawn(move || {
            test();
            finish();
            crate::timer::loom_tests::reset();
        });
        body.join();
    });
    let name = thread::current().name().expect("tests have names").to_owned();
    let took = start.elapsed().as_secs_f32();
    println!("{name}: {} orders in {took:.1} s", orders.load(Ordering::Relaxed));
}

/// Lets the threads that have been started run until they wait. From here on, loom explores every order.
pub(crate) fn start_exploring() {
    crate::sync::thread::yield_now();
    loom::explore();
}

/// Lets the reactor thread process all events, and ends it. From here on, loom runs a single order.
pub(crate) fn finish() {
    loom::skip_branch();
    kernel::stop();
    crate::sync::thread::join_all();
}

/// Lets the other threads run until they wait, then advances the clock.
pub(crate) fn advance_when_idle(now: u64) {
    loom::skip_branch();
    crate::sync::thread::yield_now();
    kernel::advance(now);
}

/// Starts a thread of a loom test.
pub(crate) fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let handle = JoinHandle(Arc::default());
    let result = handle.0.clone();
    let run = move || {
        let output = run();
        *lock(&result.0) = Some(output);
        result.1.notify_all();
    };
    let builder = loom::thread::Builder::new().stack_size(STACK_WORDS);
    builder.spawn(run).expect("loom starts any thread");
    handle
}

/// In place of loom's, which cannot be combined with condition variables: a thread that has joined another may take
/// the end of that for a notification.
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

/// Counts wake-ups. Its counter is std's, which loom does not see: read it when the threads have ended.
#[derive(Default)]
pub(crate) struct WakeCounter(AtomicUsize);

impl WakeCounter {
    pub(crate) fn new() -> Arc<WakeCounter> {
        Arc::default()
    }

    pub(crate) fn waker(self: &Arc<WakeCounter>) -> Waker {
        self.clone().into()
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for WakeCounter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs a future as another executor does, outside of this crate's `block_on`.
pub(crate) fn external_block_on<F: Future>(future: F) -> F::Output {
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

/// Polls a wait that needs an event: it does not poll the fd first, because an operation has been tried.
pub(crate) fn poll_event<T: AsFd>(
    fd: &Registration<T>,
    slot: WaiterSlot<'_>,
    waker: &Waker,
) -> Poll<io::Result<ReadyEvent>> {
    let tried = Some(ReadyEvent::unknown(slot.interest()));
    fd.poll_readiness(slot, tried, waker)
}
