//! Loom tests of insertions, changes and removals of timers during the processing of the queue, on the builtin reactor.

use super::queue::TimerQueue;
use super::{BUILTIN, ReactorKind, TimerHandle, builtin, insert, queues};
use crate::block_on;
use crate::clock::ClockId;
use crate::context::in_block_on;
use crate::loom_test::{
    JoinHandle, WakeCounter, advance_when_idle, check, finish, kernel, poll_event, spawn,
    start_exploring,
};
use crate::reactor::{Direction, Interest, Reactor, Ready, WaiterSlot};
use crate::sync::lock;
use loom::sync::Mutex;
use std::future::poll_fn;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// Frees what the queues hold at the end of a run.
pub(crate) fn reset() {
    BUILTIN.get(|_| queues(ReactorKind::Builtin)).iter().for_each(TimerQueue::reset_after_test);
    #[cfg(feature = "tokio")]
    super::runtime::loom_tests::reset();
}

fn timer(deadline: u64, waker: &Waker) -> TimerHandle {
    insert(ClockId::Boottime, deadline, kernel::now(), waker).unwrap()
}

/// Inserts a timer on another thread.
fn timer_elsewhere(deadline: u64, count: &Arc<WakeCounter>) -> JoinHandle<TimerHandle> {
    let count = count.clone();
    spawn(move || timer(deadline, &count.waker()))
}

#[test]
fn a_timer_inserted_during_processing_fires() {
    check(|| {
        let (first, second) = (WakeCounter::new(), WakeCounter::new());
        timer(10, &first.waker());
        start_exploring();
        let inserted = timer_elsewhere(20, &second);
        kernel::advance(10);
        inserted.join();
        kernel::advance(20);
        finish();
        assert_eq!((first.get(), second.get()), (1, 1));
    });
}

#[test]
fn of_two_concurrent_inserts_the_earlier_sets_the_timerfd() {
    check(|| {
        let (early, late) = (WakeCounter::new(), WakeCounter::new());
        start_exploring();
        let inserted = timer_elsewhere(20, &late);
        timer(10, &early.waker());
        inserted.join();
        kernel::advance(10);
        finish();
        assert_eq!((early.get(), late.get()), (1, 0));
    });
}

#[test]
fn without_a_timerfd_a_deadline_stored_before_or_during_a_wait_is_met() {
    check(|| {
        kernel::refuse_timerfds();
        let (early, late) = (WakeCounter::new(), WakeCounter::new());
        start_exploring();
        timer(1_000, &late.waker());
        timer(10, &early.waker());
        kernel::advance(10);
        // The reactor thread may have computed a timeout of 10 ns before the clock advanced.
        advance_when_idle(20);
        advance_when_idle(30);
        assert_eq!((early.get(), late.get()), (1, 0));
        advance_when_idle(1_000);
        finish();
        assert_eq!((early.get(), late.get()), (1, 1));
    });
}

#[test]
fn without_a_timerfd_a_deadline_stored_while_another_fires_is_met() {
    check(|| {
        kernel::refuse_timerfds();
        let (first, second) = (WakeCounter::new(), WakeCounter::new());
        timer(10, &first.waker());
        start_exploring();
        let inserted = timer_elsewhere(20, &second);
        kernel::advance(10);
        inserted.join();
        // As above.
        advance_when_idle(20);
        advance_when_idle(30);
        finish();
        assert_eq!((first.get(), second.get()), (1, 1));
    });
}

