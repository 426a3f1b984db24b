//! The cases of tokio's own tests of its paused clock, with the names that they have there.

use crate::common::MS;
use dormouse::time::{Duration, Instant, Interval, Sleep, interval_at, sleep, sleep_until};
use futures::poll;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, assert_ready_eq, task};

#[test]
fn paused_time_is_deterministic() {
    assert_eq!(paused_time_stress_run(), paused_time_stress_run());
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn paused_time_stress_run() -> Vec<Duration> {
    let mut times = Vec::new();
    let start = Instant::now();
    for number in 0..10_000_u64 {
        sleep(Duration::from_nanos(number * 7_919_000_001 % 1_000_000_000)).await;
        times.push(start.elapsed());
    }
    times
}

#[tokio::test(start_paused = true)]
async fn advance_after_poll() {
    sleep(MS).await;
    let start = Instant::now();
    let mut sleep = task::spawn(sleep_until(start + 300 * MS));
    assert_pending!(sleep.poll());
    let before = Instant::now();
    advance(100 * MS).await;
    assert_eq!(before.elapsed(), 100 * MS);
    assert_pending!(sleep.poll());
}

#[tokio::test(start_paused = true)]
async fn sleep_no_poll() {
    let start = Instant::now();
    advance(MS).await;
    let mut sleep = task::spawn(sleep_until(start + 300 * MS));
    let before = Instant::now();
    advance(100 * MS).await;
    assert_eq!(before.elapsed(), 100 * MS);
    assert_pending!(sleep.poll());
}

/// The advance is awaited in the task of the sleep.
async fn advance_in_the_same_task(polled_before: bool) {
    let start = Instant::now();
    advance(MS).await;
    let mut sleep: Sleep = sleep_until(start + 300 * MS);
    if polled_before {
        assert_pending!(poll!(&mut sleep));
    }
    let before = Instant::now();
    let mut advanced = Box::pin(advance(100 * MS));
    poll_fn(|cx| advanced.as_mut().poll(cx)).await;
    assert_eq!(before.elapsed(), 100 * MS);
    assert_pending!(poll!(&mut sleep));
}

#[tokio::test(start_paused = true)]
async fn sleep_same_task() {
    advance_in_the_same_task(true).await;
}

#[tokio::test(start_paused = true)]
async fn sleep_same_task_no_poll() {
    advance_in_the_same_task(false).await;
}

fn poll_next(interval: &mut task::Spawn<Interval>) -> Poll<Instant> {
    interval.enter(|cx, mut interval: Pin<&mut Interval>| interval.poll_tick(cx))
}

#[tokio::test(start_paused = true)]
async fn interval() {
    let start = Instant::now();
    advance(MS).await;
    let mut ticks = task::spawn(interval_at(start, 300 * MS));
    assert_ready_eq!(poll_next(&mut ticks), start);
    assert_pending!(poll_next(&mut ticks));
    advance(100 * MS).await;
    assert_pending!(poll_next(&mut ticks));
    advance(200 * MS).await;
    assert_ready_eq!(poll_next(&mut ticks), start + 300 * MS);
    assert_pending!(poll_next(&mut ticks));
    advance(400 * MS).await;
    assert_ready_eq!(poll_next(&mut ticks), start + 600 * MS);
    assert_pending!(poll_next(&mut ticks));
    advance(500 * MS).await;
    assert_ready_eq!(poll_next(&mut ticks), start + 900 * MS);
    assert_ready_eq!(poll_next(&mut ticks), start + 1200 * MS);
    assert_pending!(poll_next(&mut ticks));
}

#[tokio::test(start_paused = true)]
async fn test_time_advance_sub_ms() {
    for micros in [51_592, 1, 3_141_592, 3_123_456, 1000, 1000] {
        let (start, by) = (Instant::now(), Duration::from_micros(micros));
        advance(by).await;
        assert_eq!(start.elapsed(), by);
    }
}

#[tokio::test(start_paused = true)]
async fn regression_3710_with_submillis_advance() {
    let start = Instant::now();
    advance(MS).await;
    let mut sleep = task::spawn(sleep_until(start + Duration::from_secs(60)));
    assert_pending!(sleep.poll());
    let (before, by) = (Instant::now(), Duration::from_micros(51_592));
    advance(by).await;
    assert_eq!(before.elapsed(), by);
    assert_pending!(sleep.poll());
}

#[tokio::test(start_paused = true)]
async fn advance_once_with_timer() {
    let mut sleep = task::spawn(sleep(MS));
    assert_pending!(sleep.poll());
    advance(Duration::from_micros(250)).await;
    assert_pending!(sleep.poll());
    advance(Duration::from_micros(1500)).await;
    assert!(sleep.is_woken());
    assert_ready!(sleep.poll());
}

#[tokio::test(start_paused = true)]
async fn advance_multi_with_timer() {
    let mut sleep = task::spawn(sleep(MS));
    assert_pending!(sleep.poll());
    for _ in 0..3 {
        advance(Duration::from_micros(250)).await;
        assert_pending!(sleep.poll());
    }
    advance(Duration::from_micros(250)).await;
    assert!(sleep.is_woken());
    assert_ready!(sleep.poll());
}
