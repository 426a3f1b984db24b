//! What follows the clock.

use super::{HOUR, SECOND, on_paused};
use crate::common::{Count, MS, poll, waker};
use dormouse::clock::{Monotonic, Realtime};
use dormouse::time::{Instant, MissedTickBehavior, Sleep};
use dormouse::{interval, sleep, sleep_until, timeout};
use std::future::pending;
use std::time::Duration;
use tokio::time::Instant as TokioInstant;

#[test]
fn an_idle_runtime_advances_to_the_deadline_of_a_sleep() {
    on_paused(async {
        let (start, tokio_start) = (Instant::now(), TokioInstant::now());
        sleep(HOUR).await;
        assert_eq!(start.elapsed(), HOUR);
        assert_eq!(tokio_start.elapsed(), HOUR);
    });
}

#[test]
fn every_clock_follows() {
    on_paused(async {
        let (awake, wall) = (Monotonic::now(), Realtime::now());
        Realtime::sleep_until(wall + HOUR).await;
        assert_eq!(Realtime::now(), wall + HOUR);
        assert_eq!(awake.elapsed(), HOUR);
        Monotonic::sleep(HOUR).await;
        assert_eq!(awake.elapsed(), 2 * HOUR);
        tokio::time::sleep(HOUR).await;
        assert_eq!(awake.elapsed(), 3 * HOUR);
    });
}

#[test]
fn a_clock_stands_still_while_it_is_paused() {
    on_paused(async {
        let start = (Instant::now(), Realtime::now());
        std::thread::sleep(5 * MS);
        assert_eq!((Instant::now(), Realtime::now()), start);
    });
}

#[test]
fn sleeps_of_both_crates_complete_in_the_order_of_their_deadlines() {
    let order = on_paused(async {
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for number in 1..=6_u32 {
            let report = report.clone();
            tokio::spawn(async move {
                match number % 2 {
                    0 => sleep(number * SECOND).await,
                    _ => tokio::time::sleep(number * SECOND).await,
                }
                report.send(number).unwrap();
            });
        }
        drop(report);
        let mut order = Vec::new();
        while let Some(number) = reports.recv().await {
            order.push(number);
        }
        order
    });
    assert_eq!(order, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_timeout_ends_a_sleep_of_tokio_and_the_reverse() {
    on_paused(async {
        let start = Instant::now();
        assert!(timeout(SECOND, tokio::time::sleep(HOUR)).await.is_err());
        assert_eq!(start.elapsed(), SECOND);
        assert!(timeout(HOUR, tokio::time::sleep(SECOND)).await.is_ok());
        assert_eq!(start.elapsed(), 2 * SECOND);
        assert!(tokio::time::timeout(SECOND, sleep(HOUR)).await.is_err());
        assert_eq!(start.elapsed(), 3 * SECOND);
        assert!(tokio::time::timeout(HOUR, sleep(SECOND)).await.is_ok());
        assert_eq!(start.elapsed(), 4 * SECOND);
        assert!(timeout(SECOND, pending::<()>()).await.is_err());
        assert_eq!(start.elapsed(), 5 * SECOND);
    });
}

#[test]
fn an_advance_completes_the_sleeps_that_it_passes() {
    on_paused(async {
        let sleeping = tokio::spawn(sleep(HOUR));
        let much_longer = tokio::spawn(sleep(3 * HOUR));
        tokio::task::yield_now().await;
        tokio::time::advance(HOUR - MS).await;
        assert!(!sleeping.is_finished());
        let start = Instant::now();
        tokio::time::advance(MS).await;
        sleeping.await.unwrap();
        assert_eq!(start.elapsed(), MS);
        assert!(!much_longer.is_finished());
    });
}

#[test]
fn a_dropped_or_completed_sleep_does_not_advance_the_clock() {
    on_paused(async {
        let start = Instant::now();
        let mut dropped = sleep(HOUR);
        assert!(futures::poll!(&mut dropped).is_pending());
        let mut completed = sleep(SECOND);
        (&mut completed).await;
        drop(dropped);
        tokio::time::sleep(2 * HOUR).await;
        assert_eq!(start.elapsed(), 2 * HOUR + SECOND);
        assert!(completed.is_elapsed());
        completed.await;
    });
}

#[test]
fn a_reset_moves_the_deadline_earlier_and_later() {
    on_paused(async {
        let start = Instant::now();
        let mut sleep = sleep(HOUR);
        assert!(futures::poll!(&mut sleep).is_pending());
        sleep.reset(start + SECOND);
        (&mut sleep).await;
        assert_eq!(start.elapsed(), SECOND);
        sleep.reset(start + HOUR);
        assert!(futures::poll!(&mut sleep).is_pending());
        sleep.reset(start + 2 * HOUR);
        (&mut sleep).await;
        assert_eq!(start.elapsed(), 2 * HOUR);
    });
}

/// The task that waits is not the one that resets.
#[test]
fn a_reset_wakes_a_task_that_waits_for_the_sleep() {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    for (before, after) in [(Some(HOUR), SECOND), (None, SECOND), (Some(SECOND), HOUR)] {
        on_paused(async move {
            let start = Instant::now();
            let first = before.map_or(Instant::FAR_FUTURE, |before| start + before);
            let shared = Arc::new(Mutex::new(sleep_until(first)));
            let waits = shared.clone();
            let waiting =
                tokio::spawn(poll_fn(move |cx| Pin::new(&mut *waits.lock().unwrap()).poll(cx)));
            tokio::task::yield_now().await;
            shared.lock().unwrap().reset(start + after);
            waiting.await.unwrap();
            assert_eq!(start.elapsed(), after);
        });
    }
}

#[test]
fn a_task_that_resets_its_sleep_in_each_poll_does_not_wake_itself() {
    on_paused(async {
        let start = Instant::now();
        let mut sleep = sleep(HOUR);
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            assert!(polls < 10);
            if start.elapsed() < SECOND {
                sleep.reset(Instant::now() + SECOND);
            }
            std::pin::Pin::new(&mut sleep).poll(cx)
        })
        .await;
        assert_eq!(start.elapsed(), SECOND);
    });
}

