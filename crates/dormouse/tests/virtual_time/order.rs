//! The order in which timers fire.

use super::{HOUR, Log, MINUTE, SECOND};
use crate::common::{poll, waker};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{Instant, Sleep};
use dormouse::{VirtualTime, sleep, sleep_until};
use futures::FutureExt;
use futures::future::{join, select};
use futures::stream::{FuturesUnordered, StreamExt};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Registers a sleep that logs its name when it fires.
fn log_on_fire<C: Clock, T: Copy + Send + Sync + 'static>(
    sleep: &mut Sleep<C>,
    log: &Log<T>,
    name: T,
) {
    let log = log.clone();
    assert_eq!(poll(sleep, &waker(move || log.add(name))), Poll::Pending);
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let fired = Log::new();
    let order = [5, 3, 9, 1, 7, 2, 8, 6, 4];
    let mut sleeps = order.map(|n| sleep(n * SECOND));
    for (sleep, n) in sleeps.iter_mut().zip(order) {
        log_on_fire(sleep, &fired, n);
    }
    time.advance_now(HOUR);
    assert_eq!(fired.take(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn of_equal_deadlines_the_sleep_created_first_fires_first() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let fired = Log::new();
    let mut a = sleep(SECOND);
    let mut b = Monotonic::sleep(SECOND);
    let mut c = sleep_until(Realtime::now() + SECOND);
    let mut d = sleep(SECOND);
    // The order of the first polls does not matter.
    log_on_fire(&mut d, &fired, 'd');
    log_on_fire(&mut c, &fired, 'c');
    log_on_fire(&mut a, &fired, 'a');
    log_on_fire(&mut b, &fired, 'b');
    time.advance_now(HOUR);
    assert_eq!(fired.take(), ['a', 'b', 'c', 'd']);
}

#[test]
fn a_reset_timer_keeps_its_creation_order_among_equal_deadlines() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let fired = Log::new();
    let mut a = sleep(HOUR);
    let mut b = sleep(MINUTE);
    let mut c = sleep(SECOND);
    log_on_fire(&mut c, &fired, 'c');
    log_on_fire(&mut b, &fired, 'b');
    log_on_fire(&mut a, &fired, 'a');
    c.reset(Instant::now() + MINUTE);
    a.reset(Instant::now() + MINUTE);
    time.advance_now(MINUTE - Duration::from_nanos(1));
    assert_eq!(fired.take(), []);
    time.advance_now(Duration::from_nanos(1));
    assert_eq!(fired.take(), ['a', 'b', 'c']);
}

#[test]
fn across_clocks_the_timer_with_the_least_time_left_fires_first() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    time.suspend(HOUR);
    let fired = Log::new();
    let mut a = sleep_until(Realtime::now() + 3 * SECOND);
    let mut b = Boottime::sleep(2 * SECOND);
    let mut c = Monotonic::sleep(SECOND);
    log_on_fire(&mut a, &fired, 'a');
    log_on_fire(&mut b, &fired, 'b');
    log_on_fire(&mut c, &fired, 'c');
    time.advance_now(MINUTE);
    assert_eq!(fired.take(), ['c', 'b', 'a']);
}

#[test]
fn each_waker_is_called_when_the_clock_shows_its_deadline() {
    let time = VirtualTime::new();
    let start = time.now();
    let _entered = time.enter();
    let fired = Log::new();
    let mut sleeps: Vec<_> = (1..100).map(|n| sleep(n * SECOND)).collect();
    for sleep in &mut sleeps {
        let (log, time) = (fired.clone(), time.clone());
        let log_time = waker(move || log.add(time.now() - start));
        assert_eq!(poll(sleep, &log_time), Poll::Pending);
    }
    time.advance_now(HOUR);
    assert_eq!(fired.take(), (1..100).map(|n| n * SECOND).collect::<Vec<_>>());
    assert_eq!(time.now() - start, HOUR);
}

