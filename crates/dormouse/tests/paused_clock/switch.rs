//! A clock that is paused, and goes on, while the runtime runs.

use super::{HOUR, SECOND, on_paused};
use crate::common::{MS, current_thread, within_time};
use dormouse::clock::Realtime;
use dormouse::time::{Instant, Sleep, WallClockChanges};
use dormouse::{sleep, sleep_until};
use futures::FutureExt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};

/// On a runtime whose clock is not paused yet.
fn on_tokio<R: Send>(test: impl Future<Output = R> + Send) -> R {
    within_time(|| current_thread().block_on(test))
}

#[test]
fn a_sleep_that_is_created_before_the_pause_follows_afterwards() {
    on_tokio(async {
        let start = Instant::now();
        let sleep = sleep(HOUR);
        tokio::time::pause();
        sleep.await;
        assert!(start.elapsed() >= HOUR);
    });
}

/// Nothing of this crate is used after the pause.
#[test]
fn a_sleep_that_waits_already_follows_when_the_clock_is_paused() {
    on_tokio(async {
        let sleeping = tokio::spawn(sleep(HOUR));
        let on_the_wall_clock = tokio::spawn(Realtime::sleep_until(Realtime::now() + 2 * HOUR));
        tokio::task::yield_now().await;
        tokio::time::pause();
        sleeping.await.unwrap();
        on_the_wall_clock.await.unwrap();
    });
}

#[test]
fn a_sleep_that_waits_already_follows_an_advance() {
    on_tokio(async {
        let sleeping = tokio::spawn(sleep(HOUR));
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::advance(HOUR + MS).await;
        sleeping.await.unwrap();
    });
}

#[test]
fn a_sleep_that_is_moved_before_the_pause_fires_at_its_new_deadline() {
    on_tokio(async {
        for deadline in [SECOND, 3 * HOUR] {
            let start = Instant::now();
            let mut sleep = sleep(HOUR);
            assert!(futures::poll!(&mut sleep).is_pending());
            sleep.reset(start + deadline);
            tokio::time::pause();
            let tokio_start = tokio::time::Instant::now();
            sleep.await;
            let elapsed = tokio_start.elapsed();
            assert!(elapsed <= deadline + 2 * MS && elapsed >= deadline - SECOND, "{elapsed:?}");
            tokio::time::resume();
        }
    });
}

/// The task that waits is not the one that resets, and its sleep had no deadline.
#[test]
fn a_sleep_that_is_armed_before_or_after_the_pause_follows() {
    for arm_first in [true, false] {
        on_tokio(async move {
            let shared = Arc::new(Mutex::new(Sleep::never()));
            let waits = shared.clone();
            let waiting = tokio::spawn(poll_fn(move |cx| waits.lock().unwrap().poll_unpin(cx)));
            tokio::task::yield_now().await;
            if !arm_first {
                tokio::time::pause();
            }
            shared.lock().unwrap().reset(Instant::now() + HOUR);
            if arm_first {
                tokio::time::pause();
            }
            waiting.await.unwrap();
        });
    }
}

#[test]
fn the_clock_goes_on_after_a_resume() {
    on_paused(async {
        let start = Instant::now();
        let sleep_of_the_pause = sleep(HOUR + 20 * MS);
        sleep(HOUR).await;
        tokio::time::resume();
        // Now the hour is ahead of real time, and takes no real time again.
        sleep_of_the_pause.await;
        sleep(5 * MS).await;
        assert!(start.elapsed() >= HOUR + 25 * MS);
        let resumed = std::time::Instant::now();
        sleep(20 * MS).await;
        assert!(resumed.elapsed() >= 20 * MS);
        // And again.
        tokio::time::pause();
        let paused = Instant::now();
        sleep(HOUR).await;
        assert!(paused.elapsed() >= HOUR);
    });
}

#[test]
fn an_instant_never_goes_back_when_the_clock_is_paused_and_goes_on() {
    on_tokio(async {
        let mut last = (Instant::now(), Realtime::now());
        let mut read_clocks = || {
            for _ in 0..50 {
                let now = (Instant::now(), Realtime::now());
                assert!(now.0 >= last.0 && now.1 >= last.1, "{now:?} is before {last:?}");
                last = now;
            }
        };
        for _ in 0..50 {
            tokio::time::pause();
            read_clocks();
            tokio::time::resume();
            read_clocks();
        }
    });
}

/// The clock is advanced by 20 ms, and real time catches up.
#[test]
fn a_paused_clock_is_followed_while_real_time_passes_it() {
    on_paused(async {
        let start = Instant::now();
        let real_start = std::time::Instant::now();
        tokio::time::advance(20 * MS).await;
        while real_start.elapsed() < 40 * MS {
            assert_eq!(start.elapsed(), 20 * MS);
        }
    });
}

#[test]
fn no_change_of_the_wall_clock_is_reported_when_the_clock_is_paused() {
    on_tokio(async {
        let mut changes = WallClockChanges::new();
        assert!(futures::poll!(changes.next()).is_pending());
        tokio::time::pause();
        sleep(HOUR).await;
        tokio::time::resume();
        assert!(futures::poll!(changes.next()).is_pending());
    });
}

#[test]
fn a_pending_sleep_goes_on_in_a_runtime_whose_clock_is_paused_and_back() {
    within_time(|| {
        let mut sleep = sleep_until(Instant::now() + HOUR);
        let runtime = current_thread();
        for _ in 0..3 {
            runtime.block_on(async { assert!(futures::poll!(&mut sleep).is_pending()) });
            dormouse::block_on(async { assert!(futures::poll!(&mut sleep).is_pending()) });
        }
        super::paused().block_on(sleep);
    });
}
