//! Loom tests of events and waits on one `ScheduledIo`.

use super::*;
use crate::loom_test::{WakeCounter, check, spawn, start_exploring};
use std::sync::Arc;
use std::task::Wake;

fn new_io() -> Arc<ScheduledIo> {
    Arc::default()
}

/// Waits with a slot of its own. Returns whether the `ScheduledIo` is ready, and the key of the slot.
fn wait(io: &ScheduledIo, interest: Interest, count: &Arc<WakeCounter>) -> (bool, Option<usize>) {
    let mut key = None;
    let event =
        io.poll_readiness(&mut WaiterSlot::Future(interest, &mut key), None, &count.waker());
    (event.is_ready(), key)
}

#[test]
fn an_event_concurrent_with_a_wait_is_seen_or_wakes_it() {
    for interest in [Interest::READABLE, Interest::READABLE | Interest::WRITABLE] {
        check(move || {
            let (io, count) = (new_io(), WakeCounter::new());
            io.begin_first_wait(interest);
            start_exploring();
            let setter = io.clone();
            let delivery = spawn(move || setter.set_readiness(Ready::READABLE));
            let event = io.poll_readiness(&mut WaiterSlot::polled(interest), None, &count.waker());
            delivery.join();
            assert!(event.is_ready() || count.get() == 1, "the event was lost");
        });
    }
}

#[test]
fn an_event_wakes_every_waiter() {
    check(|| {
        let io = new_io();
        let both = Interest::READABLE | Interest::WRITABLE;
        io.begin_first_wait(both);
        start_exploring();
        let waiters = [Interest::READABLE, both].map(|interest| {
            let (io, count) = (io.clone(), WakeCounter::new());
            let counted = count.clone();
            (spawn(move || wait(&io, interest, &counted).0), count)
        });
        io.set_readiness(Ready::READABLE);
        for (waiter, count) in waiters {
            assert!(waiter.join() || count.get() == 1, "a waiter was not woken");
        }
    });
}

#[test]
fn removing_a_waiter_during_an_event_keeps_the_other_waiters() {
    check(|| {
        start_exploring();
        let (io, count) = (new_io(), WakeCounter::new());
        let (_, key) = wait(&io, Interest::READABLE, &WakeCounter::new());
        let (other, counted) = (io.clone(), count.clone());
        let waiter = spawn(move || wait(&other, Interest::READABLE, &counted).0);
        let other = io.clone();
        let delivery = spawn(move || other.set_readiness(Ready::READABLE));
        io.remove_waiter(key.unwrap());
        delivery.join();
        assert!(waiter.join() || count.get() == 1, "the other waiter was not woken");
    });
}

#[test]
fn an_event_concurrent_with_a_clear_is_not_cleared() {
    check(|| {
        start_exploring();
        let io = new_io();
        io.set_readiness(Ready::READABLE);
        let setter = io.clone();
        let delivery = spawn(move || setter.set_readiness(Ready::READABLE));
        // An operation returns `WouldBlock`, possibly before the second event.
        let seen = io.ready_event(Interest::READABLE, None);
        let Poll::Ready(Ok(seen)) = seen else { panic!("there was an event") };
        let saw_both = seen.tick == 2;
        io.clear_readiness(seen, Ready::ALL);
        delivery.join();
        assert_eq!(
            io.ready_event(Interest::READABLE, None).is_ready(),
            !saw_both,
            "an unseen event was cleared, or a seen one was not"
        );
    });
}

#[test]
fn an_event_concurrent_with_a_short_read_is_not_cleared() {
    check(|| {
        start_exploring();
        let io = new_io();
        io.allow_short_reads();
        io.set_readiness(Ready::READABLE);
        let setter = io.clone();
        let delivery = spawn(move || setter.set_readiness(Ready::READABLE));
        let seen = io.ready_event(Interest::READABLE, None);
        let Poll::Ready(Ok(seen)) = seen else { panic!("there was an event") };
        let saw_both = seen.tick == 2;
        // A read takes what there is, possibly before the data of the second event arrives.
        io.short_read(seen);
        delivery.join();
        assert_eq!(
            io.ready_event(Interest::READABLE, None).is_ready(),
            !saw_both,
            "an unseen event was cleared, or a seen one was not"
        );
    });
}

