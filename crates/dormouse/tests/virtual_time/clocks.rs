//! Clocks, and what follows them.

use super::{DAY, HOUR, Log, MINUTE, SECOND};
use crate::common::{Count, MS, poll, within_time};
use dormouse::clock::{self, Boottime, Clock, Monotonic, Realtime, Step};
use dormouse::time::{Alarm, AlignedInterval, Instant, MissedTickBehavior};
use dormouse::{VirtualTime, interval, interval_at, sleep, sleep_until, timeout};
use futures::future::{join, pending};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Some day, at 8 o'clock.
fn morning() -> SystemTime {
    UNIX_EPOCH + 20_000 * DAY + 8 * HOUR
}

fn a_year_of_hourly_ticks<C: Clock>() {
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
fn a_year_passes_by_boot_time() {
    a_year_of_hourly_ticks::<Boottime>();
}

#[test]
fn a_year_passes_by_the_monotonic_clock() {
    a_year_of_hourly_ticks::<Monotonic>();
}

#[test]
fn a_year_passes_by_the_wall_clock() {
    a_year_of_hourly_ticks::<Realtime>();
}

#[test]
fn all_clocks_go_by_the_same() {
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
fn it_stands_still_until_it_is_moved() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (now, date) = (Instant::now(), Realtime::now());
    std::thread::sleep(2 * MS);
    assert_eq!((Instant::now(), Realtime::now()), (now, date));
}

#[test]
fn it_begins_at_the_real_present() {
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
        // The future is asked first.
        assert_eq!(timeout(MINUTE, sleep(MINUTE)).await, Ok(()));
    });
}

#[test]
fn missed_ticks_are_told_by_virtual_time() {
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
fn an_interval_keeps_its_clock_when_it_is_polled_outside() {
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
fn aligned_ticks_come_at_round_times() {
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

/// The multiples of a minute after 8 o'clock for which `ticks` is ready, as it is now.
fn minutes_ticked(ticks: &mut AlignedInterval) -> Vec<u32> {
    let mut minutes = Vec::new();
    while let Poll::Ready(at) = poll(&mut ticks.tick(), Waker::noop()) {
        let since = at.duration_since(morning()).unwrap();
        assert_eq!(since.as_nanos() % MINUTE.as_nanos(), 0);
        minutes.push((since.as_secs() / 60) as u32);
    }
    minutes
}

/// Ticks each full minute, of which those at 8 o'clock and a minute past have ticked.
fn two_minutes_in(time: &VirtualTime, behavior: MissedTickBehavior) -> AlignedInterval {
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
fn a_multiple_ticks_once_though_the_clock_is_set_back() {
    for behavior in [MissedTickBehavior::Skip, MissedTickBehavior::Burst] {
        let time = VirtualTime::new();
        let mut ticks = two_minutes_in(&time, behavior);
        time.set_wall_clock(morning() - HOUR);
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(HOUR + MINUTE);
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(MINUTE - Duration::from_nanos(1));
        assert_eq!(minutes_ticked(&mut ticks), [], "{behavior:?}");
        time.advance_now(Duration::from_nanos(1));
        assert_eq!(minutes_ticked(&mut ticks), [2], "{behavior:?}");
        // Unless that is forgotten.
        time.set_wall_clock(morning() + SECOND);
        ticks.reset();
        time.advance_now(MINUTE);
        assert_eq!(minutes_ticked(&mut ticks), [1], "{behavior:?}");
    }
}

#[test]
fn with_delay_multiples_that_come_again_tick_again() {
    let time = VirtualTime::new();
    let mut ticks = two_minutes_in(&time, MissedTickBehavior::Delay);
    // Back, but not to before what has ticked.
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
fn multiples_that_were_left_out_tick_as_the_behavior_says() {
    for (behavior, told) in [
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
            let mut ticks = two_minutes_in(&time, behavior);
            assert_eq!(minutes_ticked(&mut ticks), []);
            jump(&time);
            assert_eq!(minutes_ticked(&mut ticks), told, "{behavior:?}");
            time.advance_now(MINUTE - SECOND);
            assert_eq!(minutes_ticked(&mut ticks), [11], "{behavior:?}");
        }
    }
}

#[test]
fn periods_beyond_the_range_of_the_clock_are_no_panic() {
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
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Ready(UNIX_EPOCH));
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Pending);
        time.set_wall_clock(UNIX_EPOCH + 1000 * 365 * DAY);
        assert_eq!(poll(&mut ticks.tick(), Waker::noop()), Poll::Pending);
        time.set_wall_clock(morning());
    }
}

#[test]
fn with_delay_a_step_back_in_the_middle_of_a_poll_is_seen() {
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
                    // The full hour, and the wait for the next minute.
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
                // As a task does that is polled when it has been woken.
                let woken = count.get();
                if woken > 0 {
                    let _ = poll(&mut minutes.tick(), &count.clone().into());
                }
                time.advance_now(MINUTE);
                lost += usize::from(count.get() == woken);
            }
        });
        assert_eq!(lost, 0, "of {ROUNDS} sleep by the former time");
    });
}

