//! Loom tests of events, the reactor thread, threads in `block_on`, and waits outside of it.

use super::poller::disable as disable_poller;
use super::{reactor, start_with_hook, wake_thread};
use crate::block_on;
use crate::context::in_block_on;
use crate::loom_test::{
    check, external_block_on, finish, kernel, poll_event, spawn, start_exploring,
};
use crate::reactor::scheduled_io::ScheduledIo;
use crate::reactor::{
    Direction, Interest, Reactor, Ready, ReadyEvent, Registration, WaiterSlot, start,
};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::loom_static;
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::time::Duration;

pub(super) type Fd = Registration<OwnedFd>;

fn register(interest: Interest) -> Arc<Fd> {
    start().unwrap();
    Arc::new(Reactor::builtin().register(kernel::file(), interest).unwrap())
}

fn readiness(fd: &Fd, interest: Interest) -> impl Future<Output = io::Result<ReadyEvent>> {
    let mut key = None;
    poll_fn(move |cx| poll_event(fd, WaiterSlot::Future(interest, &mut key), cx.waker()))
}

pub(super) async fn readable(fd: &Fd) {
    let slot = || WaiterSlot::Direction(Direction::Read);
    poll_fn(|cx| poll_event(fd, slot(), cx.waker())).await.unwrap();
}

pub(super) fn set_readable(fd: &Fd) {
    kernel::set_ready(fd.get_ref().as_raw_fd(), Ready::READABLE);
}

#[test]
fn an_event_in_flight_at_deregistration_reaches_no_later_registration() {
    check(|| {
        let fd = Arc::into_inner(register(Interest::READABLE)).unwrap();
        let file = fd.get_ref().as_raw_fd();
        start_exploring();
        let delivery = spawn(move || kernel::set_ready(file, Ready::READABLE));
        let object = fd.into_inner();
        delivery.join();
        // Its data is read, and it is registered again.
        kernel::drain(file);
        let fd = Reactor::builtin().register(object, Interest::READABLE).unwrap();
        finish();
        assert!(
            fd.ready_event(Interest::READABLE).is_none(),
            "an event of the former registration was delivered"
        );
    });
}

/// A waker that deregisters an fd when it is called.
struct Deregisters(Mutex<Option<Arc<Fd>>>);

impl Wake for Deregisters {
    fn wake(self: Arc<Self>) {
        let fd = self.0.lock().unwrap().take();
        drop(fd);
    }
}

#[test]
fn a_waker_may_deregister_an_fd_when_it_is_called() {
    check(|| {
        let [fd, second, third] = [(); 3].map(|()| register(Interest::READABLE));
        let waker = Arc::new(Deregisters(Mutex::new(Some(second))));
        let slot = WaiterSlot::Direction(Direction::Read);
        assert!(poll_event(&fd, slot, &waker.clone().into()).is_pending());
        start_exploring();
        set_readable(&fd);
        // Meanwhile this thread takes the same locks.
        let slot = WaiterSlot::Future(Interest::READABLE, &mut None);
        let _ = poll_event(&fd, slot, Waker::noop());
        drop(third);
        finish();
        assert!(waker.0.lock().unwrap().is_none());
    });
}

#[test]
fn after_a_short_read_at_an_urgent_mark_that_is_older_than_the_registration_an_event_follows() {
    check(|| {
        start().unwrap();
        let file = kernel::file();
        kernel::set_ready(file.as_raw_fd(), Ready::READABLE | Ready::URGENT);
        start_exploring();
        let interest = Interest::READABLE | Interest::WITH_URGENT;
        let fd = Reactor::builtin().register(file, interest).unwrap();
        if let Some(event) = fd.ready_event(Interest::READABLE) {
            // The read stops at the mark, with data behind it.
            fd.short_read(event);
        }
        external_block_on(readable(&fd));
    });
}

#[test]
fn existing_write_readiness_is_reported_to_concurrent_first_waits() {
    check(|| {
        let fd = register(Interest::READABLE | Interest::WRITABLE);
        kernel::set_ready(fd.get_ref().as_raw_fd(), Ready::WRITABLE);
        start_exploring();
        let other_fd = fd.clone();
        let other =
            spawn(move || external_block_on(readiness(&other_fd, Interest::WRITABLE)).unwrap());
        external_block_on(readiness(&fd, Interest::WRITABLE)).unwrap();
        other.join();
    });
}

#[test]
fn the_first_wait_for_an_interest_sees_an_event_before_or_after_it() {
    check(|| {
        let fd = register(Interest::READABLE);
        start_exploring();
        let file = fd.get_ref().as_raw_fd();
        let event = spawn(move || kernel::set_ready(file, Ready::ERROR));
        external_block_on(readiness(&fd, Interest::ERROR)).unwrap();
        event.join();
    });
}

#[test]
fn of_two_concurrent_first_waits_for_an_interest_both_see_the_state_of_the_fd() {
    check(|| {
        let fd = register(Interest::READABLE);
        let file = fd.get_ref().as_raw_fd();
        kernel::set_ready(file, Ready::ERROR);
        block_on(readable(&fd));
        start_exploring();
        let other_fd = fd.clone();
        let other =
            spawn(move || external_block_on(readiness(&other_fd, Interest::ERROR)).unwrap());
        external_block_on(readiness(&fd, Interest::ERROR)).unwrap();
        other.join();
    });
}

#[test]
fn when_an_fd_cannot_be_registered_every_wait_ends_with_an_error() {
    check(|| {
        let fd = register(Interest::READABLE | Interest::WRITABLE);
        kernel::refuse_changes();
        start_exploring();
        let other_fd = fd.clone();
        let reader = spawn(move || external_block_on(readiness(&other_fd, Interest::READABLE)));
        assert!(external_block_on(readiness(&fd, Interest::WRITABLE)).is_err());
        assert!(reader.join().is_err());
    });
}