#[test]
fn a_short_read_at_the_urgent_mark_clears_no_readiness() {
    check(|| {
        start_exploring();
        let io = new_io();
        io.allow_short_reads();
        let setter = io.clone();
        let delivery = spawn(move || setter.set_readiness(Ready::READABLE | Ready::URGENT));
        if let Poll::Ready(Ok(seen)) = io.ready_event(Interest::READABLE, None) {
            // A read stops at the mark, with data behind it.
            io.short_read(seen);
        }
        delivery.join();
        let is_ready = io.ready_event(Interest::READABLE, None).is_ready();
        assert!(is_ready, "no event reports the data that is left");
    });
}

#[test]
fn a_clear_keeps_the_readiness_of_another_interest() {
    for (cleared, kept) in [
        (Interest::READABLE, Interest::ERROR),
        (Interest::ERROR, Interest::READABLE),
        (Interest::READABLE, Interest::WRITABLE),
        (Interest::READABLE | Interest::WRITABLE, Interest::WRITABLE),
    ] {
        check(move || {
            let (io, count) = (new_io(), WakeCounter::new());
            // Adds the copies of the readiness.
            io.begin_first_wait(cleared);
            io.begin_first_wait(kept);
            start_exploring();
            let setter = io.clone();
            let delivery = spawn(move || setter.set_readiness(Ready::ERROR));
            // An operation returns `WouldBlock`.
            if let Poll::Ready(Ok(seen)) = io.ready_event(cleared, None) {
                io.clear_readiness(seen, Ready::ALL);
            }
            let (is_ready, _) = wait(&io, kept, &count);
            delivery.join();
            assert!(is_ready || count.get() == 1, "the event was lost");
        });
    }
}

#[test]
fn a_woken_wait_completes_although_another_task_clears_the_readiness() {
    check(|| {
        let (io, count) = (new_io(), WakeCounter::new());
        let both = Interest::READABLE | Interest::WRITABLE;
        io.begin_first_wait(both);
        let mut key = None;
        let mut poll = |io: &ScheduledIo| {
            let event =
                io.poll_readiness(&mut WaiterSlot::Future(both, &mut key), None, &count.waker());
            event.is_ready()
        };
        assert!(!poll(&io));
        start_exploring();
        let other = io.clone();
        let clear = spawn(move || {
            if let Poll::Ready(Ok(seen)) = other.ready_event(both, None) {
                // A read returns `WouldBlock`.
                other.clear_readiness(seen, Ready::ALL);
            }
        });
        io.set_readiness(Ready::WRITABLE);
        assert!(poll(&io), "the readiness was cleared by another task");
        clear.join();
    });
}

#[test]
fn a_waker_that_replaces_another_during_an_event_is_called() {
    check(|| {
        start_exploring();
        let (io, count) = (new_io(), WakeCounter::new());
        let slot = || WaiterSlot::Direction(Direction::Read);
        assert!(io.poll_readiness(&mut slot(), None, Waker::noop()).is_pending());
        let setter = io.clone();
        let delivery = spawn(move || setter.set_readiness(Ready::READABLE));
        let event = io.poll_readiness(&mut slot(), None, &count.waker());
        delivery.join();
        assert!(event.is_ready() || count.get() == 1, "only the former waker was called");
    });
}

#[test]
fn a_future_that_is_polled_again_during_an_event_sees_it_or_is_woken() {
    for same_waker in [false, true] {
        check(move || {
            let (io, former, latter) = (new_io(), WakeCounter::new(), WakeCounter::new());
            let (is_ready, mut key) = wait(&io, Interest::READABLE, &former);
            assert!(!is_ready);
            start_exploring();
            let setter = io.clone();
            let delivery = spawn(move || setter.set_readiness(Ready::READABLE));
            let count = if same_waker { former } else { latter };
            let slot = &mut WaiterSlot::Future(Interest::READABLE, &mut key);
            let event = io.poll_readiness(slot, None, &count.waker());
            delivery.join();
            assert!(event.is_ready() || count.get() == 1, "the event was lost");
        });
    }
}

