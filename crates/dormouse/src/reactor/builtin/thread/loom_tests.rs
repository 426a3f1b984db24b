//! Loom tests of when the reactor thread starts. It does not run when they begin.

use super::super::loom_tests::{Fd, readable, set_readable};
use super::has_thread;
use crate::block_on;
use crate::context::InBlockOn;
use crate::loom_test::{
    check, external_block_on, finish, kernel, poll_event, spawn, start_exploring,
};
use crate::reactor::{Direction, Interest, Reactor, WaiterSlot};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

fn register() -> Arc<Fd> {
    Arc::new(Reactor::builtin().register(kernel::file(), Interest::READABLE).unwrap())
}

#[test]
fn a_wait_outside_block_on_is_woken() {
    check(|| {
        let fd = register();
        start_exploring();
        let ready = fd.clone();
        let other = spawn(move || set_readable(&ready));
        external_block_on(readable(&fd));
        other.join();
    });
}

#[test]
fn while_one_block_on_serves_every_wait_the_thread_does_not_run() {
    check(|| {
        let (first, second) = (register(), register());
        start_exploring();
        let events = [second.clone(), first.clone()];
        let other = spawn(move || events.iter().for_each(|fd| set_readable(fd)));
        block_on(readable(&first));
        block_on(readable(&second));
        other.join();
        assert!(!has_thread());
    });
}

#[test]
fn a_wait_outside_block_on_that_begins_beside_a_poller_is_woken() {
    check(|| {
        let (first, second) = (register(), register());
        let fd = first.clone();
        let inside = spawn(move || block_on(readable(&fd)));
        start_exploring();
        let fd = second.clone();
        let outside = spawn(move || external_block_on(readable(&fd)));
        set_readable(&second);
        set_readable(&first);
        outside.join();
        inside.join();
    });
}

#[test]
fn an_executor_that_is_nested_in_block_on_is_woken() {
    check(|| {
        let fd = register();
        start_exploring();
        let ready = fd.clone();
        let other = spawn(move || set_readable(&ready));
        block_on(async { external_block_on(readable(&fd)) });
        other.join();
    });
}

#[test]
fn a_wait_in_a_block_on_that_does_not_poll_is_woken() {
    check(|| {
        let fd = register();
        start_exploring();
        let ready = fd.clone();
        let other = spawn(move || set_readable(&ready));
        let _context = InBlockOn::enter();
        external_block_on(readable(&fd));
        other.join();
    });
}

#[test]
fn of_two_threads_in_block_on_that_wait_both_are_woken() {
    check(|| {
        let (first, second) = (register(), register());
        start_exploring();
        let fd = second.clone();
        let other = spawn(move || block_on(readable(&fd)));
        let fd = first.clone();
        let events = spawn(move || set_readable(&fd));
        block_on(async {
            readable(&first).await;
            // The other thread may wait, while this one does not.
            set_readable(&second);
            other.join();
        });
        events.join();
    });
}

#[test]
fn an_event_after_the_return_of_block_on_reaches_the_waker_that_is_left() {
    check(|| {
        let fd = register();
        start_exploring();
        let mut polled = false;
        block_on(poll_fn(|cx| {
            let slot = WaiterSlot::Direction(Direction::Read);
            polled |= poll_event(&fd, slot, cx.waker()).is_ready();
            Poll::Ready(())
        }));
        set_readable(&fd);
        finish();
        assert!(polled || fd.ready_event(Interest::READABLE).is_some(), "it was not delivered");
    });
}

#[test]
fn an_event_reaches_a_future_that_wakes_itself_again_and_again() {
    check(|| {
        let fd = register();
        start_exploring();
        set_readable(&fd);
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            let slot = WaiterSlot::Direction(Direction::Read);
            let event = poll_event(&fd, slot, cx.waker());
            cx.waker().wake_by_ref();
            assert!(polls < 10, "it was not delivered");
            event.map(drop)
        }));
    });
}

#[test]
fn if_the_selector_cannot_be_waited_for_every_wait_ends_with_an_error() {
    async fn wait(fd: Arc<Fd>) -> bool {
        let slot = || WaiterSlot::Direction(Direction::Read);
        poll_fn(|cx| poll_event(&fd, slot(), cx.waker())).await.is_err()
    }
    check(|| {
        let (first, second) = (register(), register());
        kernel::refuse_waits();
        start_exploring();
        let outside = spawn(move || external_block_on(wait(second)));
        assert!(block_on(wait(first)));
        assert!(outside.join());
    });
}
