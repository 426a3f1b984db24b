//! Every order of what a tokio runtime reports, waits, and the end of the runtime.

use crate::loom_test::tokio::runtime::Runtime;
use crate::loom_test::{explore, kernel, race, run, spawn};
use crate::reactor::{Direction, Interest, Reactor, Ready, ReadyEvent, Registration, WaiterSlot};
use crate::sync::atomic::{AtomicUsize, Ordering};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::task::Poll;

fn watched(runtime: &Runtime) -> Registration<OwnedFd> {
    let reactor = Reactor::tokio(runtime.handle()).unwrap();
    reactor.register(kernel::file(), Interest::READABLE).unwrap()
}

fn readable(fd: &Registration<OwnedFd>) -> io::Result<ReadyEvent> {
    run(poll_fn(|cx| fd.poll_readiness(WaiterSlot::Direction(Direction::Read), cx.waker())))
}

#[test]
fn all_that_arrives_while_a_runtime_reports_it_is_read() {
    explore(|| {
        let runtime = Runtime::new();
        let fd = watched(&runtime);
        let sent = Arc::new(AtomicUsize::new(0));
        race();
        let (file, sends) = (fd.get_ref().as_raw_fd(), sent.clone());
        let sender = spawn(move || {
            for _ in 0..2 {
                sends.fetch_add(1, Ordering::Release);
                kernel::happens(file, Ready::READABLE);
                runtime.turn();
            }
            runtime
        });
        let mut read = 0;
        while read < 2 {
            let event = readable(&fd).unwrap();
            match sent.load(Ordering::Acquire) {
                // The read would block.
                none if none == read => fd.clear_readiness(event, Ready::ALL),
                some => read = some,
            }
        }
        sender.join();
    });
}

#[test]
fn the_end_of_a_runtime_is_told_to_whoever_waits() {
    explore(|| {
        let runtime = Runtime::new();
        let fd = watched(&runtime);
        race();
        let end = spawn(move || runtime.shut_down());
        assert!(readable(&fd).is_err());
        end.join();
    });
}

#[test]
fn an_fd_that_was_handed_over_does_not_end_with_its_runtime() {
    explore(|| {
        crate::reactor::start().unwrap();
        let runtime = Runtime::new();
        let fd = watched(&runtime);
        let file = fd.get_ref().as_raw_fd();
        kernel::happens(file, Ready::READ_CLOSED);
        runtime.turn();
        let event = readable(&fd).unwrap();
        // Not closed after all: the read would block.
        kernel::drain(file);
        race();
        let end = spawn(move || runtime.shut_down());
        fd.clear_readiness(event, Ready::ALL);
        let ended = |fd: &Registration<OwnedFd>| {
            matches!(fd.ready_event(Interest::READABLE), Poll::Ready(Err(_)))
        };
        let ended_before = ended(&fd);
        end.join();
        assert!(ended_before || !ended(&fd), "marked when it was handed over");
    });
}
