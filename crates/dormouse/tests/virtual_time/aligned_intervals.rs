//! Aligned intervals: ticks at multiples of a period, while the wall clock is set forward and back.

use super::{DAY, HOUR, MINUTE, SECOND, morning};
use crate::common::{Count, poll, within_time};
use dormouse::VirtualTime;
use dormouse::clock::Realtime;
use dormouse::time::{AlignedInterval, MissedTickBehavior};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn aligned_ticks_fall_on_multiples_of_the_period() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning() + SECOND);
    time.block_on(async {
        let mut minutes = Realtime::interval_aligned(MINUTE);
        for minute in 1..100 {
            assert_eq!(minutes.tick().await, morning() + minute * MINUTE);
            assert_eq!(Realtime::now(), morning() + minute * MINUTE);
        }
    });
}

/// Polls `ticks` until it is pending. Returns the multiples that ticked, in minutes after 8 o'clock.
fn minutes_ticked(ticks: &mut AlignedInterval) -> Vec<u32> {
    let mut minutes = Vec::new();
    while let Poll::Ready(at) = poll(&mut ticks.tick(), Waker::noop()) {
        let since = at.duration_since(morning());
        assert_eq!(since.as_nanos() % MINUTE.as_nanos(), 0);
        minutes.push((since.as_secs() / 60) as u32);
    }
    minutes
}

/// An interval aligned to minutes that has ticked twice: at 8:00, and at 8:01, which is now.
fn after_two_ticks(time: &VirtualTime, behavior: MissedTickBehavior) -> AlignedInterval {
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let mut ticks = Realtime::interval_aligned(MINUTE);
    ticks.set_missed_tick_behavior(behavior);
    assert_eq!(minutes_ticked(&mut ticks), [0]);
    time.advance_now(MINUTE);
    assert_eq!(minutes_ticked(&mut ticks), [1]);
    ticks
}

#[test]
fn a_multiple_ticks_once_even_if_the_clock_is_set_back() {
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Burst] {
        let time = VirtualTime::new();
        let mut ticks = after_two_ticks(&time, behavior);
        time.set_wall_clock(morning() - HOUR);
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(HOUR + MINUTE);
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(MINUTE - Duration::from_nanos(1));
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(Duration::from_nanos(1));
        assert_eq!(minutes_ticked(&mut ticks), [2], "{behavior:?}");
        // `reset` forgets which multiples have ticked.
        time.set_wall_clock(morning() + SECOND);
        ticks.reset();
        time.advance_now(MINUTE);
        assert_eq!(minutes_ticked(&mut ticks), [1], "{behavior:?}");
    }
}

#[test]
fn with_delay_multiples_tick_again_after_the_clock_is_set_back() {
    let time = VirtualTime::new();
    let mut ticks = after_two_ticks(&time, MissedTickBehavior::Delay);
    // Set back, but not to before the last multiple that ticked.
    time.advance_now(30 * SECOND);
    time.set_wall_clock(morning() + MINUTE);
    assert_eq!(minutes_ticked(&mut ticks), []);
    time.set_wall_clock(morning() + SECOND);
    assert_eq!(minutes_ticked(&mut ticks), []);
    time.advance_now(MINUTE);
    assert_eq!(minutes_ticked(&mut ticks), [1]);
    time.advance_now(MINUTE);
    assert_eq!(minutes_ticked(&mut ticks), [2]);
}

#[test]
fn missed_multiples_follow_the_missed_tick_behavior() {
    for (behavior, expected) in [
        (MissedTickBehavior::Skip, vec![10]),
        (MissedTickBehavior::Delay, vec![10]),
        (MissedTickBehavior::Burst, (2..=10).collect()),
    ] {
        let jumps: [fn(&VirtualTime); 3] = [
            |time| time.set_wall_clock(morning() + 10 * MINUTE + SECOND),
            |time| assert_eq!(time.suspend(9 * MINUTE + SECOND), 9 * MINUTE + SECOND),
            |time| time.advance_now(9 * MINUTE + SECOND),
        ];
        for jump in jumps {
            let time = VirtualTime::new();
            let mut ticks = after_two_ticks(&time, behavior);
            assert_eq!(minutes_ticked(&mut ticks), []);
            jump(&time);
            assert_eq!(minutes_ticked(&mut ticks), expected, "{behavior:?}");
            time.advance_now(MINUTE - SECOND);
            assert_eq!(minutes_ticked(&mut ticks), [11], "{behavior:?}");
        }
    }
}

#[test]
fn periods_beyond_the_range_of_the_clock_do_not_panic() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Burst, MissedTickBehavior::Delay]
    {
        for period in [400 * 365 * DAY, 600 * 365 * DAY, Duration::MAX] {
            let mut ticks = Realtime::interval_aligned(period);
            ticks.set_missed_tick_behavior(behavior);
            assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Pending);
        }
        time.set_wall_clock(UNIX_EPOCH);
        let mut ticks = Realtime::interval_aligned(Duration::MAX);
        ticks.set_missed_tick_behavior(behavior);
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Ready(UNIX_EPOCH.into()));
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Pending);
        time.set_wall_clock(UNIX_EPOCH + 1000 * 365 * DAY);
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Pending);
        time.set_wall_clock(morning());
    }
}

#[test]
fn with_delay_a_step_back_during_a_poll_is_noticed() {
    const ROUNDS: usize = 2000;
    within_time(|| {
        let time = VirtualTime::new();
        let _entered = time.enter();
        let [begun, sets, done] = [const { AtomicUsize::new(0) }; 3];
        let reached = |counter: &AtomicUsize, round| counter.load(Ordering::SeqCst) >= round;
        let mut lost = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    while !reached(&begun, round) {
                        std::thread::yield_now();
                    }
                    sets.store(round, Ordering::SeqCst);
                    (0..round % 32).for_each(|_| std::hint::spin_loop());
                    time.set_wall_clock(morning() + SECOND);
                    done.store(round, Ordering::SeqCst);
                }
            });
            for round in 1..=ROUNDS {
                time.set_wall_clock(morning() + HOUR);
                begun.store(round, Ordering::SeqCst);
                let (count, mut minutes) = loop {
                    let (count, waker) = Count::new();
                    let mut minutes = Realtime::interval_aligned(MINUTE);
                    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    // The first poll ticks for the full hour. The second registers for the next minute.
                    let _ = poll(&mut minutes.tick(), &waker);
                    let _ = poll(&mut minutes.tick(), &waker);
                    if reached(&sets, round) {
                        break (count, minutes);
                    }
                    std::thread::yield_now();
                };
                while !reached(&done, round) {
                    std::thread::yield_now();
                }
                // A woken task polls the interval again.
                let woken = count.get();
                if woken > 0 {
                    let _ = poll(&mut minutes.tick(), &count.clone().into());
                }
                time.advance_now(MINUTE);
                lost += usize::from(count.get() == woken);
            }
        });
        assert_eq!(lost, 0, "of {ROUNDS} intervals missed the step back");
    });
}
