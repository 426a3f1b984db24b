//! Every order of events, the reactor's thread, threads in `block_on`, and others who wait.

use crate::block_on;
use crate::loom_test::{explore, kernel, race, run, settle, spawn};
use crate::reactor::scheduled_io::ScheduledIo;
use crate::reactor::{Direction, Interest, Reactor, Ready, Registration, WaiterSlot, start};
use std::future::{Future, poll_fn};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

type Fd = Registration<OwnedFd>;

fn watched(interest: Interest) -> Arc<Fd> {
    start().unwrap();
    Arc::new(Reactor::builtin().register(kernel::file(), interest).unwrap())
}

fn ready(fd: &Fd, direction: Direction) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        fd.poll_readiness(WaiterSlot::Direction(direction), cx.waker())
            .map(|found| _ = found.unwrap())
    })
}

fn readable(fd: &Fd) -> impl Future<Output = ()> {
    ready(fd, Direction::Read)
}

fn becomes_readable(fd: &Fd) {
    kernel::happens(fd.get_ref().as_raw_fd(), Ready::READABLE);
}

#[test]
fn an_event_on_its_way_at_deregistration_reaches_nobody_else() {
    explore(|| {
        let fd = Arc::into_inner(watched(Interest::READABLE)).unwrap();
        let file = fd.get_ref().as_raw_fd();
        race();
        let event = spawn(move || kernel::happens(file, Ready::READABLE));
        let object = fd.into_inner();
        event.join();
        // It is read, and watched anew.
        kernel::drain(file);
        let fd = Reactor::builtin().register(object, Interest::READABLE).unwrap();
        settle();
        assert!(
            fd.ready_event(Interest::READABLE).is_pending(),
            "an event of the former registration"
        );
    });
}

#[test]
fn room_that_was_there_is_told_to_all_who_first_wait_for_it() {
    explore(|| {
        let fd = watched(Interest::READABLE | Interest::WRITABLE);
        kernel::happens(fd.get_ref().as_raw_fd(), Ready::WRITABLE);
        race();
        let waiters = [(); 2].map(|()| {
            let fd = fd.clone();
            let mut place = None;
            spawn(move || {
                run(poll_fn(|cx| {
                    fd.poll_readiness(
                        WaiterSlot::Future(Interest::WRITABLE, &mut place),
                        cx.waker(),
                    )
                }))
                .unwrap();
            })
        });
        waiters.into_iter().for_each(|waiter| waiter.join());
    });
}

#[test]
fn block_on_ends_when_another_thread_wakes_it() {
    explore(|| {
        start().unwrap();
        let source = Arc::new(ScheduledIo::default());
        race();
        let setter = source.clone();
        let other = spawn(move || setter.set_readiness(Ready::READABLE));
        block_on(poll_fn(|cx| {
            source.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), cx.waker())
        }))
        .unwrap();
        other.join();
    });
}

#[test]
fn block_on_ends_when_an_event_and_another_thread_wake_it() {
    explore(|| {
        let fd = watched(Interest::READABLE);
        let source = Arc::new(ScheduledIo::default());
        race();
        let (setter, file) = (source.clone(), fd.get_ref().as_raw_fd());
        let other = spawn(move || {
            kernel::happens(file, Ready::READABLE);
            setter.set_readiness(Ready::READABLE);
        });
        block_on(poll_fn(|cx| {
            source.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), cx.waker())
        }))
        .unwrap();
        other.join();
        block_on(readable(&fd));
    });
}

#[test]
fn an_event_that_comes_when_block_on_ends_is_for_whoever_waits_next() {
    explore(|| {
        let (first, second) = (watched(Interest::READABLE), watched(Interest::READABLE));
        race();
        let events = [first.clone(), second.clone()];
        let other = spawn(move || events.iter().for_each(|fd| becomes_readable(fd)));
        block_on(readable(&first));
        run(readable(&second));
        other.join();
    });
}

#[test]
fn who_waits_beside_block_on_is_woken_and_so_is_block_on() {
    explore(|| {
        let (first, second) = (watched(Interest::READABLE), watched(Interest::READABLE));
        race();
        let fd = second.clone();
        let beside = spawn(move || run(readable(&fd)));
        let events = [second.clone(), first.clone()];
        let other = spawn(move || events.iter().for_each(|fd| becomes_readable(fd)));
        block_on(readable(&first));
        other.join();
        beside.join();
    });
}

#[test]
fn two_threads_in_block_on_are_both_woken() {
    explore(|| {
        let (first, second) = (watched(Interest::READABLE), watched(Interest::READABLE));
        race();
        let fd = second.clone();
        let beside = spawn(move || block_on(readable(&fd)));
        becomes_readable(&second);
        becomes_readable(&first);
        block_on(readable(&first));
        beside.join();
    });
}
