//! Loom tests of sleeps during the shutdown of their runtime, and during their move to another reactor.

use super::{TimerQueue, pool};
use crate::clock::{Boottime, Clock};
use crate::loom_test::tokio::runtime::Runtime;
use crate::loom_test::{check, external_block_on, kernel, spawn, start_exploring};
use crate::reactor;
use crate::sync::lock;
use crate::time::{Instant, Sleep, sleep_until};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

/// Frees what the queues hold at the end of a run.
pub(in crate::timer) fn reset() {
    let mut queues: Vec<_> = lock(&pool().free).iter_mut().flat_map(std::mem::take).collect();
    let in_use = lock(&pool().in_use).take().unwrap_or_default();
    queues.extend(in_use.into_values().flatten().flatten().map(|used| used.queue));
    queues.into_iter().for_each(TimerQueue::reset_after_test);
}

fn sleep(deadline: u64) -> Sleep<Boottime> {
    sleep_until(Instant::from_ns(deadline))
}

/// Polls a sleep once, with a waker that does nothing.
fn poll<C: Clock>(sleep: &mut Sleep<C>) {
    assert!(Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn a_sleep_survives_the_shutdown_of_its_runtime() {
    check(|| {
        reactor::start().unwrap();
        let runtime = Arc::new(Runtime::new());
        let _inside = runtime.handle().enter();
        // The runtime has a queue from here on.
        poll(&mut sleep(5));
        start_exploring();
        let former = runtime.clone();
        let shutdown = spawn(move || {
            former.shut_down();
            kernel::advance(10);
        });
        external_block_on(sleep(10));
        shutdown.join();
    });
}

#[test]
fn the_first_sleep_of_a_runtime_survives_its_concurrent_shutdown() {
    check(|| {
        reactor::start().unwrap();
        let runtime = Arc::new(Runtime::new());
        let _inside = runtime.handle().enter();
        start_exploring();
        let former = runtime.clone();
        let shutdown = spawn(move || {
            former.shut_down();
            kernel::advance(10);
        });
        external_block_on(sleep(10));
        shutdown.join();
    });
}

#[test]
fn a_reused_queue_has_no_timers_of_the_previous_runtime() {
    check(|| {
        reactor::start().unwrap();
        let previous = Arc::new(Runtime::new());
        let _inside = previous.handle().enter();
        poll(&mut sleep(5));
        start_exploring();
        let former = previous.clone();
        let next = spawn(move || {
            former.shut_down();
            // No thread runs this one.
            let next = Runtime::new();
            let inside = next.handle().enter();
            poll(&mut sleep(10));
            drop(inside);
            kernel::advance(10);
            next
        });
        external_block_on(sleep(10));
        next.join().shut_down();
    });
}

#[test]
fn a_sleep_that_moves_to_another_reactor_is_woken_there() {
    check(|| {
        reactor::start().unwrap();
        let runtime = Arc::new(Runtime::new());
        let mut sleep = sleep(20);
        {
            let _inside = runtime.handle().enter();
            poll(&mut self::sleep(10));
            poll(&mut sleep);
        }
        start_exploring();
        let former = runtime.clone();
        let clock = spawn(move || {
            kernel::advance(10);
            former.turn();
            kernel::advance(20);
        });
        external_block_on(&mut sleep);
        clock.join();
        runtime.shut_down();
    });
}
