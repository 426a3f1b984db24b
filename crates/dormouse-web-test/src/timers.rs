//! Sleeps, timeouts and intervals.

use crate::host::{self, HOUR, MS, is_pending_after, pause, poll_once};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{HyperTimer, Instant, Interval, Sleep, Timeout, interval};
use dormouse::{sleep, sleep_until, timeout};
use futures::future::{Either, join, join_all, select};
use futures::{FutureExt, StreamExt};
use hyper::rt::Timer;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::Duration;
use wasm_bindgen::prelude::wasm_bindgen;

async fn check_never_early<C: Clock>() {
    for tenths in 0..60 {
        let start = C::now();
        let deadline = start + tenths * MS / 10;
        sleep_until(deadline).await;
        assert!(C::now() >= deadline);
    }
}

#[wasm_bindgen]
pub async fn no_sleep_is_early_by_its_clock() {
    check_never_early::<Boottime>().await;
    check_never_early::<Monotonic>().await;
    check_never_early::<Realtime>().await;
}

#[wasm_bindgen]
pub async fn a_sleep_of_zero_is_ready_at_its_first_poll() {
    assert!(sleep(Duration::ZERO).now_or_never().is_some());
    assert_eq!(host::timeouts_set(), 0);
}

#[wasm_bindgen]
pub async fn tasks_are_woken_in_the_order_of_their_deadlines() {
    struct Record(u32, Arc<Mutex<Vec<u32>>>);

    impl Wake for Record {
        fn wake(self: Arc<Self>) {
            self.1.lock().expect("no waker panics").push(self.0);
        }
    }

    let (start, order) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let register = |nth: u32| {
        let mut sleep = sleep_until(start + nth * MS);
        let waker = Arc::new(Record(nth, order.clone())).into();
        assert!(sleep.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
        sleep
    };
    let sleeps = [107, 103, 109, 101, 105, 102, 108, 104, 106].map(register);
    sleep_until(start + 110 * MS).await;
    drop(sleeps);
    let order = order.lock().expect("no waker panics").clone();
    assert_eq!(order, [101, 102, 103, 104, 105, 106, 107, 108, 109]);
}

#[wasm_bindgen]
pub async fn ten_thousand_sleeps_of_up_to_200_ms_need_few_timeouts() -> String {
    let start = Instant::now();
    let late = async |nth: u64| {
        let deadline = start + Duration::from_micros(nth * 7919 % 10_000 * 20);
        sleep_until(deadline).await;
        Instant::now().checked_duration_since(deadline).expect("no sleep is early")
    };
    let mut late = join_all((0..10_000).map(late)).await;
    let took = start.elapsed();
    assert_eq!(host::timeouts(), 0);
    // One for each millisecond in which a timer is due, and another if that comes early.
    let timeouts = host::timeouts_set();
    assert!(timeouts < 500, "{timeouts}");
    late.sort();
    let [median, p99, max] = [5_000, 9_900, 9_999].map(|nth| late[nth].as_secs_f64() * 1000.0);
    let took = took.as_millis();
    format!(
        "in {took} ms, {timeouts} timeouts; late by {median:.1} ms (median), {p99:.1} ms (p99), {max:.1} ms (max)"
    )
}

#[wasm_bindgen]
pub async fn the_lateness_of_short_sleeps_is_reported() -> String {
    let mut late = Vec::new();
    for _ in 0..200 {
        let deadline = Instant::now() + MS;
        sleep_until(deadline).await;
        late.push(Instant::now() - deadline);
    }
    late.sort();
    let [median, p99] = [100, 198].map(|nth| late[nth].as_secs_f64() * 1000.0);
    format!("200 sleeps of 1 ms: late by {median:.1} ms (median), {p99:.1} ms (p99)")
}

#[wasm_bindgen]
pub async fn deadlines_beyond_2_31_ms_do_not_fire_at_once() {
    let month = 30 * 24 * HOUR;
    let boottime = sleep_until(Boottime::now() + month);
    let monotonic = sleep_until(Monotonic::now() + month);
    let realtime = sleep_until(Realtime::now() + month);
    let longest = sleep(Duration::MAX);
    let any = join(join(boottime, monotonic), join(realtime, longest));
    assert!(is_pending_after(50 * MS, any).await);
    assert!(host::longest_timeout() <= f64::from(i32::MAX));
    assert!(host::timeouts_set() < 10, "{} timeouts", host::timeouts_set());
}

#[wasm_bindgen]
pub async fn a_timeout_that_comes_early_completes_no_sleep() {
    let deadline = Monotonic::now() + 1000 * MS;
    let mut sleep = sleep_until(deadline);
    for _ in 0..3 {
        assert!(poll_once(&mut sleep).await.is_pending());
        host::call_timeouts_early();
        pause(Duration::ZERO).await;
        assert_eq!(host::timeouts(), 1);
    }
    sleep.await;
    assert!(Monotonic::now() >= deadline);
}

#[wasm_bindgen]
pub async fn no_sleep_is_early_by_a_coarse_clock() {
    host::round_monotonic_clock(100.0);
    for ms in [1, 30, 120] {
        let deadline = Instant::now() + ms * MS;
        sleep_until(deadline).await;
        assert!(Instant::now() >= deadline);
    }
}

#[wasm_bindgen]
pub async fn dropping_a_sleep_clears_its_timeout() {
    let (mut first, mut second) = (sleep(HOUR), sleep(2 * HOUR));
    assert!(poll_once(&mut first).await.is_pending());
    assert!(poll_once(&mut second).await.is_pending());
    assert_eq!(host::timeouts(), 1);
    drop(first);
    assert_eq!(host::timeouts(), 1, "for the other");
    drop(second);
    assert_eq!(host::timeouts(), 0);
    // The queue goes on.
    sleep(MS).await;
}

#[wasm_bindgen]
pub async fn after_a_sleep_was_dropped_the_others_complete() {
    let mut first = sleep(5 * MS);
    let second = sleep(10 * MS);
    assert!(poll_once(&mut first).await.is_pending());
    let dropped = async move {
        pause(2 * MS).await;
        drop(first);
    };
    join(second, dropped).await;
}

#[wasm_bindgen]
pub async fn a_reset_moves_the_deadline_in_both_directions() {
    let mut sleep = sleep(HOUR);
    assert!(poll_once(&mut sleep).await.is_pending());
    sleep.reset(Instant::now() + MS);
    (&mut sleep).await;
    let deadline = Instant::now() + 20 * MS;
    sleep.reset(Instant::now() + MS);
    assert!(poll_once(&mut sleep).await.is_pending());
    sleep.reset(deadline);
    sleep.await;
    assert!(Instant::now() >= deadline);
}

#[wasm_bindgen]
pub async fn a_timeout_ends_a_future_that_is_pending() {
    let start = Instant::now();
    assert!(timeout(5 * MS, std::future::pending::<()>()).await.is_err());
    assert!(start.elapsed() >= 5 * MS);
    assert_eq!(timeout(HOUR, async { 7 }).await, Ok(7));
    assert_eq!(host::timeouts(), 0);
}

#[wasm_bindgen]
pub async fn an_interval_ticks_at_multiples_of_its_period() {
    let start = Instant::now();
    let mut ticks = interval(5 * MS);
    for nth in 0..10 {
        let tick = ticks.tick().await;
        assert!(tick >= start + nth * 5 * MS);
        assert!(Instant::now() >= tick);
    }
    let streamed: Vec<_> = ticks.take(3).collect().await;
    assert_eq!(streamed.len(), 3);
}

#[wasm_bindgen]
pub async fn an_aligned_interval_ticks_at_multiples_of_its_period_since_1970() {
    let mut ticks = Realtime::interval_aligned(20 * MS);
    for _ in 0..3 {
        let tick = std::time::SystemTime::from(ticks.tick().await);
        let since = tick.duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
        assert_eq!(since.as_millis() % 20, 0);
        assert!(Realtime::now() >= tick.into());
    }
}

#[wasm_bindgen]
pub async fn the_shorter_sleep_wins_a_race_and_a_join_takes_as_long_as_the_longest() {
    let start = Instant::now();
    let race = select(sleep(HOUR), sleep(5 * MS)).await;
    assert!(matches!(race, Either::Right(_)));
    drop(race);
    join(sleep(20 * MS), sleep(30 * MS)).await;
    assert!(start.elapsed() >= 35 * MS);
    assert_eq!(host::timeouts(), 0);
}

#[wasm_bindgen]
pub async fn a_timer_of_hyper_completes() {
    let start = Monotonic::now();
    HyperTimer.sleep(5 * MS).await;
    assert!(start.elapsed() >= 5 * MS);
}

#[wasm_bindgen]
pub async fn the_counts_of_stats_are_right() {
    let mut dropped = sleep(HOUR);
    assert_eq!(poll_once(&mut dropped).await, Poll::Pending);
    drop(dropped);
    sleep(5 * MS).await;
    let stats = dormouse::stats();
    let timers = stats.timers().find(|timers| timers.clock == "Boottime").expect("it was used");
    assert_eq!((timers.fired, timers.cancelled, timers.pending), (1, 1, 0));
    assert!(!stats.reactor_thread_runs);
}

/// Timers can be moved to other threads, as on other systems.
const _: fn() = || {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Sleep>();
    is_send_and_sync::<Interval>();
    is_send_and_sync::<Timeout<std::future::Ready<()>>>();
};
