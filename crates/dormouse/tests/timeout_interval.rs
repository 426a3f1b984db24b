//! Timeouts and intervals, on every reactor.

mod common;

use common::{Count, MS, poll, retry_with_longer_time};
use dormouse::clock::Monotonic;
use dormouse::time::{Instant, MissedTickBehavior};
use dormouse::{interval, interval_at, sleep, timeout, timeout_at};
use std::future::{pending, ready};
use std::io;
use std::time::Duration;

on_every_reactor! {
    a_timeout_returns_the_output_of_a_future_that_completes_in_time
    a_timeout_returns_an_error_when_its_deadline_passes
    ticks_are_multiples_of_the_period_however_late_they_are_polled
    burst_makes_up_for_missed_ticks
    delay_counts_the_period_from_the_late_tick
    skip_omits_missed_ticks
    a_dropped_tick_is_not_lost
    an_interval_can_be_reset
    a_new_period_counts_from_the_next_tick_or_from_a_reset
}

async fn a_timeout_returns_the_output_of_a_future_that_completes_in_time() {
    assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
    assert_eq!(timeout(Duration::MAX, ready(1)).await, Ok(1));
    assert_eq!(timeout(Duration::MAX, sleep(MS)).await, Ok(()));
}

async fn a_timeout_returns_an_error_when_its_deadline_passes() {
    let deadline = Monotonic::now() + 5 * MS;
    let error = timeout_at(deadline, pending::<()>()).await.unwrap_err();
    assert!(Monotonic::now() >= deadline);
    assert!(error.to_string().contains("deadline"), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
}

async fn ticks_are_multiples_of_the_period_however_late_they_are_polled() {
    let start = Monotonic::now() + 3 * MS;
    let mut interval = interval_at(start, 4 * MS);
    for nth in 0..10 {
        let due = interval.tick().await;
        assert!(Monotonic::now() >= due);
        assert_eq!(due, start + nth * 4 * MS);
    }
}

async fn burst_makes_up_for_missed_ticks() {
    let mut interval = interval(10 * MS);
    let start = interval.tick().await;
    std::thread::sleep(55 * MS);
    for nth in 1..=5 {
        assert_eq!(interval.tick().await, start + nth * 10 * MS);
    }
    assert!(Instant::now() >= start + 50 * MS);
}

async fn delay_counts_the_period_from_the_late_tick() {
    let mut interval = interval(10 * MS);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = interval.tick().await;
    std::thread::sleep(55 * MS);
    assert_eq!(interval.tick().await, start + 10 * MS);
    let next = interval.tick().await;
    assert!(next >= start + 65 * MS, "{:?}", next - start);
}

async fn skip_omits_missed_ticks() {
    let mut interval = interval(10 * MS);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let start = interval.tick().await;
    std::thread::sleep(55 * MS);
    assert_eq!(interval.tick().await, start + 10 * MS);
    let next = interval.tick().await - start;
    assert!(next >= 60 * MS, "{next:?}");
    assert_eq!(next.as_nanos() % (10 * MS).as_nanos(), 0);
}

async fn a_dropped_tick_is_not_lost() {
    let (_, waker) = Count::new();
    let (start, mut interval) = retry_with_longer_time(5 * MS, |time| {
        let start = Instant::now() + time;
        let mut interval = interval_at(start, 10 * MS);
        let waits = poll(&mut interval.tick(), &waker).is_pending();
        waits.then_some((start, interval))
    });
    // On a slow machine, this tick completes.
    let first = timeout(MS, interval.tick()).await;
    assert!(first.is_err() || Instant::now() >= start);
    std::thread::sleep(6 * MS);
    let due = if first.is_err() { start } else { start + 10 * MS };
    assert_eq!(interval.tick().await, due);
}

async fn an_interval_can_be_reset() {
    let mut interval = interval(3600 * 1000 * MS);
    interval.tick().await;
    interval.reset_after(2 * MS);
    let tick = interval.tick().await;
    assert!(Instant::now() >= tick);
    interval.reset_immediately();
    interval.tick().await;
    let at = Instant::now() + MS;
    interval.reset_at(at);
    assert_eq!(interval.tick().await, at);
    interval.reset();
    assert!(timeout(5 * MS, interval.tick()).await.is_err());
    assert_eq!(interval.period(), 3600 * 1000 * MS);
}

async fn a_new_period_counts_from_the_next_tick_or_from_a_reset() {
    let start = Monotonic::now();
    let mut interval = Monotonic::interval_at(start, 4 * MS);
    assert_eq!(interval.tick().await, start);
    interval.set_period(3600 * 1000 * MS);
    assert_eq!(interval.period(), 3600 * 1000 * MS);
    assert_eq!(interval.tick().await, start + 4 * MS);
    assert!(timeout(5 * MS, interval.tick()).await.is_err());
    interval.set_period(2 * MS);
    assert!(timeout(5 * MS, interval.tick()).await.is_err());
    let before = Monotonic::now();
    interval.reset();
    let tick = interval.tick().await;
    assert!(tick >= before + 2 * MS && tick <= Monotonic::now());
    assert_eq!(interval.tick().await, tick + 2 * MS);
}

#[test]
fn a_period_of_zero_does_not_panic() {
    let mut interval = interval(Duration::ZERO);
    for _ in 0..10 {
        dormouse::block_on(interval.tick());
    }
    interval.set_period(MS);
    interval.set_period(Duration::ZERO);
    for _ in 0..10 {
        dormouse::block_on(interval.tick());
    }
}