#[test]
fn intervals_tick_by_the_paused_clock() {
    on_paused(async {
        let start = Instant::now();
        let mut hourly = interval(HOUR);
        for hour in 0..24 {
            assert_eq!(hourly.tick().await, start + hour * HOUR);
            assert_eq!(start.elapsed(), hour * HOUR);
        }
        hourly.set_missed_tick_behavior(MissedTickBehavior::Skip);
        tokio::time::advance(10 * HOUR + SECOND).await;
        assert_eq!(hourly.tick().await, start + 24 * HOUR);
        assert_eq!(hourly.tick().await, start + 34 * HOUR);
    });
}

#[test]
fn an_aligned_interval_ticks_at_multiples_of_the_wall_clock() {
    on_paused(async {
        let mut full_hour = Realtime::interval_aligned(HOUR);
        let first = full_hour.tick().await;
        let late = Realtime::now() - first;
        // The runtime rounds up to its ticks.
        assert!(late < 2 * MS, "{late:?}");
        assert_eq!(full_hour.tick().await, first + HOUR);
        assert_eq!(Realtime::now() - (first + HOUR), late);
    });
}

#[test]
fn a_sleep_with_slack_is_never_early_and_within_its_slack() {
    on_paused(async {
        let start = Instant::now();
        sleep(SECOND).slack(Duration::from_millis(20)).await;
        let elapsed = start.elapsed();
        assert!((SECOND..=SECOND + 21 * MS).contains(&elapsed), "{elapsed:?}");
    });
}

#[test]
fn a_sleep_until_the_far_future_does_not_advance_the_clock() {
    on_paused(async {
        let start = Instant::now();
        let mut never = [Sleep::never(), sleep(Duration::MAX)];
        for never in &mut never {
            assert!(futures::poll!(never).is_pending());
        }
        tokio::time::sleep(SECOND).await;
        // An idle runtime without timers waits for events.
        tokio::task::spawn_blocking(|| std::thread::sleep(5 * MS)).await.unwrap();
        assert_eq!(start.elapsed(), SECOND);
    });
}

#[test]
fn an_idle_runtime_advances_to_a_deadline_in_200_years() {
    on_paused(async {
        let start = Instant::now();
        let years = 200 * 365 * 24 * HOUR;
        sleep(years).await;
        assert_eq!(start.elapsed(), years);
    });
}

#[test]
fn a_waker_that_panics_does_not_end_the_runtime() {
    on_paused(async {
        let start = Instant::now();
        let panics = waker(|| std::panic::resume_unwind(Box::new("a waker that panics")));
        let mut sleep = sleep(SECOND);
        assert!(poll(&mut sleep, &panics).is_pending());
        tokio::time::sleep(2 * SECOND).await;
        assert_eq!(start.elapsed(), 2 * SECOND);
        assert!(poll(&mut sleep, &panics).is_ready());
    });
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    on_paused(async {
        let ((first, first_waker), (last, last_waker)) = (Count::new(), Count::new());
        let mut sleep = sleep(SECOND);
        for waker in [&first_waker, &last_waker] {
            assert!(poll(&mut sleep, waker).is_pending());
        }
        tokio::time::sleep(2 * SECOND).await;
        assert_eq!((first.get(), last.get()), (0, 1));
    });
}

/// `tokio_test::io` waits by tokio's clock.
#[test]
fn a_timeout_limits_a_read_of_tokio_test() {
    use tokio::io::AsyncReadExt;
    on_paused(async {
        let mut slow = tokio_test::io::Builder::new().wait(2 * SECOND).read(b"late").build();
        let start = Instant::now();
        let mut bytes = [0; 4];
        assert!(timeout(SECOND, slow.read(&mut bytes)).await.is_err());
        assert_eq!(start.elapsed(), SECOND);
        assert_eq!(timeout(2 * SECOND, slow.read(&mut bytes)).await.unwrap().unwrap(), 4);
        assert_eq!(start.elapsed(), 2 * SECOND);
    });
}
