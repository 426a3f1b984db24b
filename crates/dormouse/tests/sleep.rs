//! Sleeps, on every reactor.

mod common;

use common::{
    Count, MS, assert_not_early, count_polls, pending_for, poll, retry_with_longer_time, waker,
};
use dormouse::clock::{Boottime, Monotonic};
use dormouse::time::{Instant, Sleep};
use dormouse::{sleep, sleep_until};
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

on_every_reactor! {
    a_sleep_is_never_early
    a_sleep_costs_two_polls_and_one_wake_up
    zero_and_past_deadlines_are_ready_at_the_first_poll
    the_longest_duration_never_fires_and_never_overflows
    a_completed_sleep_is_ready_when_polled_again
    the_waker_of_the_last_poll_is_woken
    a_sleep_can_be_reset_to_an_earlier_deadline
    a_sleep_can_be_reset_to_a_later_deadline
    a_sleep_that_is_reset_to_later_and_then_to_earlier_fires_at_the_last_deadline
    a_sleep_that_is_reset_continuously_wakes_its_task_once_a_period
    a_completed_sleep_can_be_reset
    a_sleep_that_never_ends_can_be_armed
    sleeps_fire_in_the_order_of_their_deadlines
    a_panicking_waker_does_not_affect_other_sleeps
    a_waker_may_panic_twice
    a_waker_may_use_timers
    a_dropped_sleep_wakes_no_task
    ten_thousand_sleeps_all_fire
}

async fn a_sleep_is_never_early() {
    for us in [1, 10, 100, 500, 1000, 1001, 4096, 5000] {
        for _ in 0..5 {
            let duration = Duration::from_micros(us);
            let start = std::time::Instant::now();
            assert_not_early(Boottime::sleep(duration)).await;
            assert_not_early(Monotonic::sleep(duration)).await;
            assert!(start.elapsed() >= 2 * duration);
        }
    }
}

async fn a_sleep_costs_two_polls_and_one_wake_up() {
    // The second time, the timer queue is running already.
    for duration in [20 * MS, 200 * MS] {
        // On a slow machine, the deadline may pass before the first poll.
        let polls = count_polls(sleep(duration)).await.1;
        assert!(polls <= 2, "{polls} polls");
    }
}

async fn zero_and_past_deadlines_are_ready_at_the_first_poll() {
    let waker = Waker::noop();
    assert_eq!(poll(&mut sleep(Duration::ZERO), waker), Poll::Ready(()));
    assert_eq!(poll(&mut sleep_until(Instant::now() - 3600 * 1000 * MS), waker), Poll::Ready(()));
    let mut past = sleep(MS);
    std::thread::sleep(2 * MS);
    assert_eq!(poll(&mut past, waker), Poll::Ready(()));
}

async fn the_longest_duration_never_fires_and_never_overflows() {
    let (count, waker) = Count::new();
    for duration in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_nanos(u64::MAX)] {
        let mut forever = sleep(duration);
        assert!(poll(&mut forever, &waker).is_pending());
        assert!(!forever.is_elapsed());
        sleep(2 * MS).await;
        assert!(poll(&mut forever, &waker).is_pending());
    }
    assert_eq!(count.get(), 0);
}

async fn a_completed_sleep_is_ready_when_polled_again() {
    let mut sleep = sleep(MS);
    (&mut sleep).await;
    for _ in 0..3 {
        assert_eq!(poll(&mut sleep, Waker::noop()), Poll::Ready(()));
    }
    assert!(sleep.is_elapsed());
}

async fn the_waker_of_the_last_poll_is_woken() {
    let (first, last, polled_twice) = retry_with_longer_time(5 * MS, |time| {
        let (first, first_waker) = Count::new();
        let (last, last_waker) = Count::new();
        let mut polled_twice = sleep(time);
        let wakers = [first_waker, last_waker];
        let waits = wakers.iter().all(|waker| poll(&mut polled_twice, waker).is_pending());
        waits.then_some((first, last, polled_twice))
    });
    sleep_until(polled_twice.deadline() + 5 * MS).await;
    last.wait_for_async(1).await;
    assert!(polled_twice.is_elapsed());
    assert_eq!((first.get(), last.get()), (0, 1));
}

