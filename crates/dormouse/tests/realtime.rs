//! What sleeps and intervals by the wall clock promise, on every reactor. Nobody sets it here: what happens then is
//! tested in virtual time.

mod common;

use common::{MS, never_early};
use dormouse::clock::{self, Clock, Monotonic, Realtime, Step};
use dormouse::time::{Instant, MissedTickBehavior};
use dormouse::{interval_at, sleep, sleep_until, timeout, timeout_at};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

on_every_reactor! {
    a_sleep_by_the_wall_clock_is_never_early
    a_time_that_has_passed_is_over_at_once
    a_time_that_never_comes_is_waited_for
    timeouts_and_intervals_go_by_the_wall_clock_too
    aligned_ticks_are_multiples_one_each
    late_ticks_are_made_up_for_or_not
    an_aligned_interval_can_start_anew
    where_nobody_sets_the_clock_there_are_no_steps_and_no_resumes
    ten_thousand_sleeps_by_the_wall_clock_all_fire
}

// Other tests make timerfds that are about to be set.
#[cfg(target_os = "linux")]
each_in_a_process_of_its_own! { the_kernel_is_asked_to_tell_when_the_wall_clock_is_set }

async fn a_sleep_by_the_wall_clock_is_never_early() {
    for ms in [1, 3, 10] {
        let until = SystemTime::now() + ms * MS;
        let sleep = Realtime::sleep_until(until);
        assert_eq!(SystemTime::from(sleep.deadline()), until);
        never_early(sleep).await;
        assert!(SystemTime::now() >= until);
    }
    never_early(Realtime::sleep(2 * MS)).await;
}

async fn a_time_that_has_passed_is_over_at_once() {
    for time in [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1), SystemTime::now() - MS] {
        let (_, polls) = common::count_polls(Realtime::sleep_until(time)).await;
        assert_eq!(polls, 1);
    }
}

async fn a_time_that_never_comes_is_waited_for() {
    let year_3000 = UNIX_EPOCH + Duration::from_secs(1030 * 365 * 86_400);
    for time in [year_3000, Realtime::now() + Duration::from_secs(3600)] {
        assert!(timeout(5 * MS, Realtime::sleep_until(time)).await.is_err());
    }
    assert_eq!(Instant::from(year_3000), Instant::<Realtime>::FAR_FUTURE);
}

async fn timeouts_and_intervals_go_by_the_wall_clock_too() {
    let soon = Instant::from(SystemTime::now() + 3 * MS);
    assert!(timeout_at(soon, std::future::pending::<()>()).await.is_err());
    let mut ticks = interval_at(soon, 2 * MS);
    assert_eq!(ticks.tick().await, soon);
    assert_eq!(ticks.tick().await, soon + 2 * MS);
    sleep_until(soon).await;
}

async fn aligned_ticks_are_multiples_one_each() {
    let period = 7 * MS;
    let before = SystemTime::now();
    let mut ticks = Realtime::interval_aligned(period);
    let mut last = None;
    for _ in 0..5 {
        let tick = ticks.tick().await;
        let now = SystemTime::now();
        assert!(tick >= before && tick <= now);
        assert_eq!(tick.duration_since(UNIX_EPOCH).unwrap().as_nanos() % period.as_nanos(), 0);
        assert!(last.is_none_or(|last| tick > last), "{last:?}, {tick:?}");
        last = Some(tick);
    }
    // A tick that was begun and dropped is not lost.
    let _ = timeout(Duration::ZERO, ticks.tick()).await;
    assert!(Some(ticks.tick().await) > last);
    assert_eq!(ticks.period(), period);
}

async fn late_ticks_are_made_up_for_or_not() {
    let period = 4 * MS;
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Delay, MissedTickBehavior::Burst]
    {
        let mut ticks = Realtime::interval_aligned(period);
        ticks.set_missed_tick_behavior(behavior);
        assert_eq!(ticks.missed_tick_behavior(), behavior);
        let first = ticks.tick().await;
        sleep(10 * period).await;
        let asked = SystemTime::now();
        let next = ticks.tick().await;
        if behavior == MissedTickBehavior::Burst {
            assert_eq!(next, first + period);
            assert_eq!(ticks.tick().await, first + 2 * period);
        } else {
            // The last multiple that has passed by then, or by the time that the tick was given out.
            assert!(next > asked - period, "{behavior:?}: {next:?} at {asked:?}");
            assert!(next > first + 8 * period);
        }
    }
}

async fn an_aligned_interval_can_start_anew() {
    let mut ticks = Realtime::interval_aligned(2 * MS);
    ticks.tick().await;
    sleep(10 * MS).await;
    let now = SystemTime::now();
    ticks.reset();
    assert!(ticks.tick().await >= now);
    // A period of zero is not a panic.
    Realtime::interval_aligned(Duration::ZERO).tick().await;
}

async fn where_nobody_sets_the_clock_there_are_no_steps_and_no_resumes() {
    let (mut changes, mut resumes) = (clock::changes(), clock::resumes());
    let (step, resumed) =
        futures::join!(timeout(20 * MS, changes.change()), timeout(20 * MS, resumes.resume()));
    // Somebody else may set this machine's clock while the test runs.
    assert!(step.is_err() || step.is_ok_and(|step| step != Step::Forward(Duration::ZERO)));
    assert!(resumed.is_err());
}

async fn ten_thousand_sleeps_by_the_wall_clock_all_fire() {
    let sleeps = (0..10_000u64).map(|i| Realtime::sleep(Duration::from_micros(i * 7919 % 50_000)));
    futures::future::join_all(sleeps).await;
}

#[test]
fn instants_of_std_convert_to_within_what_reading_two_clocks_takes() {
    fn check<C: Clock>() {
        let std = std::time::Instant::now();
        for far in [Duration::ZERO, MS, Duration::from_secs(3600)] {
            let std = std + far;
            let ours = Instant::<C>::from(std);
            let back = std::time::Instant::from(ours);
            let off = (back - std).max(std - back);
            // Unless this thread loses the processor in each of several attempts.
            assert!(off < Duration::from_millis(100), "{off:?}");
        }
        // Of a second ago, which is more than the conversion can be wrong by.
        assert!(Instant::<C>::from(std::time::Instant::now() - Duration::from_secs(1)) <= C::now());
        let _ = std::time::Instant::from(Instant::<C>::FAR_FUTURE);
    }
    check::<Monotonic>();
    check::<clock::Boottime>();
    check::<Realtime>();
}

#[test]
fn system_times_convert_exactly() {
    let time = UNIX_EPOCH + Duration::new(1_800_000_000, 123_456_789);
    assert_eq!(SystemTime::from(Instant::from(time)), time);
    assert_eq!(SystemTime::from(Instant::from(UNIX_EPOCH - MS)), UNIX_EPOCH);
}

#[cfg(target_os = "linux")]
mod cases {
    use super::*;

    /// What a queue does when it is told is tested beside the queue; and all of it in a machine whose clock is set.
    async fn is_asked() {
        let mut changes = clock::changes();
        assert!(timeout(MS, changes.change()).await.is_err());
        let timerfds = common::timerfds(rustix::time::TimerfdClockId::Realtime);
        assert!(!timerfds.is_empty());
        for told in timerfds {
            // TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET
            assert!(told.contains("settime flags: 03\n"), "{told}");
        }
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn the_kernel_is_asked_to_tell_when_the_wall_clock_is_set() {
        common::within_time(|| {
            dormouse::block_on(is_asked());
            smol::block_on(is_asked());
            common::current_thread().block_on(is_asked());
            common::multi_thread().block_on(is_asked());
        });
    }
}