loom_static! {
    /// What the hook has to see.
    static CHANGED: AtomicBool = AtomicBool::new(false);
    /// Becomes readable when the hook has seen it.
    static SEEN: Arc<ScheduledIo> = Arc::default();
}

fn hook() -> Option<Duration> {
    if CHANGED.load(Ordering::Relaxed) {
        SEEN.set_readiness(Ready::READABLE);
    }
    None
}

/// Returns when the hook has seen the change.
fn change_and_wake_thread() {
    CHANGED.store(true, Ordering::Relaxed);
    wake_thread();
    external_block_on(poll_fn(|cx| {
        SEEN.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, cx.waker())
    }))
    .unwrap();
}

#[test]
fn the_reactor_thread_calls_its_hook_after_each_wake_up() {
    check(|| {
        start_exploring();
        start_with_hook(hook).unwrap();
        change_and_wake_thread();
    });
}

#[test]
fn after_the_poller_role_is_disabled_no_wake_up_of_the_reactor_thread_is_lost() {
    check(|| {
        // `start_with_hook` would disable the role before the poller waits.
        assert!(reactor().hook.set(hook).is_ok());
        let fd = register(Interest::READABLE);
        start_exploring();
        let waiter = fd.clone();
        let other = spawn(move || block_on(readable(&waiter)));
        disable_poller();
        change_and_wake_thread();
        set_readable(&fd);
        other.join();
    });
}

#[test]
fn block_on_returns_when_another_thread_wakes_it() {
    check(|| {
        start().unwrap();
        let io = Arc::new(ScheduledIo::default());
        start_exploring();
        let setter = io.clone();
        let other = spawn(move || setter.set_readiness(Ready::READABLE));
        block_on(poll_fn(|cx| {
            io.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, cx.waker())
        }))
        .unwrap();
        other.join();
    });
}

#[test]
fn block_on_returns_when_an_event_and_another_thread_wake_it() {
    check(|| {
        let fd = register(Interest::READABLE);
        let io = Arc::new(ScheduledIo::default());
        start_exploring();
        let (setter, file) = (io.clone(), fd.get_ref().as_raw_fd());
        let other = spawn(move || {
            kernel::set_ready(file, Ready::READABLE);
            setter.set_readiness(Ready::READABLE);
        });
        block_on(poll_fn(|cx| {
            io.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, cx.waker())
        }))
        .unwrap();
        other.join();
        block_on(readable(&fd));
    });
}

#[test]
fn an_event_at_the_return_of_block_on_reaches_the_next_wait() {
    check(|| {
        let (first, second) = (register(Interest::READABLE), register(Interest::READABLE));
        start_exploring();
        let events = [first.clone(), second.clone()];
        let other = spawn(move || events.iter().for_each(|fd| set_readable(fd)));
        block_on(readable(&first));
        external_block_on(readable(&second));
        other.join();
    });
}

#[test]
fn a_task_outside_block_on_and_the_future_inside_are_both_woken() {
    check(|| {
        let (first, second) = (register(Interest::READABLE), register(Interest::READABLE));
        start_exploring();
        let fd = second.clone();
        let outside = spawn(move || external_block_on(readable(&fd)));
        let events = [second.clone(), first.clone()];
        let other = spawn(move || events.iter().for_each(|fd| set_readable(fd)));
        block_on(readable(&first));
        other.join();
        outside.join();
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
fn after_the_poller_role_is_disabled_only_the_reactor_thread_calls_wakers() {
    check(|| {
        let (first, second) = (register(Interest::READABLE), register(Interest::READABLE));
        let waker = Arc::new(ReactorThreadOnly).into();
        let slot = &mut WaiterSlot::Direction(Direction::Read);
        let tried = Some(ReadyEvent::unknown(Interest::READABLE));
        assert!(second.poll_attached(slot, tried, &waker).is_pending());
        start_exploring();
        let fds = [second, first.clone()];
        let other = spawn(move || {
            disable_poller();
            fds.iter().for_each(|fd| set_readable(fd));
        });
        block_on(readable(&first));
        other.join();
    });
}

#[test]
fn a_poller_does_not_call_the_waker_of_a_task_outside_block_on() {
    check(|| {
        let (first, second) = (register(Interest::READABLE), register(Interest::READABLE));
        start_exploring();
        let fd = second.clone();
        let outside = spawn(move || {
            let waker = Arc::new(ReactorThreadOnly).into();
            _ = poll_event(&fd, WaiterSlot::Direction(Direction::Read), &waker);
        });
        let events = [second.clone(), first.clone()];
        let other = spawn(move || events.iter().for_each(|fd| set_readable(fd)));
        block_on(readable(&first));
        other.join();
        outside.join();
    });
}

#[test]
fn after_the_poller_role_is_disabled_only_the_reactor_thread_polls() {
    check(|| {
        let fd = register(Interest::READABLE);
        start_exploring();
        let waiter = fd.clone();
        let other = spawn(move || block_on(readable(&waiter)));
        disable_poller();
        kernel::until_waiting(1);
        set_readable(&fd);
        other.join();
    });
}

#[test]
fn two_threads_in_block_on_are_both_woken() {
    check(|| {
        let (first, second) = (register(Interest::READABLE), register(Interest::READABLE));
        start_exploring();
        let fd = second.clone();
        let other = spawn(move || block_on(readable(&fd)));
        set_readable(&second);
        set_readable(&first);
        block_on(readable(&first));
        other.join();
    });
}
