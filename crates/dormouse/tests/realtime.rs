//! Sleeps and intervals on the wall clock, on every reactor. Changes of the clock are tested in virtual time.

mod common;

use common::{MS, assert_not_early};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{Instant, MissedTickBehavior, Resumes, WallClockChange, WallClockChanges};
use dormouse::{interval_at, sleep, sleep_until, timeout, timeout_at};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

on_every_reactor! {
    a_sleep_by_the_wall_clock_is_never_early
    a_past_time_is_ready_at_the_first_poll
    a_time_in_the_far_future_stays_pending
    timeouts_and_intervals_can_use_the_wall_clock
    aligned_ticks_are_distinct_multiples_of_the_period
    missed_aligned_ticks_follow_the_missed_tick_behavior
    an_aligned_interval_can_be_reset
    without_a_clock_change_no_step_and_no_resume_is_reported
    ten_thousand_sleeps_by_the_wall_clock_all_fire
}

// In a child process, because other tests create timerfds that are not armed yet.
#[cfg(all(target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! { wall_clock_timerfds_are_armed_with_cancel_on_set }

async fn a_sleep_by_the_wall_clock_is_never_early() {
    for ms in [1, 3, 10] {
        let until = SystemTime::now() + ms * MS;
        let sleep = Realtime::sleep_until(until);
        assert_eq!(SystemTime::from(sleep.deadline()), until);
        assert_not_early(sleep).await;
        assert!(SystemTime::now() >= until);
    }
    assert_not_early(sleep_until(Realtime::now() + 2 * MS)).await;
}

async fn a_past_time_is_ready_at_the_first_poll() {
    for time in [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1), SystemTime::now() - MS] {
        let (_, polls) = common::count_polls(Realtime::sleep_until(time)).await;
        assert_eq!(polls, 1);
    }
}

async fn a_time_in_the_far_future_stays_pending() {
    let year_3000 = UNIX_EPOCH + Duration::from_secs(1030 * 365 * 86_400);
    for time in [year_3000.into(), Realtime::now() + Duration::from_secs(3600)] {
        assert!(timeout(5 * MS, Realtime::sleep_until(time)).await.is_err());
    }
    assert_eq!(Instant::from(year_3000), Instant::<Realtime>::FAR_FUTURE);
}

async fn timeouts_and_intervals_can_use_the_wall_clock() {
    let soon = Instant::from(SystemTime::now() + 3 * MS);
    assert!(timeout_at(soon, std::future::pending::<()>()).await.is_err());
    let mut ticks = interval_at(soon, 2 * MS);
    assert_eq!(ticks.tick().await, soon);
    assert_eq!(ticks.tick().await, soon + 2 * MS);
    sleep_until(soon).await;
}

async fn aligned_ticks_are_distinct_multiples_of_the_period() {
    let period = 7 * MS;
    let before = Realtime::now();
    let mut ticks = Realtime::interval_aligned(period);
    let mut last = None;
    for _ in 0..5 {
        let tick = ticks.tick().await;
        let now = Realtime::now();
        assert!(tick >= before && tick <= now);
        assert_eq!(tick.duration_since(UNIX_EPOCH.into()).as_nanos() % period.as_nanos(), 0);
        assert!(last.is_none_or(|last| tick > last), "{last:?}, {tick:?}");
        last = Some(tick);
    }
    // A tick whose future is dropped is not lost.
    let _ = timeout(Duration::ZERO, ticks.tick()).await;
    assert!(Some(ticks.tick().await) > last);
    assert_eq!(ticks.period(), period);
}

