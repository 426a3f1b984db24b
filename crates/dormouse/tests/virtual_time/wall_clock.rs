//! Steps of the wall clock: how they are reported, and which timers follow them.

use super::{DAY, HOUR, MINUTE, SECOND, morning};
use crate::common::{Count, poll};
use dormouse::clock::{self, Boottime, Clock, Monotonic, Realtime, Step};
use dormouse::{VirtualTime, sleep};
use futures::future::join;
use std::task::Poll;
use std::time::UNIX_EPOCH;

#[test]
fn a_step_of_the_wall_clock_is_reported() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut resumes = clock::resumes();
    let mut changes = clock::changes();
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Forward(HOUR)));
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + MINUTE);
    assert_eq!(count.get(), 2);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Back(HOUR - MINUTE)));
    // The machine was not suspended.
    assert_eq!(poll(&mut resumes.resume(), &waker), Poll::Pending);
}

#[test]
fn a_step_of_centuries_is_reported_in_its_direction() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (_, waker) = Count::new();
    let mut changes = clock::changes();
    let (then, now) = (UNIX_EPOCH + 550 * 365 * DAY, morning());
    let by = then.duration_since(now).unwrap();
    time.set_wall_clock(then);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Forward(by)));
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Ready(Step::Back(by)));
    // Steps that cancel each other out are not reported.
    time.set_wall_clock(then);
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.change(), &waker), Poll::Pending);
}

#[test]
fn a_wait_for_a_step_neither_delays_a_jump_nor_is_a_deadline() {
    let time = VirtualTime::new();
    let machine = time.clone();
    let start = time.now();
    let step = time.block_on(async {
        let mut changes = clock::changes();
        let ntp = async {
            sleep(HOUR).await;
            machine.set_wall_clock(Realtime::now() + MINUTE);
        };
        join(changes.change(), ntp).await.0
    });
    assert_eq!(step, Step::Forward(MINUTE));
    assert_eq!(time.now() - start, HOUR);
}

#[test]
fn wall_clock_sleeps_follow_steps_in_either_direction() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (_, waker) = Count::new();
    let mut noon = Realtime::sleep_until(morning() + 4 * HOUR);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.set_wall_clock(morning() - 2 * HOUR);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.advance_now(6 * HOUR - SECOND);
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);

    let (count, waker) = Count::new();
    assert_eq!(poll(&mut noon, &waker), Poll::Pending);
    time.set_wall_clock(morning() + 5 * HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut noon, &waker), Poll::Ready(()));
}

#[test]
fn a_step_moves_no_other_clock() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (boottime, monotonic) = (Boottime::now(), Monotonic::now());
    time.set_wall_clock(morning());
    assert_eq!(Realtime::now(), morning());
    time.set_wall_clock(UNIX_EPOCH - DAY);
    assert_eq!(Realtime::now(), UNIX_EPOCH);
    assert_eq!((Boottime::now(), Monotonic::now()), (boottime, monotonic));
}