async fn a_sleep_can_be_reset_to_an_earlier_deadline() {
    let (_, waker) = Count::new();
    let mut sleep = sleep(3600 * 1000 * MS);
    assert!(poll(&mut sleep, &waker).is_pending());
    sleep.reset(Instant::now() + 5 * MS);
    assert_not_early(sleep).await;

    // Its task is woken at the new deadline even if the sleep is not polled after the reset.
    let mut hour = Some(dormouse::sleep(3600 * 1000 * MS));
    let mut was_reset = false;
    poll_fn(|cx| {
        let hour = hour.as_mut().unwrap();
        if was_reset {
            return if hour.is_elapsed() { Poll::Ready(()) } else { Poll::Pending };
        }
        assert!(poll(hour, cx.waker()).is_pending());
        hour.reset(Instant::now() + 5 * MS);
        was_reset = true;
        Poll::Pending
    })
    .await;
}

async fn a_sleep_can_be_reset_to_a_later_deadline() {
    let mut sleep = pending_for(5 * MS, Waker::noop());
    let before = sleep.deadline();
    let after = before + 20 * MS;
    sleep.reset(after);
    assert_eq!(sleep.deadline(), after);
    sleep_until(after - 5 * MS).await;
    if Instant::now() < after {
        assert!(poll(&mut sleep, Waker::noop()).is_pending());
    }
    assert_not_early(sleep).await;
}

async fn a_sleep_that_is_reset_to_later_and_then_to_earlier_fires_at_the_last_deadline() {
    // Before, at and after the deadline with which the sleep is registered in the queue.
    for last in [5 * MS, 20 * MS, 30 * MS] {
        let mut sleep = pending_for(20 * MS, Waker::noop());
        let start = sleep.deadline() - 20 * MS;
        for deadline in [start + 3600 * 1000 * MS, start + last] {
            sleep.reset(deadline);
        }
        assert_not_early(sleep).await;
    }
}

async fn a_sleep_that_is_reset_continuously_wakes_its_task_once_a_period() {
    let period = 50 * MS;
    let mut idle = sleep(period);
    let (count, waker) = Count::new();
    let (mut packets, mut woken, start) = (0, 0, Instant::now());
    while packets < 200 {
        if count.get() > woken || packets == 0 {
            woken = count.get();
            if poll(&mut idle, &waker).is_ready() {
                // The machine was too slow to reset the sleep in time.
                return;
            }
        }
        sleep(MS).await;
        idle.reset(Instant::now() + period);
        packets += 1;
    }
    // A period starts at the last packet before a wake-up, so it is up to one packet shorter.
    let periods = start.elapsed().as_millis() / period.as_millis();
    assert!(woken as u128 <= periods + 1, "woken {woken} times in {periods} periods");
}

async fn a_completed_sleep_can_be_reset() {
    let mut sleep = sleep(MS);
    for _ in 0..3 {
        (&mut sleep).await;
        let next = Instant::now() + 2 * MS;
        sleep.reset(next);
        assert!(!sleep.is_elapsed() || Instant::now() >= next);
        (&mut sleep).await;
        assert!(Instant::now() >= next);
    }
}

async fn a_sleep_that_never_ends_can_be_armed() {
    let (count, waker) = Count::new();
    let mut never = Sleep::never();
    assert_eq!(never.deadline(), Instant::<Boottime>::FAR_FUTURE);
    assert!(poll(&mut never, &waker).is_pending());
    never.reset(Instant::now() + MS);
    sleep_until(never.deadline() + MS).await;
    count.wait_for_async(1).await;
    assert_eq!(count.get(), 1);
}

async fn sleeps_fire_in_the_order_of_their_deadlines() {
    let (order, start, mut sleeps) = retry_with_longer_time(20 * MS, |time| {
        // A thread that has collected timers may be interrupted before it wakes their tasks. Meanwhile another thread may
        // collect and wake later ones. So there is an order for each thread.
        let order = Arc::new(Mutex::new(HashMap::<_, Vec<_>>::new()));
        let start = Instant::now() + time;
        let sleeps = (0..200u32).map(|i| {
            let nth = (i * 7919) % 200;
            let order = order.clone();
            let mut sleep = sleep_until(start + nth * Duration::from_micros(10));
            let thread = || std::thread::current().id();
            let waker = waker(move || order.lock().unwrap().entry(thread()).or_default().push(nth));
            poll(&mut sleep, &waker).is_pending().then_some(sleep)
        });
        let sleeps: Vec<_> = sleeps.collect::<Option<_>>()?;
        // A sleep that is registered after another has fired may be in time, but out of order.
        (Instant::now() < start).then_some((order, start, sleeps))
    });
    sleep_until(start + 10 * MS).await;
    assert!(sleeps.iter_mut().all(|sleep| poll(sleep, Waker::noop()).is_ready()));
    while order.lock().unwrap().values().map(Vec::len).sum::<usize>() < 200 {
        sleep(MS).await;
    }
    let order = order.lock().unwrap();
    assert!(order.values().all(|fired| fired.is_sorted()), "{order:?}");
    let mut fired = order.values().flatten().copied().collect::<Vec<_>>();
    fired.sort_unstable();
    assert_eq!(fired, (0..200).collect::<Vec<_>>());
}

