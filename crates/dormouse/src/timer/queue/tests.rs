//! The wake-ups that a queue needs, and what it does when the clock is set.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
mod timerfd;

use super::*;
use crate::sync::lock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

const HOUR: u64 = 3_600_000_000_000;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn wait_for(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.get() < wakes {
            assert!(start.elapsed().as_secs() < 30, "the waker was not called");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// A queue on the builtin reactor that only one test uses.
fn queue(clock: ClockId) -> &'static TimerQueue {
    Box::leak(Box::new(TimerQueue::new(clock, ReactorKind::Builtin)))
}

/// Such a queue whose wake source calls a waker that counts.
fn counted_queue() -> (&'static TimerQueue, Arc<Count>) {
    struct CountingWaker(QueueWaker, Arc<Count>);

    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.1.0.fetch_add(1, Ordering::SeqCst);
            self.0.0.on_wake();
        }
    }

    let (queue, count) = (queue(ClockId::Boottime), Arc::new(Count::default()));
    let waker = Arc::new(CountingWaker(QueueWaker(queue), count.clone()));
    queue.waker.set(waker.into()).unwrap();
    (queue, count)
}

#[test]
fn one_timer_needs_one_wake_up_of_the_queue() {
    let (queue, wake_ups) = counted_queue();
    let count = Arc::new(Count::default());
    let now = ClockId::Boottime.now_ns();
    // Over several levels of the wheel.
    let deadline = now + 300_000_000;
    queue.insert(0, deadline, now, &count.clone().into()).unwrap();
    count.wait_for(1);
    assert!(ClockId::Boottime.now_ns() >= deadline);
    assert_eq!(wake_ups.get(), 1);
}

#[test]
fn processing_that_outlives_its_reactor_arms_nothing() {
    let queue = queue(ClockId::Boottime);
    let now = ClockId::Boottime.now_ns();
    queue.insert(0, now + HOUR, now, Waker::noop()).unwrap();
    queue.shut_down(lock(&queue.schedule), &mut Vec::new());
    // A call of `process` that began before the shutdown.
    queue.shards.lock(0).insert(now + HOUR, now, Waker::noop().clone());
    queue.process(lock(&queue.schedule), &mut Vec::new()).unwrap();
    queue.insert(0, now + HOUR, now, Waker::noop()).unwrap();
    assert!(lock(&queue.schedule).wake_source.is_some());
}

#[test]
fn ten_thousand_timers_in_one_second_with_20_ms_of_slack_need_at_most_60_wake_ups() {
    let (queue, wake_ups) = counted_queue();
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let slack = crate::time::slack::Slack::new(std::time::Duration::from_millis(20));
    let now = ClockId::Boottime.now_ns();
    for nth in 0..10_000 {
        let deadline = now + 50_000_000 + nth * 100_000;
        queue.insert(0, slack.fires_at(deadline), now, &waker).unwrap();
    }
    count.wait_for(10_000);
    assert!(wake_ups.get() <= 60, "{} wake-ups", wake_ups.get());
}

/// Has the effect of a wake source that reports a clock change. A test must not set the clock of the system.
fn set_the_clock(queue: &'static TimerQueue) {
    lock(&queue.schedule).clock_was_set = true;
    queue.on_wake();
}

#[test]
fn a_clock_change_wakes_all_tasks_and_the_queue_goes_on() {
    let queue = queue(ClockId::Realtime);
    let now = ClockId::Realtime.now_ns();
    for round in 1..=3 {
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        for deadline in [now + HOUR, now + 2 * HOUR, u64::MAX] {
            queue.insert(0, deadline, now, &waker).unwrap();
        }
        set_the_clock(queue);
        assert_eq!(count.get(), 3, "round {round}");
        // What derives from earlier readings is not used.
        assert!(!queue.has_processed(now));
        let soon = ClockId::Realtime.now_ns() + 1_000_000;
        queue.insert(0, soon, 0, &waker).unwrap();
        count.wait_for(4);
        assert!(ClockId::Realtime.now_ns() >= soon);
    }
}

#[test]
fn a_clock_change_that_arming_has_found_is_not_undone_by_the_next_insert() {
    let (queue, count) = (queue(ClockId::Realtime), Arc::new(Count::default()));
    let waker = Waker::from(count.clone());
    let now = ClockId::Realtime.now_ns();
    queue.insert(0, now + 2 * HOUR, now, &waker).unwrap();
    // What `arm` stores when setting the timerfd returns ECANCELED.
    lock(&queue.schedule).clock_was_set = true;
    queue.insert(0, now + HOUR, now, &waker).unwrap();
    count.wait_for(2);
}

#[test]
fn a_clock_change_during_processing_wakes_all_tasks() {
    let queue = queue(ClockId::Realtime);
    let count = Arc::new(Count::default());
    let now = ClockId::Realtime.now_ns();
    queue.insert(0, now + HOUR, now, &count.clone().into()).unwrap();
    std::thread::scope(|scope| {
        // `process` waits for this lock.
        let shard = queue.shards.lock(0);
        scope.spawn(|| queue.on_wake());
        while !lock(&queue.schedule).processing {
            std::thread::yield_now();
        }
        // As if the wake source had reported a clock change.
        lock(&queue.schedule).clock_was_set = true;
        drop(shard);
    });
    count.wait_for(1);
}

/// Brings the queue into the state of one that was used when its clock showed `then`, an hour ago; since, the clock has
/// been moved. Returns a timer that is pending, due two hours after `then`.
fn used_before_the_move(queue: &'static TimerQueue, then: u64, waker: &Waker) -> TimerId {
    let pending = queue.insert(0, then + 2 * HOUR, then, waker).unwrap();
    queue.processed_until.store(then, Ordering::Relaxed);
    lock(&queue.schedule).spacing.charge(then, 100);
    pending
}

#[test]
fn after_the_clock_was_moved_back_new_timers_are_neither_early_nor_late() {
    for clock in [ClockId::Boottime, ClockId::Monotonic] {
        let (queue, former) = (queue(clock), Arc::new(Count::default()));
        let pending = used_before_the_move(queue, clock.now_ns() + HOUR, &former.clone().into());
        let (count, start) = (Arc::new(Count::default()), std::time::Instant::now());
        let now = clock.now_ns();
        let deadline = now + 50_000_000;
        queue.insert(0, deadline, now, &count.clone().into()).unwrap();
        // `processed_until` is later.
        assert!(!queue.has_processed(deadline));
        count.wait_for(1);
        assert!(start.elapsed() >= std::time::Duration::from_millis(50));
        assert!(queue.has_processed(deadline));
        // Its wheel cannot turn back, so the task of the former timer has been woken to insert it again.
        assert_eq!(former.get(), 1);
        assert!(!queue.reset(pending, deadline, deadline));
        let now = clock.now_ns();
        queue.insert(0, now + 1_000_000, now, &count.clone().into()).unwrap();
        count.wait_for(2);
    }
}

#[test]
fn after_the_clock_was_moved_back_a_timer_moved_to_earlier_is_not_early() {
    let queue = queue(ClockId::Boottime);
    let now = ClockId::Boottime.now_ns();
    let pending = used_before_the_move(queue, now + HOUR, Waker::noop());
    assert!(queue.reset(pending, now + HOUR / 2, now));
    assert!(!queue.has_processed(now + HOUR / 2));
}
