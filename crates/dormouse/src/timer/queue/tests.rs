//! What a queue asks of the system.

use super::*;
use crate::timer::wake_source::tests::{arms, forget_arms};
use std::sync::atomic::{AtomicUsize, Ordering};

const HOUR: u64 = 3_600_000_000_000;

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn wait_for(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.0.load(Ordering::SeqCst) < wakes {
            assert!(start.elapsed().as_secs() < 30, "nobody was woken");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// A queue of its own on the builtin reactor, so that no other test arms it.
fn queue() -> &'static TimerQueue {
    Box::leak(Box::new(TimerQueue::new(ClockId::Boottime, ReactorKind::Builtin)))
}

#[test]
fn later_deadlines_and_cancellations_cost_no_system_call() {
    let (queue, waker) = (queue(), Waker::noop());
    let now = ClockId::Boottime.now_ns();
    forget_arms();
    let first = queue.insert(0, now + HOUR, now, waker).unwrap();
    assert_eq!(arms(), 1);
    let later: Vec<_> =
        (0..1000).map(|i| queue.insert(0, now + HOUR + i, now, waker).unwrap()).collect();
    for &key in &later {
        assert!(queue.refresh(key, waker));
        assert!(queue.reset(key, now + HOUR));
        queue.remove(key);
    }
    queue.remove(first);
    assert_eq!(arms(), 1);
    // The alarm is still set to the first deadline; one beyond it needs no other.
    queue.insert(0, now + HOUR + 1, now, waker).unwrap();
    assert_eq!(arms(), 1);
    queue.insert(0, now + HOUR - 1, now, waker).unwrap();
    assert_eq!(arms(), 2);
}

#[test]
fn one_sleep_needs_one_wake_up_of_the_queue() {
    let queue = queue();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let now = ClockId::Boottime.now_ns();
    // Over several levels of the wheel.
    let deadline = now + 300_000_000;
    queue.insert(0, deadline, now, &count.clone().into()).unwrap();
    count.wait_for(1);
    assert!(ClockId::Boottime.now_ns() >= deadline);
    // The reactor looks for a first event when an fd is registered; that may be one more.
    assert!(queue.fires() <= 1, "{} wake-ups", queue.fires());
}

#[test]
fn an_alarm_without_timerfd_serves_as_well() {
    let queue = queue();
    lock(&queue.schedule).alarm =
        Some(WakeSource::deadline(ClockId::Boottime, queue.waker()).unwrap());
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let now = ClockId::Boottime.now_ns();
    for ms in [30, 10, 20] {
        queue.insert(0, now + ms * 1_000_000, now, &count.clone().into()).unwrap();
    }
    count.wait_for(3);
    assert!(ClockId::Boottime.now_ns() >= now + 30_000_000);
    // And gives way to a timerfd as soon as there is one.
    assert!(matches!(lock(&queue.schedule).alarm, Some(WakeSource::Timerfd { .. })));
}

#[test]
fn a_timerfd_that_cannot_be_set_loses_no_timer() {
    // The builtin reactor looks after one deadline a clock, and another test has that of the other clock.
    let clock = ClockId::Monotonic;
    let queue: &'static TimerQueue =
        Box::leak(Box::new(TimerQueue::new(clock, ReactorKind::Builtin)));
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(count.clone());
    let now = clock.now_ns();
    // It is refused both to who adds a timer and to a turn.
    queue.insert(0, now + 90_000_000, now, &waker).unwrap();
    lock(&queue.schedule).refuses = true;
    for ms in [30, 10, 20] {
        queue.insert(0, now + ms * 1_000_000, now, &waker).unwrap();
    }
    count.wait_for(4);
    assert!(clock.now_ns() >= now + 90_000_000);
    lock(&queue.schedule).refuses = false;
    let now = clock.now_ns();
    queue.insert(0, now + 1_000_000, now, &waker).unwrap();
    count.wait_for(5);
    assert!(matches!(lock(&queue.schedule).alarm, Some(WakeSource::Timerfd { .. })));
}

#[test]
fn a_turn_that_outlives_its_reactor_sets_no_alarm() {
    let queue = queue();
    let now = ClockId::Boottime.now_ns();
    queue.insert(0, now + HOUR, now, Waker::noop()).unwrap();
    queue.shut_down(lock(&queue.schedule), &mut Vec::new());
    // What is left of a turn that began before.
    lock(&queue.shards[0].0).wheel.get_or_insert_with(Wheel::new).insert(
        now + HOUR,
        now,
        Waker::noop().clone(),
    );
    queue.process(lock(&queue.schedule), &mut Vec::new()).unwrap();
    queue.insert(0, now + HOUR, now, Waker::noop()).unwrap();
    assert!(lock(&queue.schedule).alarm.is_some());
}

#[test]
fn ten_thousand_sleeps_in_a_second_with_20_ms_of_slack_need_60_wake_ups() {
    let queue = queue();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(count.clone());
    let slack = crate::time::slack::Slack::new(std::time::Duration::from_millis(20));
    let now = ClockId::Boottime.now_ns();
    for nth in 0..10_000 {
        let deadline = now + 50_000_000 + nth * 100_000;
        queue.insert(0, slack.after(deadline), now, &waker).unwrap();
    }
    count.wait_for(10_000);
    assert!(queue.fires() <= 60, "{} wake-ups", queue.fires());
}

/// As `Alarm::listen` tells it; a test must not set the clock.
fn set_the_clock(queue: &'static TimerQueue) {
    lock(&queue.schedule).clock_was_set = true;
    queue.on_alarm();
}

#[test]
fn when_the_wall_clock_is_set_everybody_looks_at_it_and_the_queue_goes_on() {
    let queue: &'static TimerQueue =
        Box::leak(Box::new(TimerQueue::new(ClockId::Realtime, ReactorKind::Builtin)));
    let now = ClockId::Realtime.now_ns();
    for round in 1..=3 {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        for deadline in [now + HOUR, now + 2 * HOUR, u64::MAX] {
            queue.insert(0, deadline, now, &waker).unwrap();
        }
        set_the_clock(queue);
        assert_eq!(count.0.load(Ordering::SeqCst), 3, "round {round}");
        // Nothing that is known of times before counts any more.
        assert_eq!(queue.processed_until(), 0);
        let soon = ClockId::Realtime.now_ns() + 1_000_000;
        queue.insert(0, soon, 0, &waker).unwrap();
        count.wait_for(4);
        assert!(ClockId::Realtime.now_ns() >= soon);
    }
}

#[test]
fn a_clock_that_is_set_while_the_wheels_turn_is_looked_at_once_more() {
    let queue: &'static TimerQueue =
        Box::leak(Box::new(TimerQueue::new(ClockId::Realtime, ReactorKind::Builtin)));
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let now = ClockId::Realtime.now_ns();
    queue.insert(0, now + HOUR, now, &count.clone().into()).unwrap();
    std::thread::scope(|scope| {
        // The turn waits for this.
        let shard = lock(&queue.shards[0].0);
        scope.spawn(|| queue.on_alarm());
        while !lock(&queue.schedule).processing {
            std::thread::yield_now();
        }
        // As `fire` does then, when the alarm tells of it.
        lock(&queue.schedule).clock_was_set = true;
        drop(shard);
    });
    count.wait_for(1);
}
