//! Loom tests of the first waits for a connection, which register it.

use crate::loom_test::tokio::runtime::Runtime;
use crate::loom_test::{
    WakeCounter, check, external_block_on, kernel, poll_event, spawn, start_exploring,
};
use crate::reactor::{
    Direction, Interest, Reactor, Ready, ReadyEvent, Registration, WaiterSlot, start,
};
use crate::trace::Origin;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

fn connection(ready: Ready, interest: Interest) -> Registration<OwnedFd> {
    start().unwrap();
    let file = kernel::file();
    kernel::set_ready(file.as_raw_fd(), ready);
    Reactor::builtin().register_later(file, interest, Origin::UNKNOWN)
}

fn wait(fd: &Registration<OwnedFd>, interest: Interest) -> io::Result<ReadyEvent> {
    let mut key = None;
    external_block_on(poll_fn(|cx| {
        poll_event(fd, WaiterSlot::Future(interest, &mut key), cx.waker())
    }))
}

#[test]
fn the_first_wait_for_a_connection_sees_the_state_of_the_fd() {
    check(|| {
        let fd = connection(Ready::WRITABLE, Interest::READABLE | Interest::WRITABLE);
        start_exploring();
        wait(&fd, Interest::WRITABLE).unwrap();
    });
}

#[test]
fn of_two_concurrent_first_waits_for_a_connection_one_registers_it() {
    check(|| {
        let runtime = Runtime::new();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (file, both) = (kernel::file(), Interest::READABLE | Interest::WRITABLE);
        kernel::set_ready(file.as_raw_fd(), Ready::READABLE | Ready::WRITABLE);
        let fd = Arc::new(reactor.register_later(file, both, Origin::UNKNOWN));
        start_exploring();
        let poll = |fd: &Registration<OwnedFd>, direction| {
            let counter = WakeCounter::new();
            let polled = poll_event(fd, WaiterSlot::Direction(direction), &counter.waker());
            (polled.map(|event| event.unwrap()).is_ready(), counter)
        };
        let other_fd = fd.clone();
        let reader = spawn(move || poll(&other_fd, Direction::Read));
        let writer = poll(&fd, Direction::Write);
        let reader = reader.join();
        runtime.turn();
        for (is_ready, counter) in [reader, writer] {
            assert!(is_ready || counter.get() > 0);
        }
        assert_eq!(fd.reactor().name(), "tokio");
    });
}

#[test]
fn the_first_wait_for_a_connection_survives_the_concurrent_shutdown_of_its_runtime() {
    check(|| {
        start().unwrap();
        let runtime = Runtime::new();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let file = kernel::file();
        let number = file.as_raw_fd();
        let fd = reactor.register_later(file, Interest::READABLE, Origin::UNKNOWN);
        start_exploring();
        let shutdown = spawn(move || {
            runtime.shut_down();
            kernel::set_ready(number, Ready::READABLE);
        });
        wait(&fd, Interest::READABLE).unwrap();
        shutdown.join();
    });
}

#[test]
fn after_a_short_read_at_an_urgent_mark_that_is_older_than_the_first_wait_an_event_follows() {
    check(|| {
        let interest = Interest::READABLE | Interest::WITH_URGENT;
        let fd = connection(Ready::READABLE | Ready::URGENT, interest);
        start_exploring();
        let event = wait(&fd, Interest::READABLE).unwrap();
        // The read stops at the mark, with data behind it.
        fd.short_read(event);
        wait(&fd, Interest::READABLE).unwrap();
    });
}