#[test]
fn the_longest_duration_never_ends() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut never = sleep(Duration::MAX);
    let mut never_by_date = Realtime::sleep(Duration::MAX);
    assert_eq!(poll(&mut never, &waker), Poll::Pending);
    assert_eq!(poll(&mut never_by_date, &waker), Poll::Pending);
    time.advance_now(Duration::MAX);
    time.advance_now(Duration::MAX);
    time.suspend(Duration::MAX);
    assert!(!never.is_elapsed());
    assert_eq!(poll(&mut never, &waker), Poll::Pending);
    assert_eq!(poll(&mut never_by_date, &waker), Poll::Pending);
    never.reset(Instant::now());
    assert_eq!(poll(&mut never, &waker), Poll::Ready(()));
    // Those by the wall clock are woken after a suspend, to look at it.
    assert_eq!(count.get(), 2);
}

#[test]
fn a_suspend_moves_boot_time_and_the_date_but_not_the_monotonic_clock() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (boottime, monotonic, date) = (Boottime::now(), Monotonic::now(), Realtime::now());
    assert_eq!(time.suspend(HOUR), HOUR);
    assert_eq!(boottime.elapsed(), HOUR);
    assert_eq!(monotonic.elapsed(), Duration::ZERO);
    assert_eq!(Realtime::now(), date + HOUR);
}

#[test]
fn what_was_due_during_a_suspend_fires_when_it_is_over() {
    let time = VirtualTime::new();
    let machine = time.clone();
    let log = Log::new();
    let at = |name, log: Log<_>| {
        let start = time.now();
        let time = time.clone();
        move |()| log.add((name, time.now() - start))
    };
    use futures::FutureExt;
    let scenario = async {
        let lease = Boottime::sleep(2 * MINUTE).map(at("lease", log.clone()));
        let earlier = Boottime::sleep(MINUTE).map(at("earlier", log.clone()));
        let work = Monotonic::sleep(2 * MINUTE).map(at("work", log.clone()));
        let lid = Boottime::sleep(SECOND).map(|()| machine.suspend(HOUR));
        futures::join!(lease, earlier, work, lid);
    };
    time.block_on(scenario);
    let told = log.take();
    assert_eq!(told.len(), 3);
    assert!(told[..2].contains(&("lease", HOUR + SECOND)));
    assert!(told[..2].contains(&("earlier", HOUR + SECOND)));
    assert_eq!(told[2], ("work", HOUR + 2 * MINUTE));
}

#[test]
fn a_suspend_is_told() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut resumes = clock::resumes();
    let mut changes = clock::changes();
    assert_eq!(poll(&mut resumes.resume(), &waker), Poll::Pending);
    time.advance_now(DAY);
    assert_eq!(count.get(), 0);
    time.suspend(HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut resumes.resume(), &waker), Poll::Ready(HOUR));
    assert_eq!(poll(&mut resumes.resume(), &waker), Poll::Pending);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
}

#[test]
fn a_step_of_the_wall_clock_is_told() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut resumes = clock::resumes();
    let mut changes = clock::changes();
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Forward(HOUR)));
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + MINUTE);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Back(HOUR - MINUTE)));
    // The machine was not suspended.
    assert_eq!(poll(&mut resumes.resume(), &waker), Poll::Pending);
}

#[test]
fn a_step_of_centuries_is_told_in_its_direction() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (_, waker) = Count::new();
    let mut changes = clock::changes();
    let (then, now) = (UNIX_EPOCH + 550 * 365 * DAY, morning());
    let by = then.duration_since(now).unwrap();
    time.set_wall_clock(then);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Forward(by)));
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Back(by)));
    // Those that cancel each other out are not told.
    time.set_wall_clock(then);
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
}

#[test]
fn who_waits_for_a_step_keeps_nobody_from_jumping_and_is_no_deadline() {
    let time = VirtualTime::new();
    let machine = time.clone();
    let start = time.now();
    let step = time.block_on(async {
        let mut changes = clock::changes();
        let ntp = async {
            sleep(HOUR).await;
            machine.set_wall_clock(Realtime::now() + MINUTE);
        };
        join(changes.change(), ntp).await.0
    });
    assert_eq!(step, Step::Forward(MINUTE));
    assert_eq!(time.now() - start, HOUR);
}

#[test]
fn sleeps_by_the_wall_clock_follow_it_in_either_direction() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (_, waker) = Count::new();
    let mut noon = Realtime::sleep_until(morning() + 4 * HOUR);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.set_wall_clock(morning() - 2 * HOUR);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.advance_now(6 * HOUR - SECOND);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);

    let (count, waker) = Count::new();
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.set_wall_clock(morning() + 5 * HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut noon, &waker), Poll::Ready(()));
}