#[test]
fn a_sleep_can_be_reset_to_earlier_and_to_later() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let start = time.now();
    let fired = Log::new();
    let mut earlier = sleep(HOUR);
    let mut later = sleep(MINUTE);
    log_on_fire(&mut earlier, &fired, "earlier");
    log_on_fire(&mut later, &fired, "later");
    earlier.reset(start + SECOND);
    later.reset(start + HOUR);
    time.advance_now(SECOND);
    assert_eq!(fired.take(), ["earlier"]);
    // No spurious wake-up at the former deadline.
    time.advance_now(HOUR - SECOND - Duration::from_nanos(1));
    assert_eq!(fired.take(), [""; 0]);
    time.advance_now(Duration::from_nanos(1));
    assert_eq!(fired.take(), ["later"]);
    // A reset to now or to the past fires at once.
    log_on_fire(&mut { sleep(HOUR) }, &fired, "dropped");
    let mut now = sleep(HOUR);
    log_on_fire(&mut now, &fired, "now");
    now.reset(start);
    assert_eq!(fired.take(), ["now"]);
    assert!(now.is_elapsed());
}

#[test]
fn a_dropped_sleep_wakes_no_task_and_is_no_deadline() {
    let time = VirtualTime::new();
    let start = time.now();
    let fired = Log::new();
    let entered = time.enter();
    let mut dropped = sleep(SECOND);
    log_on_fire(&mut dropped, &fired, "dropped");
    drop(dropped);
    drop(entered);
    time.block_on(async {
        drop(sleep(SECOND));
        let _never_polled = sleep(SECOND);
        select(sleep(MINUTE), sleep(HOUR)).await;
    });
    assert_eq!(time.now() - start, MINUTE);
    assert_eq!(fired.take(), [""; 0]);
}

#[test]
fn of_two_timers_with_one_deadline_the_first_can_cancel_the_second() {
    let time = VirtualTime::new();
    let fired = Log::new();
    time.block_on(async {
        let (cancel, cancelled) = futures::channel::oneshot::channel();
        let first = sleep(SECOND).map(|()| cancel.send(()).unwrap());
        let mut second = sleep(SECOND);
        log_on_fire(&mut second, &fired, "second");
        let second = select(cancelled, futures::future::pending::<()>()).map(|_| drop(second));
        join(first, second).await;
    });
    assert_eq!(fired.take(), [""; 0]);
}

#[test]
fn futures_unordered_yields_sleeps_in_deadline_order() {
    let time = VirtualTime::new();
    let seen = time.block_on(async {
        let start = Instant::now();
        let many: FuturesUnordered<_> = (0..1000u32)
            .map(|n| sleep(n * 7919 % 1000 / 10 * SECOND).map(move |()| (n, start.elapsed())))
            .collect();
        many.collect::<Vec<_>>().await
    });
    let mut expected: Vec<_> = (0..1000).collect();
    expected.sort_by_key(|n| (n * 7919 % 1000 / 10, *n));
    // The first ten sleeps have a duration of zero, and complete at once.
    assert_eq!(seen[10..].iter().map(|seen| seen.0).collect::<Vec<_>>(), expected[10..]);
    assert!(seen.iter().all(|&(n, at)| at == n * 7919 % 1000 / 10 * SECOND));
}

#[test]
fn a_sleep_is_exact_to_the_nanosecond() {
    let time = VirtualTime::new();
    time.block_on(async {
        for ns in [1, 2, 999, 1_000_001, 123_456_789] {
            let deadline = Instant::now() + Duration::from_nanos(ns);
            sleep_until(deadline).await;
            assert_eq!(Instant::now(), deadline);
        }
    });
}

#[test]
fn a_completed_sleep_is_ready_when_polled_again() {
    let time = VirtualTime::new();
    time.block_on(async {
        let mut sleep = pin!(sleep(SECOND));
        sleep.as_mut().await;
        sleep.as_mut().await;
        sleep.reset(Instant::now() + HOUR);
        let before = Instant::now();
        sleep.await;
        assert_eq!(before.elapsed(), HOUR);
    });
}

#[test]
fn advance_now_moves_time_by_exactly_its_duration() {
    let time = VirtualTime::new();
    let start = time.now();
    let _entered = time.enter();
    let fired = Log::new();
    let mut minute = sleep(MINUTE);
    log_on_fire(&mut minute, &fired, ());
    for step in [Duration::ZERO, SECOND, Duration::from_nanos(1)] {
        let before = time.now();
        time.advance_now(step);
        assert_eq!(time.now() - before, step);
    }
    assert_eq!(fired.take(), []);
    time.advance_now(MINUTE);
    assert_eq!(fired.take(), [()]);
    assert_eq!(time.now() - start, MINUTE + SECOND + Duration::from_nanos(1));
}
