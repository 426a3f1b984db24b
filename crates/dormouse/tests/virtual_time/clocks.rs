//! The three clocks in virtual time: how they start, stand still and advance.

use super::{DAY, HOUR, MINUTE, SECOND};
use crate::common::{Count, MS, poll};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{Instant, Sleep};
use dormouse::{VirtualTime, interval_at, sleep, sleep_until, timeout};
use futures::FutureExt;
use futures::future::pending;
use std::pin::Pin;
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

fn hourly_ticks_are_exact_for_a_year<C: Clock>() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = C::now();
        let mut hourly = interval_at(start, HOUR);
        for hour in 0..=365 * 24 {
            assert_eq!(hourly.tick().await, start + hour * HOUR);
            assert_eq!(C::now(), start + hour * HOUR);
        }
        assert_eq!(start.elapsed(), 365 * DAY);
    });
}

#[test]
fn hourly_ticks_are_exact_for_a_year_on_the_boottime_clock() {
    hourly_ticks_are_exact_for_a_year::<Boottime>();
}

#[test]
fn hourly_ticks_are_exact_for_a_year_on_the_monotonic_clock() {
    hourly_ticks_are_exact_for_a_year::<Monotonic>();
}

#[test]
fn hourly_ticks_are_exact_for_a_year_on_the_wall_clock() {
    hourly_ticks_are_exact_for_a_year::<Realtime>();
}

#[test]
fn an_advance_moves_all_clocks_by_the_same_amount() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (boottime, monotonic, realtime) = (Boottime::now(), Monotonic::now(), Realtime::now());
    time.advance_now(DAY);
    assert_eq!(boottime.elapsed(), DAY);
    assert_eq!(monotonic.elapsed(), DAY);
    assert_eq!(Realtime::now(), realtime + DAY);
    assert_eq!(time.now(), boottime + DAY);
}

#[test]
fn virtual_clocks_stand_still_until_they_are_moved() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (now, date) = (Instant::now(), Realtime::now());
    std::thread::sleep(2 * MS);
    assert_eq!((Instant::now(), Realtime::now()), (now, date));
}

#[test]
fn virtual_clocks_start_at_the_real_time() {
    let before = (Boottime::now(), Monotonic::now(), Realtime::now());
    let time = VirtualTime::new();
    let after = (Boottime::now(), Monotonic::now(), Realtime::now());
    let _entered = time.enter();
    assert!((before.0..=after.0).contains(&Boottime::now()));
    assert!((before.1..=after.1).contains(&Monotonic::now()));
    assert!((before.2..=after.2).contains(&Realtime::now()));
}

#[test]
fn a_timeout_ends_at_its_deadline_and_not_before() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Instant::now();
        assert!(timeout(MINUTE, pending::<()>()).await.is_err());
        assert_eq!(start.elapsed(), MINUTE);
        assert_eq!(timeout(MINUTE, sleep(MINUTE - Duration::from_nanos(1))).await, Ok(()));
        // A timeout polls its future before its deadline.
        assert_eq!(timeout(MINUTE, sleep(MINUTE)).await, Ok(()));
    });
}

#[test]
fn the_longest_duration_never_elapses() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut never = sleep(Duration::MAX);
    let mut never_on_wall_clock = sleep_until(Realtime::now() + Duration::MAX);
    assert_eq!(poll(&mut never, &waker), Poll::Pending);
    assert_eq!(poll(&mut never_on_wall_clock, &waker), Poll::Pending);
    time.advance_now(Duration::MAX);
    time.advance_now(Duration::MAX);
    time.suspend(Duration::MAX);
    assert!(!never.is_elapsed());
    assert_eq!(poll(&mut never, &waker), Poll::Pending);
    assert_eq!(poll(&mut never_on_wall_clock, &waker), Poll::Pending);
    never.reset(Instant::now());
    assert_eq!(poll(&mut never, &waker), Poll::Ready(()));
    // One wake-up is from the reset; the other is from the suspend, which wakes all wall-clock sleeps.
    assert_eq!(count.get(), 2);
}

#[test]
fn a_sleep_that_never_ends_can_be_armed() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Instant::now();
        let mut idle = Sleep::never();
        assert!(timeout(DAY, &mut idle).await.is_err());
        assert_eq!(start.elapsed(), DAY);
        idle.reset(Instant::now() + HOUR);
        idle.await;
        assert_eq!(start.elapsed(), DAY + HOUR);
    });
}

type Waits = Vec<Pin<Box<dyn Future<Output = ()>>>>;

/// A wait of a minute with each function of a clock that measures durations.
macro_rules! waits_of_a_minute {
    ($clock:ident) => {{
        let deadline = $clock::now() + MINUTE;
        let mut ticks = $clock::interval(MINUTE);
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Ready($clock::now()));
        let mut ticks_at = $clock::interval_at(deadline, MINUTE);
        let waits: Waits = vec![
            Box::pin($clock::sleep(MINUTE)),
            Box::pin($clock::sleep_until(deadline)),
            Box::pin($clock::timeout(MINUTE, pending::<()>()).map(|out| assert!(out.is_err()))),
            Box::pin(
                $clock::timeout_at(deadline, pending::<()>()).map(|out| assert!(out.is_err())),
            ),
            Box::pin(async move { assert_eq!(ticks.tick().await, deadline) }),
            Box::pin(async move { assert_eq!(ticks_at.tick().await, deadline) }),
        ];
        waits
    }};
}

#[test]
fn the_functions_of_each_clock_wait_by_that_clock() {
    fn completed(waits: &mut Waits) -> usize {
        waits.iter_mut().map(|wait| usize::from(poll(wait, Waker::noop()).is_ready())).sum()
    }
    let time = VirtualTime::new();
    let _entered = time.enter();
    let mut boottime = waits_of_a_minute!(Boottime);
    let mut monotonic = waits_of_a_minute!(Monotonic);
    let noon = Realtime::now() + HOUR;
    let mut realtime: Waits = vec![
        Box::pin(Realtime::sleep_until(noon)),
        Box::pin(Realtime::sleep_until(SystemTime::from(noon))),
        Box::pin(Realtime::timeout_at(noon, pending::<()>()).map(|out| assert!(out.is_err()))),
    ];
    time.advance_now(MINUTE / 2);
    assert_eq!(completed(&mut boottime), 0);
    time.suspend(MINUTE / 2);
    assert_eq!(completed(&mut boottime), 6);
    assert_eq!(completed(&mut monotonic), 0);
    time.advance_now(MINUTE / 2);
    assert_eq!(completed(&mut monotonic), 6);
    assert_eq!(completed(&mut realtime), 0);
    time.set_wall_clock(noon);
    assert_eq!(completed(&mut realtime), 3);
}

#[test]
fn past_deadlines_elapse_at_once_and_distant_ones_exactly() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Instant::now();
        sleep(Duration::ZERO).await;
        sleep_until(start - SECOND).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        sleep(100 * 365 * DAY).await;
        assert_eq!(start.elapsed(), 100 * 365 * DAY);
    });
}
