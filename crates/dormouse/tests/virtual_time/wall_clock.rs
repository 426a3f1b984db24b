//! Steps of the wall clock: how they are reported, and which timers follow them.

use super::{DAY, HOUR, MINUTE, SECOND, morning};
use crate::common::{Count, poll};
use dormouse::clock::{Boottime, Monotonic, Realtime};
use dormouse::time::{Instant, Resumes, WallClockChange, WallClockChanges};
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
    let mut resumes = Resumes::new();
    let mut changes = WallClockChanges::new();
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Ready(WallClockChange::Forward(HOUR)));
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + MINUTE);
    assert_eq!(count.get(), 2);
    assert_eq!(
        poll(&mut changes.next(), &waker),
        Poll::Ready(WallClockChange::Back(HOUR - MINUTE))
    );
    // The machine was not suspended.
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Pending);
}

#[cfg(feature = "stream")]
#[test]
fn changes_and_resumes_are_streams() {
    use futures::StreamExt;

    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut changes = WallClockChanges::new().map(Some);
    let mut resumes = Resumes::new().map(Some);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Pending);
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Pending);
    time.set_wall_clock(morning() + HOUR);
    assert_eq!(count.get(), 2);
    let change = Some(WallClockChange::Forward(HOUR));
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Ready(Some(change)));
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Pending);
    time.suspend(MINUTE);
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Ready(Some(Some(MINUTE))));
}

#[test]
fn a_step_of_centuries_is_reported_in_its_direction() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let (_, waker) = Count::new();
    let mut changes = WallClockChanges::new();
    let (then, now) = (Instant::from(UNIX_EPOCH) + 550 * 365 * DAY, morning());
    let by = then - now;
    time.set_wall_clock(then);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Ready(WallClockChange::Forward(by)));
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Ready(WallClockChange::Back(by)));
    // Steps that cancel each other out are not reported.
    time.set_wall_clock(then);
    time.set_wall_clock(now);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Pending);
}

#[test]
fn a_wait_for_a_step_neither_delays_a_jump_nor_is_a_deadline() {
    let time = VirtualTime::new();
    let machine = time.clone();
    let start = time.now();
    let step = time.block_on(async {
        let mut changes = WallClockChanges::new();
        let ntp = async {
            sleep(HOUR).await;
            machine.set_wall_clock(Realtime::now() + MINUTE);
        };
        join(changes.next(), ntp).await.0
    });
    assert_eq!(step, WallClockChange::Forward(MINUTE));
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
    assert_eq!(Realtime::now(), UNIX_EPOCH.into());
    assert_eq!((Boottime::now(), Monotonic::now()), (boottime, monotonic));
}
