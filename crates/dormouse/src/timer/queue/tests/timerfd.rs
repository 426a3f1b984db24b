//! The system calls that a queue makes for its timerfd, and what it does when the system refuses one.

use super::*;
use crate::reactor::{Interest, Reactor, Registration};
use crate::timer::wake_source::WakeSource;
use rustix::event::{EventfdFlags, eventfd};
use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_gettime, timerfd_settime};
use std::os::fd::OwnedFd;

fn with_timerfd<R>(queue: &TimerQueue, call: impl FnOnce(&Registration<OwnedFd>) -> R) -> R {
    match &lock(&queue.schedule).wake_source {
        Some(WakeSource::Timerfd { fd, .. }) => call(fd),
        other => panic!("not a timerfd: {other:?}"),
    }
}

fn has_timerfd(queue: &TimerQueue) -> bool {
    matches!(lock(&queue.schedule).wake_source, Some(WakeSource::Timerfd { .. }))
}

/// Whether the queue has set its timerfd since the last call of this function, which disarms it.
fn was_set(queue: &TimerQueue) -> bool {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let disarmed = Itimerspec { it_interval: zero, it_value: zero };
    with_timerfd(queue, |fd| {
        let left = timerfd_gettime(fd.get_ref()).unwrap().it_value;
        timerfd_settime(fd.get_ref(), TimerfdTimerFlags::empty(), &disarmed).unwrap();
        (left.tv_sec, left.tv_nsec) != (0, 0)
    })
}

#[test]
fn later_deadlines_and_removals_make_no_system_call() {
    let (queue, waker) = (queue(ClockId::Boottime), Waker::noop());
    let now = ClockId::Boottime.now_ns();
    let first = queue.insert(0, now + HOUR, now, waker).unwrap();
    assert!(was_set(queue));
    let later: Vec<_> =
        (0..1000).map(|i| queue.insert(0, now + HOUR + i, now, waker).unwrap()).collect();
    for &key in &later {
        assert!(queue.refresh(0, key, now, waker));
        assert!(queue.reset(key, now + HOUR, now));
        queue.remove(key);
    }
    queue.remove(first);
    assert!(!was_set(queue));
    // As far as the queue knows, the timerfd is still set to the first deadline, and a later one needs no call.
    queue.insert(0, now + HOUR + 1, now, waker).unwrap();
    assert!(!was_set(queue));
    queue.insert(0, now + HOUR - 1, now, waker).unwrap();
    assert!(was_set(queue));
}

#[test]
fn timers_fire_without_a_timerfd_until_one_is_available() {
    let queue = queue(ClockId::Boottime);
    lock(&queue.schedule).wake_source =
        Some(WakeSource::fallback(ClockId::Boottime, queue.waker()).unwrap());
    let count = Arc::new(Count::default());
    let now = ClockId::Boottime.now_ns();
    for ms in [30, 10, 20] {
        queue.insert(0, now + ms * 1_000_000, now, &count.clone().into()).unwrap();
    }
    count.wait_for(3);
    assert!(ClockId::Boottime.now_ns() >= now + 30_000_000);
    assert!(has_timerfd(queue));
}

/// Replaces the timerfd by an fd that cannot be set.
fn replace_timerfd(queue: &TimerQueue, clock: ClockId) {
    let eventfd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).unwrap();
    let fd = Reactor::builtin().register(eventfd, Interest::READABLE).unwrap();
    let unusable = WakeSource::Timerfd { fd, clock };
    let former = lock(&queue.schedule).wake_source.replace(unusable);
    drop(former);
}

#[test]
fn a_timerfd_that_cannot_be_set_loses_no_timer() {
    let clock = ClockId::Monotonic;
    let queue = queue(clock);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    // `process` cannot set the timerfd: only the fallback can fire this timer.
    let now = clock.now_ns();
    queue.insert(0, now + 90_000_000, now, &waker).unwrap();
    replace_timerfd(queue, clock);
    queue.on_wake();
    count.wait_for(1);
    assert!(clock.now_ns() >= now + 90_000_000);
    // `insert` cannot set it.
    let now = clock.now_ns();
    queue.insert(0, now + HOUR, now, &waker).unwrap();
    replace_timerfd(queue, clock);
    for ms in [30, 10, 20] {
        queue.insert(0, now + ms * 1_000_000, now, &waker).unwrap();
    }
    count.wait_for(4);
    assert!(clock.now_ns() >= now + 30_000_000);
    let now = clock.now_ns();
    queue.insert(0, now + 1_000_000, now, &waker).unwrap();
    count.wait_for(5);
    assert!(has_timerfd(queue));
}

#[test]
fn after_the_clock_was_moved_forward_the_next_use_of_the_queue_sets_its_timerfd_again() {
    let uses: [fn(&'static TimerQueue, TimerId, u64); 3] = [
        |queue, _, now| _ = queue.insert(0, now + 2 * HOUR, now, Waker::noop()).unwrap(),
        |queue, pending, now| assert!(queue.refresh(0, pending, now, Waker::noop())),
        |queue, pending, now| assert!(queue.reset(pending, now + 2 * HOUR, now)),
    ];
    for make_use in uses {
        let (queue, now) = (queue(ClockId::Boottime), ClockId::Boottime.now_ns());
        let pending = used_before_the_move(queue, now - HOUR, Waker::noop());
        assert!(was_set(queue));
        // The new deadline is later than the one to which the timerfd was set. But that comes an hour late.
        make_use(queue, pending, now);
        assert!(was_set(queue));
        make_use(queue, pending, now);
        assert!(!was_set(queue));
    }
}