async fn missed_aligned_ticks_follow_the_missed_tick_behavior() {
    let period = 4 * MS;
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Delay, MissedTickBehavior::Burst]
    {
        let mut ticks = Realtime::interval_aligned(period);
        ticks.set_missed_tick_behavior(behavior);
        assert_eq!(ticks.missed_tick_behavior(), behavior);
        let first = ticks.tick().await;
        sleep(10 * period).await;
        let called = Realtime::now();
        let next = ticks.tick().await;
        if behavior == MissedTickBehavior::Burst {
            assert_eq!(next, first + period);
            assert_eq!(ticks.tick().await, first + 2 * period);
        } else {
            // The last multiple before the call to `tick`, or before it returned.
            assert!(next > called - period, "{behavior:?}: {next:?} at {called:?}");
            assert!(next > first + 8 * period);
        }
    }
}

async fn an_aligned_interval_can_be_reset() {
    let mut ticks = Realtime::interval_aligned(2 * MS);
    ticks.tick().await;
    sleep(10 * MS).await;
    let now = Realtime::now();
    ticks.reset();
    assert!(ticks.tick().await >= now);
    // A period of zero does not panic.
    Realtime::interval_aligned(Duration::ZERO).tick().await;
}

async fn without_a_clock_change_no_step_and_no_resume_is_reported() {
    let (mut changes, mut resumes) = (WallClockChanges::new(), Resumes::new());
    let (change, resumed) =
        futures::join!(timeout(20 * MS, changes.next()), timeout(20 * MS, resumes.next()));
    // Another process may set the clock of this machine while the test runs.
    assert!(change.is_err() || change != Ok(WallClockChange::Forward(Duration::ZERO)));
    assert!(resumed.is_err());
}

async fn ten_thousand_sleeps_by_the_wall_clock_all_fire() {
    let sleeps = (0..10_000u64)
        .map(|i| sleep_until(Realtime::now() + Duration::from_micros(i * 7919 % 50_000)));
    futures::future::join_all(sleeps).await;
}

#[test]
fn std_instants_convert_within_the_time_of_two_clock_readings() {
    fn check<C: Clock>()
    where
        Instant<C>: From<std::time::Instant> + Into<std::time::Instant>,
    {
        let std = std::time::Instant::now();
        for far in [Duration::ZERO, MS, Duration::from_secs(3600)] {
            let std = std + far;
            let converted = Instant::<C>::from(std);
            let back: std::time::Instant = converted.into();
            let error = (back - std).max(std - back);
            // Larger only if this thread is preempted in each of several attempts.
            assert!(error < Duration::from_millis(100), "{error:?}");
        }
        // A second is more than the error of the conversion.
        assert!(Instant::<C>::from(std::time::Instant::now() - Duration::from_secs(1)) <= C::now());
        let _: std::time::Instant = Instant::<C>::FAR_FUTURE.into();
    }
    check::<Monotonic>();
    check::<Boottime>();
}

#[test]
fn system_times_convert_exactly() {
    let time = UNIX_EPOCH + Duration::new(1_800_000_000, 123_456_789);
    assert_eq!(SystemTime::from(Instant::from(time)), time);
    assert_eq!(SystemTime::from(Instant::from(UNIX_EPOCH - MS)), UNIX_EPOCH);
}

#[cfg(all(target_os = "linux", not(dormouse_portable)))]
mod cases {
    use super::*;

    /// The reaction of the timer queue to a clock change is unit tested, and `scripts/suspend` tests all of it in a
    /// virtual machine whose clock is set.
    async fn check_timerfds() {
        let mut changes = WallClockChanges::new();
        assert!(timeout(MS, changes.next()).await.is_err());
        let timerfds = common::timerfds(rustix::time::TimerfdClockId::Realtime);
        assert!(!timerfds.is_empty());
        for timerfd in timerfds {
            // TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET
            assert!(timerfd.contains("settime flags: 03\n"), "{timerfd}");
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn wall_clock_timerfds_are_armed_with_cancel_on_set() {
        common::within_time(|| {
            dormouse::block_on(check_timerfds());
            smol::block_on(check_timerfds());
            common::current_thread().block_on(check_timerfds());
            common::multi_thread().block_on(check_timerfds());
        });
    }
}
