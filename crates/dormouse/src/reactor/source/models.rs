//! Every order of events and waits on one source.

use super::*;
use crate::model::{Count, explore, race, spawn};
use std::sync::Arc;

fn source() -> Arc<Source> {
    Arc::default()
}

/// Waits in a place of its own, and says whether it need not.
fn wait(source: &Source, interest: Interest, count: &Arc<Count>) -> (bool, Option<usize>) {
    let mut index = None;
    let found = source.poll(&mut Place::Own(interest, &mut index), &count.waker());
    (found.is_ready(), index)
}

#[test]
fn an_event_beside_a_wait_is_seen_or_wakes() {
    explore("source: a wait looks once", || {
        race();
        let (source, count) = (source(), Count::new());
        let setter = source.clone();
        let event = spawn(move || setter.set(Ready::READABLE));
        let found = source.poll(&mut Place::Direction(Direction::Read), &count.waker());
        event.join();
        assert!(found.is_ready() || count.get() == 1, "the event was lost");
    });
}

#[test]
fn an_event_reaches_each_of_those_who_wait() {
    explore("source: an event is for one", || {
        race();
        let source = source();
        let waiters =
            [Interest::READABLE, Interest::READABLE | Interest::WRITABLE].map(|interest| {
                let (source, count) = (source.clone(), Count::new());
                let counted = count.clone();
                (spawn(move || wait(&source, interest, &counted).0), count)
            });
        source.set(Ready::READABLE);
        for (waiter, count) in waiters {
            assert!(waiter.join() || count.get() == 1, "a waiter was passed over");
        }
    });
}

#[test]
fn a_place_that_is_left_beside_an_event_takes_it_from_nobody() {
    explore("source: who leaves takes all along", || {
        race();
        let (source, count) = (source(), Count::new());
        let (_, index) = wait(&source, Interest::READABLE, &Count::new());
        let (other, counted) = (source.clone(), count.clone());
        let waiter = spawn(move || wait(&other, Interest::READABLE, &counted).0);
        let other = source.clone();
        let event = spawn(move || other.set(Ready::READABLE));
        source.leave(index.unwrap());
        event.join();
        assert!(waiter.join() || count.get() == 1, "the other waiter lost its place");
    });
}

#[test]
fn an_event_beside_a_clear_is_not_cleared() {
    explore("source: clears unseen", || {
        race();
        let source = source();
        source.set(Ready::READABLE);
        let setter = source.clone();
        let event = spawn(move || setter.set(Ready::READABLE));
        // What an operation found blocked before the second event came.
        let seen = source.ready(Interest::READABLE);
        let Poll::Ready(Ok(seen)) = seen else { panic!("there was an event") };
        let two = seen.tick == 2;
        source.clear(seen, Ready::ALL);
        event.join();
        assert_eq!(source.ready(Interest::READABLE).is_ready(), !two, "cleared unseen, or left");
    });
}

#[test]
fn a_waker_that_is_exchanged_beside_an_event_is_the_one_that_is_called() {
    explore("source: the first waker stays", || {
        race();
        let (source, count) = (source(), Count::new());
        let place = || Place::Direction(Direction::Read);
        assert!(source.poll(&mut place(), Waker::noop()).is_pending());
        let setter = source.clone();
        let event = spawn(move || setter.set(Ready::READABLE));
        let found = source.poll(&mut place(), &count.waker());
        event.join();
        assert!(found.is_ready() || count.get() == 1, "the former waker was called");
    });
}

#[test]
fn the_end_of_the_reactor_is_told_to_whoever_waits() {
    explore("source: the end is not noted", || {
        race();
        let (source, count) = (source(), Count::new());
        let ender = source.clone();
        let end = spawn(move || ender.set_gone());
        let found = source.poll(&mut Place::Direction(Direction::Read), &count.waker());
        end.join();
        assert!(found.is_ready() || count.get() == 1, "woken by nobody");
        let told = source.ready(Interest::READABLE);
        assert!(matches!(told, Poll::Ready(Err(Gone))), "woken, and told of nothing");
    });
}

#[test]
fn of_two_who_wait_one_asks() {
    explore("source: both ask", || {
        race();
        let source = Arc::new(Source::new(Interest::WRITABLE));
        let other = source.clone();
        let also = spawn(move || other.must_ask(Interest::WRITABLE));
        let one = source.must_ask(Interest::WRITABLE);
        assert!(one ^ also.join(), "asked twice, or never");
        assert!(source.is_asked(Interest::WRITABLE));
    });
}
