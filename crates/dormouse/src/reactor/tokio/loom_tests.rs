//! Loom tests of the events of a tokio runtime, waits for them, and the shutdown of the runtime.

use crate::loom_test::tokio::runtime::Runtime;
use crate::loom_test::{
    WakeCounter, check, external_block_on, kernel, poll_event, spawn, start_exploring,
};
use crate::reactor::{Direction, Interest, Reactor, Ready, ReadyEvent, Registration, WaiterSlot};
use crate::sync::atomic::{AtomicUsize, Ordering};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::task::{Poll, Waker};

fn register(runtime: &Runtime) -> Registration<OwnedFd> {
    let reactor = Reactor::tokio(runtime.handle()).unwrap();
    reactor.register(kernel::file(), Interest::READABLE).unwrap()
}

fn readable(fd: &Registration<OwnedFd>) -> io::Result<ReadyEvent> {
    external_block_on(poll_fn(|cx| {
        poll_event(fd, WaiterSlot::Direction(Direction::Read), cx.waker())
    }))
}

#[test]
fn every_event_that_arrives_during_a_turn_of_the_runtime_is_delivered() {
    check(|| {
        let runtime = Runtime::new();
        let fd = register(&runtime);
        let sent = Arc::new(AtomicUsize::new(0));
        start_exploring();
        let (file, sends) = (fd.get_ref().as_raw_fd(), sent.clone());
        let sender = spawn(move || {
            for _ in 0..2 {
                sends.fetch_add(1, Ordering::Release);
                kernel::set_ready(file, Ready::READABLE);
                runtime.turn();
            }
            runtime
        });
        let mut read = 0;
        while read < 2 {
            let event = readable(&fd).unwrap();
            match sent.load(Ordering::Acquire) {
                // The read returns `WouldBlock`.
                same if same == read => fd.would_block(event),
                more => read = more,
            }
        }
        sender.join();
    });
}

#[test]
fn an_event_during_the_first_wait_for_write_readiness_wakes_the_reader() {
    check(|| {
        let runtime = Runtime::new();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        let fd = reactor.register(kernel::file(), both).unwrap();
        let (reader, writer) = (WakeCounter::new(), WakeCounter::new());
        let poll = |direction, waker: &Waker| {
            poll_event(&fd, WaiterSlot::Direction(direction), waker).is_pending()
        };
        assert!(poll(Direction::Read, &reader.waker()));
        start_exploring();
        let file = fd.get_ref().as_raw_fd();
        let event = spawn(move || {
            kernel::set_ready(file, Ready::READABLE);
            runtime.turn();
            runtime
        });
        assert!(poll(Direction::Write, &writer.waker()));
        event.join().turn();
        assert_eq!((reader.get(), writer.get()), (1, 0));
    });
}

#[test]
fn after_a_short_read_at_an_urgent_mark_that_arrives_during_the_first_wait_an_event_follows() {
    check(|| {
        let runtime = Runtime::new();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let interest = Interest::READABLE | Interest::WITH_URGENT;
        let fd = reactor.register(kernel::file(), interest).unwrap();
        start_exploring();
        let file = fd.get_ref().as_raw_fd();
        let delivery = spawn(move || {
            kernel::set_ready(file, Ready::READABLE | Ready::URGENT);
            runtime.turn();
            runtime
        });
        let event = readable(&fd).unwrap();
        // The read stops at the mark, with data behind it.
        fd.short_read(event);
        let runtime = delivery.join();
        assert!(readable(&fd).is_ok());
        drop(runtime);
    });
}

#[test]
fn a_wait_survives_the_shutdown_of_its_runtime() {
    check(|| {
        crate::reactor::start().unwrap();
        let runtime = Runtime::new();
        let fd = register(&runtime);
        let file = fd.get_ref().as_raw_fd();
        start_exploring();
        let shutdown = spawn(move || {
            runtime.shut_down();
            kernel::set_ready(file, Ready::READABLE);
        });
        assert!(readable(&fd).is_ok());
        shutdown.join();
    });
}

#[test]
fn an_fd_that_moves_during_the_shutdown_of_its_runtime_is_not_shut_down() {
    check(|| {
        crate::reactor::start().unwrap();
        let runtime = Runtime::new();
        let fd = register(&runtime);
        let file = fd.get_ref().as_raw_fd();
        kernel::set_ready(file, Ready::READ_CLOSED | Ready::WRITE_CLOSED);
        runtime.turn();
        let event = readable(&fd).unwrap();
        start_exploring();
        let shutdown = spawn(move || runtime.shut_down());
        // It has hung up, but a read returns `WouldBlock`.
        fd.would_block(event);
        shutdown.join();
        let mut slot = WaiterSlot::Direction(Direction::Read);
        let event = fd.poll_attached(&mut slot, Some(event), Waker::noop());
        assert!(!matches!(event, Poll::Ready(Err(_))), "shut down after it had moved");
    });
}