#[test]
fn taking_back_a_waker_keeps_the_waker_that_has_replaced_it() {
    check(|| {
        start_exploring();
        let (io, former, latter) = (new_io(), WakeCounter::new(), WakeCounter::new());
        let slot = || WaiterSlot::Direction(Direction::Read);
        assert!(io.poll_readiness(&mut slot(), None, &former.waker()).is_pending());
        let (other, waker) = (io.clone(), latter.waker());
        let wait = spawn(move || other.poll_readiness(&mut slot(), None, &waker).is_pending());
        io.take_back_waker(&slot(), &former.waker());
        assert!(wait.join());
        io.set_readiness(Ready::READABLE);
        assert_eq!((former.get(), latter.get()), (0, 1));
    });
}

#[test]
fn shutdown_ends_concurrent_and_later_waits_with_an_error() {
    check(|| {
        start_exploring();
        let (io, count) = (new_io(), WakeCounter::new());
        let ender = io.clone();
        let shutdown = spawn(move || ender.shut_down());
        let event =
            io.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, &count.waker());
        shutdown.join();
        assert!(event.is_ready() || count.get() == 1, "not woken");
        let later = io.ready_event(Interest::READABLE, None);
        assert!(matches!(later, Poll::Ready(Err(ShutDown))), "woken without an error");
    });
}

#[test]
fn of_two_concurrent_waits_one_registers() {
    check(|| {
        start_exploring();
        let io = new_io();
        io.attach(BackendKind::Builtin, Interest::READABLE);
        let other = io.clone();
        let second = spawn(move || other.should_register(Interest::WRITABLE));
        let first = io.should_register(Interest::WRITABLE);
        assert!(first ^ second.join(), "registered twice, or never");
        assert!(io.is_registered(Interest::WRITABLE));
    });
}

#[test]
fn a_wait_concurrent_with_a_oneshot_event_sees_it_or_registers() {
    check(|| {
        start_exploring();
        let (io, count) = (new_io(), WakeCounter::new());
        assert!(io.should_register(Interest::READABLE));
        let reactor = io.clone();
        let delivery = spawn(move || {
            reactor.deliver(Ready::READABLE, Interest::READABLE, wake);
        });
        // An operation returns `WouldBlock`.
        if let Poll::Ready(Ok(seen)) = io.ready_event(Interest::READABLE, None) {
            io.clear_readiness(seen, Ready::ALL);
        }
        let event =
            io.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, &count.waker());
        let registers = event.is_pending() && io.should_register(Interest::READABLE);
        delivery.join();
        assert!(event.is_ready() || registers || count.get() == 1, "a wait is not registered");
    });
}

/// A waker that waits again, when it is called and when it is dropped.
struct WaitsAgain(Arc<ScheduledIo>);

impl WaitsAgain {
    fn wait(&self) {
        let slot = &mut WaiterSlot::Direction(Direction::Write);
        assert!(self.0.poll_readiness(slot, None, Waker::noop()).is_pending());
    }
}

impl Wake for WaitsAgain {
    fn wake(self: Arc<Self>) {
        self.wait();
    }
}

impl Drop for WaitsAgain {
    fn drop(&mut self) {
        self.wait();
    }
}

#[test]
fn wakers_may_wait_again_when_they_are_called_and_dropped() {
    check(|| {
        start_exploring();
        let io = new_io();
        let (first, second) = (WaitsAgain(io.clone()), WaitsAgain(io.clone()));
        let slot = || WaiterSlot::Direction(Direction::Read);
        assert!(io.poll_readiness(&mut slot(), None, &Arc::new(first).into()).is_pending());
        let reactor = io.clone();
        let delivery = spawn(move || reactor.set_readiness(Ready::READABLE));
        let _ = io.poll_readiness(&mut slot(), None, &Arc::new(second).into());
        delivery.join();
        io.clear_wakers();
    });
}
