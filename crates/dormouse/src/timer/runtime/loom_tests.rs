//! Every order of sleeps and the end of the runtime that they are with, or their move away from it.

use crate::clock::{Boottime, Clock};
use crate::loom_test::tokio::runtime::Runtime;
use crate::loom_test::{explore, kernel, race, run, spawn};
use crate::reactor;
use crate::time::{Instant, Sleep, sleep_until};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

fn sleep(deadline: u64) -> Sleep<Boottime> {
    sleep_until(Instant::from_ns(deadline))
}

/// Polls a sleep once, for nobody.
fn poll<C: Clock>(sleep: &mut Sleep<C>) {
    assert!(Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn a_sleep_survives_the_end_of_its_runtime() {
    explore(|| {
        reactor::start().unwrap();
        let runtime = Arc::new(Runtime::new());
        let _inside = runtime.handle().enter();
        // The runtime has a queue by now.
        poll(&mut sleep(5));
        race();
        let ended = runtime.clone();
        let end = spawn(move || {
            ended.shut_down();
            kernel::advance(10);
        });
        run(sleep(10));
        end.join();
    });
}

#[test]
fn a_queue_that_is_handed_on_has_no_timers_of_the_former_runtime() {
    explore(|| {
        reactor::start().unwrap();
        let former = Arc::new(Runtime::new());
        let _inside = former.handle().enter();
        poll(&mut sleep(5));
        race();
        let ended = former.clone();
        let next = spawn(move || {
            ended.shut_down();
            // This one is driven by nobody.
            let next = Runtime::new();
            let inside = next.handle().enter();
            poll(&mut sleep(10));
            drop(inside);
            kernel::advance(10);
            next
        });
        run(sleep(10));
        next.join().shut_down();
    });
}

#[test]
fn a_sleep_that_moves_to_another_reactor_is_woken_there() {
    explore(|| {
        reactor::start().unwrap();
        let runtime = Arc::new(Runtime::new());
        let mut sleep = sleep(20);
        {
            let _inside = runtime.handle().enter();
            poll(&mut self::sleep(10));
            poll(&mut sleep);
        }
        race();
        let former = runtime.clone();
        let clock = spawn(move || {
            kernel::advance(10);
            former.turn();
            kernel::advance(20);
        });
        run(&mut sleep);
        clock.join();
        runtime.shut_down();
    });
}
