//! Every order of timers, turns and the system's alarm, on the builtin reactor's queue.

use super::{TimerHandle, insert};
use crate::block_on;
use crate::clock::ClockId;
use crate::loom_test::{Count, JoinHandle, explore, kernel, later, race, settle, spawn};
use crate::reactor::{Direction, Interest, Reactor, Ready, WaiterSlot};
use crate::sync::lock;
use loom::sync::Mutex;
use std::future::poll_fn;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::task::{Wake, Waker};

fn timer(deadline: u64, waker: &Waker) -> TimerHandle {
    insert(ClockId::Boottime, deadline, kernel::now(), waker).unwrap()
}

fn elsewhere(deadline: u64, count: &Arc<Count>) -> JoinHandle<TimerHandle> {
    let count = count.clone();
    spawn(move || timer(deadline, &count.waker()))
}

#[test]
fn a_timer_that_comes_while_others_fire_does_so_too() {
    explore(|| {
        let (first, second) = (Count::new(), Count::new());
        timer(10, &first.waker());
        race();
        let inserted = elsewhere(20, &second);
        kernel::advance(10);
        inserted.join();
        kernel::advance(20);
        settle();
        assert_eq!((first.get(), second.get()), (1, 1));
    });
}

#[test]
fn of_two_that_come_at_once_the_earlier_has_the_alarm() {
    explore(|| {
        let (early, late) = (Count::new(), Count::new());
        race();
        let inserted = elsewhere(20, &late);
        timer(10, &early.waker());
        inserted.join();
        kernel::advance(10);
        settle();
        assert_eq!((early.get(), late.get()), (1, 0));
    });
}

#[test]
fn timers_of_three_threads_all_fire() {
    explore(|| {
        let counts = [Count::new(), Count::new(), Count::new()];
        timer(10, &counts[0].waker());
        race();
        let inserted = [elsewhere(20, &counts[1]), elsewhere(30, &counts[2])];
        kernel::advance(10);
        inserted.into_iter().for_each(|inserted| drop(inserted.join()));
        // Turns are spaced when many timers are due.
        later(1_000_000);
        later(2_000_000);
        settle();
        assert_eq!(counts.map(|count| count.get()), [1, 1, 1]);
    });
}

#[test]
fn an_alarm_that_goes_off_during_a_turn_is_heard() {
    explore(|| {
        let counts = [Count::new(), Count::new()];
        let fd = Reactor::builtin().register(kernel::file(), Interest::READABLE).unwrap();
        let file = fd.get_ref().as_raw_fd();
        // Two threads take events out: the seat is closed to what is not in `block_on`.
        block_on(async {
            timer(10, &counts[0].waker());
            timer(20, &counts[1].waker());
        });
        race();
        let clock = spawn(move || {
            kernel::advance(10);
            kernel::advance(20);
            kernel::happens(file, Ready::READABLE);
        });
        let place = || WaiterSlot::Direction(Direction::Read);
        block_on(poll_fn(|cx| fd.poll_readiness(place(), cx.waker()))).unwrap();
        clock.join();
        settle();
        assert_eq!(counts.map(|count| count.get()), [1, 1]);
    });
}

#[test]
fn a_deadline_that_is_moved_forward_while_others_fire_is_kept() {
    explore(|| {
        let (first, moved) = (Count::new(), Count::new());
        timer(5, &first.waker());
        let mut timer = timer(100, &moved.waker());
        race();
        let clock = spawn(|| kernel::advance(5));
        assert!(timer.fire_by(10));
        clock.join();
        kernel::advance(10);
        settle();
        assert_eq!(moved.get(), 1);
    });
}

#[test]
fn a_timer_that_still_waits_calls_the_waker_that_it_was_given_last() {
    explore(|| {
        let (former, latter) = (Count::new(), Count::new());
        let timer = timer(10, &former.waker());
        race();
        let clock = spawn(|| kernel::advance(10));
        let waits = timer.refresh(ClockId::Boottime, &latter.waker());
        clock.join();
        settle();
        assert_eq!((former.get(), latter.get()), if waits { (0, 1) } else { (1, 0) });
    });
}

#[test]
fn a_timer_that_is_cancelled_while_it_fires_takes_no_other_along() {
    explore(|| {
        let (first, second) = (Count::new(), Count::new());
        let cancelled = timer(10, &first.waker());
        race();
        let clock = spawn(|| kernel::advance(10));
        // It may be where the first one was.
        timer(20, &second.waker());
        cancelled.remove();
        clock.join();
        kernel::advance(20);
        settle();
        assert_eq!(second.get(), 1);
        assert_eq!(Arc::strong_count(&first), 1, "its waker is still there");
    });
}

/// Cancels a timer and creates another.
struct Stranger {
    cancels: Mutex<Option<TimerHandle>>,
    creates: Arc<Count>,
}

impl Wake for Stranger {
    fn wake(self: Arc<Self>) {
        let cancelled = lock(&self.cancels).take();
        cancelled.into_iter().for_each(TimerHandle::remove);
        timer(20, &self.creates.waker());
    }
}

#[test]
fn a_waker_may_cancel_and_create_timers_while_others_do() {
    explore(|| {
        let (never, created, other) = (Count::new(), Count::new(), Count::new());
        let cancels = Mutex::new(Some(timer(5_000_000, &never.waker())));
        let stranger = Arc::new(Stranger { cancels, creates: created.clone() });
        timer(10, &stranger.into());
        race();
        let inserted = elsewhere(15, &other);
        kernel::advance(10);
        inserted.join();
        // Turns are spaced when many timers are due.
        later(1_000_000);
        later(2_000_000);
        settle();
        assert_eq!([created, other, never].map(|count| count.get()), [1, 1, 0]);
    });
}
