//! Every order of events and waits on one source.

use super::*;
use crate::loom_test::{Count, explore, race, spawn};
use std::sync::Arc;

fn source() -> Arc<ScheduledIo> {
    Arc::default()
}

/// Waits in a place of its own, and says whether it need not.
fn wait(source: &ScheduledIo, interest: Interest, count: &Arc<Count>) -> (bool, Option<usize>) {
    let mut index = None;
    let found =
        source.poll_readiness(&mut WaiterSlot::Future(interest, &mut index), &count.waker());
    (found.is_ready(), index)
}

#[test]
fn an_event_beside_a_wait_is_seen_or_wakes() {
    explore(|| {
        race();
        let (source, count) = (source(), Count::new());
        let setter = source.clone();
        let event = spawn(move || setter.set_readiness(Ready::READABLE));
        let found =
            source.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), &count.waker());
        event.join();
        assert!(found.is_ready() || count.get() == 1, "the event was lost");
    });
}

#[test]
fn an_event_reaches_each_of_those_who_wait() {
    explore(|| {
        race();
        let source = source();
        let waiters =
            [Interest::READABLE, Interest::READABLE | Interest::WRITABLE].map(|interest| {
                let (source, count) = (source.clone(), Count::new());
                let counted = count.clone();
                (spawn(move || wait(&source, interest, &counted).0), count)
            });
        source.set_readiness(Ready::READABLE);
        for (waiter, count) in waiters {
            assert!(waiter.join() || count.get() == 1, "a waiter was passed over");
        }
    });
}

#[test]
fn a_place_that_is_left_beside_an_event_takes_it_from_nobody() {
    explore(|| {
        race();
        let (source, count) = (source(), Count::new());
        let (_, index) = wait(&source, Interest::READABLE, &Count::new());
        let (other, counted) = (source.clone(), count.clone());
        let waiter = spawn(move || wait(&other, Interest::READABLE, &counted).0);
        let other = source.clone();
        let event = spawn(move || other.set_readiness(Ready::READABLE));
        source.remove_waiter(index.unwrap());
        event.join();
        assert!(waiter.join() || count.get() == 1, "the other waiter lost its place");
    });
}

#[test]
fn an_event_beside_a_clear_is_not_cleared() {
    explore(|| {
        race();
        let source = source();
        source.set_readiness(Ready::READABLE);
        let setter = source.clone();
        let event = spawn(move || setter.set_readiness(Ready::READABLE));
        // What an operation found blocked before the second event came.
        let seen = source.ready_event(Interest::READABLE);
        let Poll::Ready(Ok(seen)) = seen else { panic!("there was an event") };
        let two = seen.tick == 2;
        source.clear_readiness(seen, Ready::ALL);
        event.join();
        assert_eq!(
            source.ready_event(Interest::READABLE).is_ready(),
            !two,
            "cleared unseen, or left"
        );
    });
}

#[test]
fn a_waker_that_is_exchanged_beside_an_event_is_the_one_that_is_called() {
    explore(|| {
        race();
        let (source, count) = (source(), Count::new());
        let place = || WaiterSlot::Direction(Direction::Read);
        assert!(source.poll_readiness(&mut place(), Waker::noop()).is_pending());
        let setter = source.clone();
        let event = spawn(move || setter.set_readiness(Ready::READABLE));
        let found = source.poll_readiness(&mut place(), &count.waker());
        event.join();
        assert!(found.is_ready() || count.get() == 1, "the former waker was called");
    });
}

#[test]
fn the_end_of_the_reactor_is_told_to_whoever_waits() {
    explore(|| {
        race();
        let (source, count) = (source(), Count::new());
        let ender = source.clone();
        let end = spawn(move || ender.shut_down());
        let found =
            source.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), &count.waker());
        end.join();
        assert!(found.is_ready() || count.get() == 1, "woken by nobody");
        let told = source.ready_event(Interest::READABLE);
        assert!(matches!(told, Poll::Ready(Err(ShutDown))), "woken, and told of nothing");
    });
}

#[test]
fn of_two_who_wait_one_asks() {
    explore(|| {
        race();
        let source = Arc::new(ScheduledIo::new(Interest::WRITABLE));
        let other = source.clone();
        let also = spawn(move || other.should_register(Interest::WRITABLE));
        let one = source.should_register(Interest::WRITABLE);
        assert!(one ^ also.join(), "asked twice, or never");
        assert!(source.is_registered(Interest::WRITABLE));
    });
}