/// `many` sleeps with the same deadline. Every other one has the waker `panicking`, the rest a waker that counts.
fn every_other_one_panics(many: usize, panicking: &Waker) -> (Arc<Count>, Vec<Sleep>) {
    retry_with_longer_time(5 * MS, |time| {
        let (count, counting) = Count::new();
        let deadline = Instant::now() + time;
        let sleeps = (0..many).map(|i| {
            let mut sleep = sleep_until(deadline);
            let waker = if i % 2 == 0 { panicking } else { &counting };
            poll(&mut sleep, waker).is_pending().then_some(sleep)
        });
        Some((count.clone(), sleeps.collect::<Option<_>>()?))
    })
}

async fn a_panicking_waker_does_not_affect_other_sleeps() {
    let panicking = waker(|| std::panic::resume_unwind(Box::new("a waker that panics")));
    let (count, mut sleeps) = every_other_one_panics(10, &panicking);
    assert_not_early(sleep_until(sleeps[0].deadline())).await;
    assert_not_early(sleep(5 * MS)).await;
    count.wait_for_async(5).await;
    assert_eq!(count.get(), 5);
    for sleep in &mut sleeps {
        assert!(poll(sleep, Waker::noop()).is_ready());
    }
}

async fn a_waker_may_panic_twice() {
    /// A panic payload that panics when it is dropped.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("a bomb"));
        }
    }
    let panicking = waker(|| std::panic::resume_unwind(Box::new(Bomb)));
    let (count, sleeps) = every_other_one_panics(4, &panicking);
    assert_not_early(sleep_until(sleeps[0].deadline())).await;
    assert_not_early(sleep(5 * MS)).await;
    count.wait_for_async(2).await;
    assert_eq!(count.get(), 2);
}

async fn a_waker_may_use_timers() {
    let (count, counting) = Count::new();
    let kept = Arc::new(Mutex::new(vec![sleep(3600 * 1000 * MS), sleep(3600 * 1000 * MS)]));
    for sleep in kept.lock().unwrap().iter_mut() {
        assert!(poll(sleep, &counting).is_pending());
    }
    let using_timers = {
        let kept = kept.clone();
        waker(move || {
            let mut kept = kept.lock().unwrap();
            // Resets a sleep, drops one, creates and polls one.
            kept[0].reset(Instant::now() + MS);
            if kept.len() == 2 {
                kept.pop();
            }
            kept.push(pending_for(2 * MS, &counting));
        })
    };
    let first = pending_for(2 * MS, &using_timers);
    drop(using_timers);
    sleep(50 * MS).await;
    count.wait_for_async(2).await;
    assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_ok());
    kept.lock().unwrap().clear();
}

async fn a_dropped_sleep_wakes_no_task() {
    let (count, waker, until) = retry_with_longer_time(5 * MS, |time| {
        let (count, waker) = Count::new();
        let start = Instant::now() + time;
        let sleeps = (0..100u32).map(|i| {
            let mut sleep = sleep_until(start + i * Duration::from_micros(10));
            poll(&mut sleep, &waker).is_pending().then_some(sleep)
        });
        let sleeps: Vec<_> = sleeps.collect::<Option<_>>()?;
        let kept = Arc::strong_count(&count);
        drop(sleeps);
        if Instant::now() >= start {
            return None;
        }
        // With `test-util`, a timer of tokio holds another clone.
        assert!(kept >= 102);
        Some((count, waker, start + 2 * MS))
    });
    sleep_until(until + 5 * MS).await;
    assert_eq!(count.get(), 0);
    // The waker is not stored any more.
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
}

async fn ten_thousand_sleeps_all_fire() {
    let mut sleeps: Vec<_> =
        (0..10_000u64).map(|i| sleep(Duration::from_micros(i * 7919 % 50_000))).collect();
    poll_fn(|cx| {
        sleeps.retain_mut(|sleep| poll(sleep, cx.waker()).is_pending());
        if sleeps.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn a_sleep_is_send_and_small() {
    fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}
    assert_send_sync_unpin::<Sleep>();
    assert_send_sync_unpin::<Sleep<Monotonic>>();
    // A pointer to a timer in virtual time or of a paused clock, with its kind, and one to the place of creation.
    let words = [2 * usize::from(cfg!(feature = "test-util")), cfg!(feature = "tracing").into()];
    assert!(size_of::<Sleep>() <= 40 + size_of::<usize>() * words.iter().sum::<usize>());
}