#[test]
fn a_step_moves_no_other_clock() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (boottime, monotonic) = (Boottime::now(), Monotonic::now());
    time.set_wall_clock(morning());
    assert_eq!(Realtime::now(), morning());
    time.set_wall_clock(UNIX_EPOCH - DAY);
    assert_eq!(Realtime::now(), UNIX_EPOCH);
    assert_eq!((Boottime::now(), Monotonic::now()), (boottime, monotonic));
}

#[test]
fn an_alarm_wakes_the_machine() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    // No capability is asked for.
    let mut alarm = Alarm::new(Instant::now() + HOUR).unwrap();
    let by_date = Alarm::new(Realtime::now().into()).unwrap();
    assert!(by_date.is_elapsed());
    assert_eq!(time.suspend(DAY), HOUR);
    assert!(alarm.is_elapsed());
    // It has gone off.
    assert_eq!(time.suspend(DAY), DAY);

    alarm.reset(Instant::now() + MINUTE).unwrap();
    let by_date = Alarm::new((Realtime::now() + SECOND).into()).unwrap();
    assert_eq!(time.suspend(DAY), SECOND);
    drop(by_date);
    assert_eq!(time.suspend(DAY), MINUTE - SECOND);
    alarm.reset(Instant::now() + MINUTE).unwrap();
    let (count, waker) = Count::new();
    assert_eq!(poll(&mut alarm, &waker), Poll::Pending);
    drop(alarm);
    assert_eq!(time.suspend(DAY), DAY);
    assert_eq!(count.get(), 0);
}

#[test]
fn an_alarm_that_has_gone_off_wakes_the_machine_no_more_though_its_time_comes_again() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let mut alarm = Alarm::new(Instant::from(morning() + HOUR)).unwrap();
    let ways: [fn(&VirtualTime); 2] =
        [|time| time.advance_now(HOUR), |time| time.set_wall_clock(morning() + DAY)];
    for pass in ways {
        pass(&time);
        time.set_wall_clock(morning());
        assert_eq!(time.suspend(MINUTE), MINUTE);
        assert_eq!(time.suspend(DAY), DAY);
        time.set_wall_clock(morning());
        alarm.reset(Instant::from(morning() + HOUR)).unwrap();
    }
    // Set back before, it follows.
    time.set_wall_clock(morning() - HOUR);
    assert_eq!(time.suspend(DAY), 2 * HOUR);
}

#[test]
fn instants_of_std_convert_by_the_virtual_present() {
    fn check<C: Clock>() {
        let std = std::time::Instant::now();
        for ahead in [Duration::ZERO, HOUR] {
            let ours = Instant::<C>::from(std + ahead);
            let back = std::time::Instant::from(C::now() + ahead);
            // std's clock has gone on since.
            let late = std.elapsed();
            assert!((C::now() - late..=C::now()).contains(&(ours - ahead)));
            assert!((std..=std + late).contains(&(back - ahead)));
        }
    }
    let time = VirtualTime::new();
    let _entered = time.enter();
    time.advance_now(DAY);
    time.suspend(DAY);
    time.set_wall_clock(morning());
    check::<Boottime>();
    check::<Monotonic>();
    check::<Realtime>();
}

#[cfg(feature = "hyper")]
#[test]
fn hyper_s_timer_goes_by_virtual_time() {
    use dormouse::time::HyperTimer;
    use hyper::rt::Timer;

    let time = VirtualTime::new();
    time.block_on(async {
        let start = Monotonic::now();
        HyperTimer.sleep(HOUR).await;
        assert_eq!(start.elapsed(), HOUR);
        let before = std::time::Instant::now();
        let mut sleep = HyperTimer.sleep_until(before + HOUR);
        sleep.as_mut().await;
        let late = before.elapsed();
        assert!((2 * HOUR - late..=2 * HOUR).contains(&start.elapsed()));
        HyperTimer.reset(&mut sleep, before + 2 * HOUR);
        sleep.await;
        assert!((4 * HOUR - 2 * before.elapsed()..=4 * HOUR).contains(&start.elapsed()));
    });
}

#[test]
fn ten_thousand_sleeps_in_a_second_with_20_ms_of_slack_end_at_60_times() {
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
    // Without slack, each at its own.
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
fn ticks_with_slack_fall_together_and_do_not_count_as_missed() {
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
        // Those of 10 ms, within which 20 ms of slack may or may not end; and the first, which are over at once.
        let times = BTreeSet::from_iter(ends.into_iter().flatten()).len();
        assert!(times <= 2 * 20 + 1, "{times} times");
    }
}

#[test]
fn a_deadline_far_off_and_a_zero_one() {
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

/// As the README has it, where the compiler does not look into tests.
#[test]
fn a_lease_runs_out_while_the_lid_is_closed() {
    let time = VirtualTime::new();
    time.block_on(async {
        let (start, awake) = (Instant::now(), Monotonic::now());
        let lease = sleep(Duration::from_secs(3600));
        time.suspend(Duration::from_secs(7200));
        lease.await;
        assert_eq!(start.elapsed(), Duration::from_secs(7200));
        assert_eq!(awake.elapsed(), Duration::ZERO);
    });
}
