//! Intervals, and slack: missed ticks, resets, and timers that fire together.

use super::{HOUR, MINUTE, SECOND};
use crate::common::{Count, MS, poll};
use dormouse::time::{Instant, MissedTickBehavior};
use dormouse::{VirtualTime, interval, interval_at, sleep};
use std::collections::BTreeSet;
use std::task::Poll;
use std::time::Duration;

#[test]
fn missed_ticks_are_measured_in_virtual_time() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Instant::now();
        let mut tick = interval(MINUTE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        tick.tick().await;
        sleep(150 * SECOND).await;
        assert_eq!(tick.tick().await, start + MINUTE);
        assert_eq!(tick.tick().await, start + 3 * MINUTE);
        tick.reset_after(HOUR);
        assert_eq!(tick.tick().await, start + 3 * MINUTE + HOUR);
    });
}

#[test]
fn a_new_period_counts_from_the_next_tick() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Instant::now();
        let mut tick = interval(MINUTE);
        tick.tick().await;
        tick.set_period(HOUR);
        assert_eq!(tick.tick().await, start + MINUTE);
        assert_eq!(tick.tick().await, start + MINUTE + HOUR);
        tick.set_period(SECOND);
        tick.reset();
        assert_eq!(tick.tick().await, start + MINUTE + HOUR + SECOND);
        assert_eq!(tick.tick().await, start + MINUTE + HOUR + 2 * SECOND);
    });
}

#[test]
fn an_interval_keeps_its_virtual_time_when_it_is_polled_outside() {
    let time = VirtualTime::new();
    let mut tick = {
        let _entered = time.enter();
        interval(MINUTE)
    };
    let start = time.now();
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (_, waker) = Count::new();
    assert_eq!(poll(&mut tick.tick(), &waker), Poll::Ready(start));
    time.advance_now(90 * SECOND);
    assert_eq!(poll(&mut tick.tick(), &waker), Poll::Ready(start + MINUTE));
    time.advance_now(MINUTE - Duration::from_nanos(1));
    assert_eq!(poll(&mut tick.tick(), &waker), Poll::Pending);
    time.advance_now(Duration::from_nanos(1));
    assert_eq!(poll(&mut tick.tick(), &waker), Poll::Ready(start + 150 * SECOND));
    tick.reset();
    time.advance_now(MINUTE);
    assert_eq!(poll(&mut tick.tick(), &waker), Poll::Ready(time.now()));
}

#[test]
fn ten_thousand_sleeps_in_one_second_with_20_ms_of_slack_fire_at_60_instants_at_most() {
    let time = VirtualTime::new();
    let ends = time.block_on(async {
        let each = (0..10_000).map(|n| {
            let sleep = sleep(n * Duration::from_micros(100)).slack(20 * MS);
            async {
                let deadline = sleep.deadline();
                sleep.await;
                let end = Instant::now();
                assert!((deadline..=deadline + 20 * MS).contains(&end));
                end
            }
        });
        futures::future::join_all(each).await
    });
    let times = BTreeSet::from_iter(ends).len();
    assert!(times <= 60, "{times} times");
    // Without slack, each sleep fires at its own deadline.
    let ends = time.block_on(async {
        let each = (0..100).map(|n| async move {
            sleep(n * Duration::from_micros(100)).await;
            Instant::now()
        });
        futures::future::join_all(each).await
    });
    assert_eq!(BTreeSet::from_iter(ends).len(), 100);
}

#[test]
fn ticks_with_slack_coalesce_and_do_not_count_as_missed() {
    for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip]
    {
        let time = VirtualTime::new();
        let ends = time.block_on(async {
            let each = (0..100).map(|n| async move {
                let start = Instant::now() + n * Duration::from_micros(100);
                let mut ticks = interval_at(start, 50 * MS).slack(20 * MS);
                ticks.set_missed_tick_behavior(behavior);
                let mut ends = Vec::new();
                for nth in 0..20 {
                    let due = start + nth * 50 * MS;
                    assert_eq!(ticks.tick().await, due, "{behavior:?}");
                    assert!((due..=due + 20 * MS).contains(&Instant::now()));
                    ends.push(Instant::now());
                }
                ends
            });
            futures::future::join_all(each).await
        });
        // The deadlines of one round spread over 10 ms, so with 20 ms of slack they fire at one instant or two.
        // The tick that is due at the start is one more.
        let times = BTreeSet::from_iter(ends.into_iter().flatten()).len();
        assert!(times <= 2 * 20 + 1, "{times} times");
    }
}

#[test]
fn after_a_night_of_suspend_burst_ticks_480_times_at_once_and_skip_and_delay_once() {
    let expected = [
        (MissedTickBehavior::Burst, 480, 481 * MINUTE),
        (MissedTickBehavior::Skip, 1, 481 * MINUTE),
        (MissedTickBehavior::Delay, 1, 481 * MINUTE + 30 * SECOND),
    ];
    for (behavior, expected, next) in expected {
        let time = VirtualTime::new();
        time.block_on(async {
            let start = Instant::now();
            let mut interval = interval(MINUTE);
            interval.set_missed_tick_behavior(behavior);
            interval.tick().await;
            sleep(30 * SECOND).await;
            time.suspend(8 * HOUR);
            let resumed = Instant::now();
            let mut ticks = 0;
            let due = loop {
                let due = interval.tick().await;
                if Instant::now() > resumed {
                    break due;
                }
                ticks += 1;
            };
            assert_eq!((ticks, due - start), (expected, next), "{behavior:?}");
        });
    }
}
