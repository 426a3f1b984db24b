//! Hostile durations, peers and wakers, and the limits of what they can do. SECURITY.md cites these tests.

mod common;

use common::stream::std_pair;
use common::{Count, MS, assert_not_early, pending_for, waker};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::io::AsyncFd;
use dormouse::{interval, interval_at, sleep, sleep_until, timeout};
use futures::FutureExt;
use std::future::pending;
use std::io::Write;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

on_every_reactor! {
    no_duration_causes_a_panic
    an_interval_with_a_zero_period_is_always_ready
    a_peer_that_always_has_data_does_not_keep_a_timeout_from_ending
    the_panic_payload_of_a_waker_is_dropped
}

each_in_a_child_process! { a_waker_that_blocks_delays_its_reactor_and_loses_no_wake_up }

const EXTREMES: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_secs(1 << 32),
    Duration::from_nanos(i64::MAX as u64),
    Duration::from_nanos(i64::MAX as u64 + 1),
    Duration::from_nanos(u64::MAX - 1),
    Duration::from_nanos(u64::MAX),
    Duration::from_secs(i64::MAX as u64),
    Duration::MAX,
];

async fn no_duration_causes_a_panic() {
    fn check<C: Clock>(cx: &mut Context<'_>) {
        for a in EXTREMES {
            for b in EXTREMES {
                let mut timer = sleep_until(C::now() + a).slack(b);
                let _ = timer.poll_unpin(cx);
                timer.reset(C::now() + b);
                let _ = timer.poll_unpin(cx);
                let mut past = sleep_until(C::now() - a);
                assert!(past.poll_unpin(cx).is_ready());
                let mut ticks = interval_at(C::now() + a, b).slack(a);
                let _ = ticks.poll_tick(cx);
                ticks.reset_after(b);
                let _ = ticks.poll_tick(cx);
                ticks.reset();
                let _ = ticks.poll_tick(cx);
            }
        }
    }
    let cx = &mut Context::from_waker(Waker::noop());
    check::<Boottime>(cx);
    check::<Monotonic>(cx);
    check::<Realtime>(cx);
    for duration in EXTREMES {
        let _ = pin!(timeout(duration, pending::<()>())).poll(cx);
        let mut aligned = Realtime::interval_aligned(duration);
        let _ = aligned.poll_tick(cx);
        let _ = aligned.poll_tick(cx);
    }
    assert_not_early(sleep(MS)).await;
}

/// So a program should enforce a minimum for a period that comes from untrusted input.
async fn an_interval_with_a_zero_period_is_always_ready() {
    let mut ticks = interval(Duration::ZERO);
    for _ in 0..10_000 {
        assert!(ticks.tick().now_or_never().is_some());
    }
}

async fn a_peer_that_always_has_data_does_not_keep_a_timeout_from_ending() {
    let (local, mut peer) = std_pair();
    let local = AsyncFd::new(local).unwrap();
    let sender = std::thread::spawn(move || while peer.write_all(&[0; 65536]).is_ok() {});
    let read_forever = async {
        loop {
            assert_eq!(local.read(&mut [0]).await.unwrap(), 1);
        }
    };
    assert!(timeout(20 * MS, read_forever).await.is_err());
    drop(local);
    sender.join().unwrap();
}

async fn the_panic_payload_of_a_waker_is_dropped() {
    let payload = Arc::new(());
    let clone = payload.clone();
    let panicking = waker(move || std::panic::resume_unwind(Box::new(clone.clone())));
    let _fires = pending_for(MS, &panicking);
    drop(panicking);
    while Arc::strong_count(&payload) > 1 {
        sleep(MS).await;
    }
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_waker_that_blocks_delays_its_reactor_and_loses_no_wake_up() {
        let (unblock, wait) = mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let (called, blocked) = mpsc::channel();
        let blocking = waker(move || {
            called.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        });
        let _first = pending_for(MS, &blocking);
        blocked.recv().unwrap();
        let (count, counting) = Count::new();
        let second = pending_for(MS, &counting);
        while !second.is_elapsed() {
            std::thread::sleep(MS);
        }
        std::thread::sleep(20 * MS);
        assert_eq!(count.get(), 0);
        unblock.send(()).unwrap();
        count.wait_for(1);
    }
}