#[test]
fn a_timer_inserted_while_the_reactor_gives_up_is_woken() {
    check(|| {
        kernel::refuse_waits();
        let count = WakeCounter::new();
        start_exploring();
        // It starts the reactor thread, whose first wait fails.
        timer(10, &count.waker());
        kernel::advance(10);
        // As above.
        advance_when_idle(20);
        advance_when_idle(30);
        finish();
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn timers_of_three_threads_all_fire() {
    check(|| {
        let counts = [WakeCounter::new(), WakeCounter::new(), WakeCounter::new()];
        timer(10, &counts[0].waker());
        start_exploring();
        let inserted = timer_elsewhere(20, &counts[1]);
        kernel::advance(10);
        timer(30, &counts[2].waker());
        inserted.join();
        // Wake-ups are spaced when many timers are due.
        advance_when_idle(1_000_000);
        advance_when_idle(2_000_000);
        finish();
        assert_eq!(counts.map(|count| count.get()), [1, 1, 1]);
    });
}

#[test]
fn an_expiry_during_processing_is_not_missed() {
    check(|| {
        let counts = [WakeCounter::new(), WakeCounter::new()];
        let fd = Reactor::builtin().register(kernel::file(), Interest::READABLE).unwrap();
        let file = fd.get_ref().as_raw_fd();
        // Two threads take events out: a timer inserted outside of `block_on` would disable the poller role.
        block_on(async {
            timer(10, &counts[0].waker());
            timer(20, &counts[1].waker());
        });
        start_exploring();
        let clock = spawn(move || {
            kernel::advance(10);
            kernel::advance(20);
            kernel::set_ready(file, Ready::READABLE);
        });
        let slot = || WaiterSlot::Direction(Direction::Read);
        block_on(poll_fn(|cx| poll_event(&fd, slot(), cx.waker()))).unwrap();
        clock.join();
        finish();
        assert_eq!(counts.map(|count| count.get()), [1, 1]);
    });
}

#[test]
fn a_deadline_moved_to_earlier_during_processing_is_met() {
    check(|| {
        let (first, moved) = (WakeCounter::new(), WakeCounter::new());
        timer(5, &first.waker());
        let mut timer = timer(100, &moved.waker());
        start_exploring();
        let clock = spawn(|| kernel::advance(5));
        assert!(timer.fire_by(10));
        clock.join();
        kernel::advance(10);
        finish();
        assert_eq!(moved.get(), 1);
    });
}

#[test]
fn a_reading_from_before_the_clock_was_set_back_does_not_expire_a_later_timer() {
    check(|| {
        let count = WakeCounter::new();
        timer(10, Waker::noop());
        start_exploring();
        kernel::advance(10);
        kernel::advance(0);
        // All threads stop while the clock is moved (see `timer::queue`).
        builtin()[ClockId::Boottime as usize].synchronize();
        let timer = timer(5, &count.waker());
        advance_when_idle(0);
        assert!(!timer.is_expired(5));
        // Wake-ups may be spaced.
        advance_when_idle(1_000_000);
        finish();
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_pending_timer_calls_its_last_waker() {
    check(|| {
        let (former, latter) = (WakeCounter::new(), WakeCounter::new());
        let timer = timer(10, &former.waker());
        start_exploring();
        let clock = spawn(|| kernel::advance(10));
        let is_pending = timer.refresh(ClockId::Boottime, kernel::now(), &latter.waker());
        clock.join();
        finish();
        assert_eq!((former.get(), latter.get()), if is_pending { (0, 1) } else { (1, 0) });
    });
}

#[test]
fn removing_a_timer_that_fires_removes_no_other() {
    check(|| {
        let (first, second) = (WakeCounter::new(), WakeCounter::new());
        let removed = timer(10, &first.waker());
        start_exploring();
        let clock = spawn(|| kernel::advance(10));
        // It may reuse the entry of the first one.
        timer(20, &second.waker());
        removed.remove();
        clock.join();
        kernel::advance(20);
        finish();
        assert_eq!(second.get(), 1);
        assert_eq!(Arc::strong_count(&first), 1, "its waker is still stored");
    });
}

/// Removes a timer and inserts another.
struct ReentrantWaker {
    removes: Mutex<Option<TimerHandle>>,
    inserts: Arc<WakeCounter>,
}

impl Wake for ReentrantWaker {
    fn wake(self: Arc<Self>) {
        let removed = lock(&self.removes).take();
        removed.into_iter().for_each(TimerHandle::remove);
        timer(20, &self.inserts.waker());
    }
}

#[test]
fn a_waker_may_remove_and_insert_timers_while_another_thread_does() {
    check(|| {
        let (never, inserted, other) = (WakeCounter::new(), WakeCounter::new(), WakeCounter::new());
        let removes = Mutex::new(Some(timer(5_000_000, &never.waker())));
        let reentrant = Arc::new(ReentrantWaker { removes, inserts: inserted.clone() });
        timer(10, &reentrant.into());
        start_exploring();
        let elsewhere = timer_elsewhere(15, &other);
        kernel::advance(10);
        elsewhere.join();
        // Wake-ups are spaced when many timers are due.
        advance_when_idle(1_000_000);
        advance_when_idle(2_000_000);
        finish();
        assert_eq!([inserted, other, never].map(|count| count.get()), [1, 1, 0]);
    });
}

/// Checks that no thread in `block_on` calls it.
struct ReactorThreadOnly;

impl Wake for ReactorThreadOnly {
    fn wake(self: Arc<Self>) {
        assert!(!in_block_on(), "a poller has called it");
    }
}

#[test]
fn a_poller_that_processes_the_queue_does_not_call_the_waker_of_a_task_outside_block_on() {
    check(|| {
        let fd = Reactor::builtin().register(kernel::file(), Interest::READABLE).unwrap();
        let file = fd.get_ref().as_raw_fd();
        // The poller may process the queue: so far no task outside of `block_on` waits.
        block_on(async { _ = timer(10, &WakeCounter::new().waker()) });
        start_exploring();
        let outside = spawn(move || {
            kernel::advance(10);
            timer(10, &Arc::new(ReactorThreadOnly).into());
            kernel::set_ready(file, Ready::READABLE);
        });
        block_on(poll_fn(|cx| poll_event(&fd, WaiterSlot::Direction(Direction::Read), cx.waker())))
            .unwrap();
        outside.join();
    });
}
