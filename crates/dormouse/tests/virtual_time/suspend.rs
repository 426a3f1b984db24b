//! Suspend and resume of the machine, and alarms, which end a suspend.

use super::{DAY, HOUR, Log, MINUTE, SECOND, morning};
use crate::common::{Count, poll};
use dormouse::clock::{Boottime, Monotonic, Realtime};
use dormouse::time::{Alarm, Instant, Resumes, WallClockChanges};
use dormouse::{VirtualTime, sleep};
use std::task::Poll;
use std::time::Duration;

#[test]
fn a_suspend_moves_boottime_and_the_wall_clock_but_not_the_monotonic_clock() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (boottime, monotonic, realtime) = (Boottime::now(), Monotonic::now(), Realtime::now());
    assert_eq!(time.suspend(HOUR), HOUR);
    assert_eq!(boottime.elapsed(), HOUR);
    assert_eq!(monotonic.elapsed(), Duration::ZERO);
    assert_eq!(Realtime::now(), realtime + HOUR);
}

#[test]
fn timers_due_during_a_suspend_fire_on_resume() {
    let time = VirtualTime::new();
    let machine = time.clone();
    let log = Log::new();
    let at = |name, log: Log<_>| {
        let start = time.now();
        let time = time.clone();
        move |()| log.add((name, time.now() - start))
    };
    use futures::FutureExt;
    let scenario = async {
        let lease = Boottime::sleep(2 * MINUTE).map(at("lease", log.clone()));
        let earlier = Boottime::sleep(MINUTE).map(at("earlier", log.clone()));
        let work = Monotonic::sleep(2 * MINUTE).map(at("work", log.clone()));
        let lid = Boottime::sleep(SECOND).map(|()| machine.suspend(HOUR));
        futures::join!(lease, earlier, work, lid);
    };
    time.block_on(scenario);
    let fired = log.take();
    assert_eq!(fired.len(), 3);
    assert!(fired[..2].contains(&("lease", HOUR + SECOND)));
    assert!(fired[..2].contains(&("earlier", HOUR + SECOND)));
    assert_eq!(fired[2], ("work", HOUR + 2 * MINUTE));
}

#[test]
fn a_suspend_is_reported() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (count, waker) = Count::new();
    let mut resumes = Resumes::new();
    let mut changes = WallClockChanges::new();
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Pending);
    time.advance_now(DAY);
    assert_eq!(count.get(), 0);
    time.suspend(HOUR);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Ready(HOUR));
    assert_eq!(poll(&mut resumes.next(), &waker), Poll::Pending);
    assert_eq!(poll(&mut changes.next(), &waker), Poll::Pending);
}

#[test]
fn a_lease_runs_out_while_the_lid_is_closed() {
    let time = VirtualTime::new();
    time.block_on(async {
        let (start, awake) = (Instant::now(), Monotonic::now());
        let lease = sleep(Duration::from_secs(3600));
        time.suspend(Duration::from_secs(7200));
        lease.await;
        assert_eq!(start.elapsed(), Duration::from_secs(7200));
        assert_eq!(awake.elapsed(), Duration::ZERO);
    });
}

#[test]
fn an_alarm_wakes_the_machine() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    // In virtual time no capability is needed.
    let mut alarm = Alarm::new(Instant::now() + HOUR).unwrap();
    let on_wall_clock = Alarm::new(Realtime::now()).unwrap();
    assert!(on_wall_clock.is_elapsed());
    assert_eq!(time.suspend(DAY), HOUR);
    assert!(alarm.is_elapsed());
    // The alarm has expired, so it does not end the next suspend.
    assert_eq!(time.suspend(DAY), DAY);

    alarm.reset(Instant::now() + MINUTE).unwrap();
    let on_wall_clock = Alarm::new(Realtime::now() + SECOND).unwrap();
    assert_eq!(time.suspend(DAY), SECOND);
    drop(on_wall_clock);
    assert_eq!(time.suspend(DAY), MINUTE - SECOND);
    alarm.reset(Instant::now() + MINUTE).unwrap();
    let (count, waker) = Count::new();
    assert_eq!(poll(&mut alarm, &waker), Poll::Pending);
    drop(alarm);
    assert_eq!(time.suspend(DAY), DAY);
    assert_eq!(count.get(), 0);
}

#[test]
fn an_expired_alarm_does_not_wake_the_machine_again_after_the_clock_is_set_back() {
    let time = VirtualTime::new();
    time.set_wall_clock(morning());
    let _entered = time.enter();
    let mut alarm = Alarm::new(morning() + HOUR).unwrap();
    let ways: [fn(&VirtualTime); 2] =
        [|time| time.advance_now(HOUR), |time| time.set_wall_clock(morning() + DAY)];
    for reach_deadline in ways {
        reach_deadline(&time);
        time.set_wall_clock(morning());
        assert_eq!(time.suspend(MINUTE), MINUTE);
        assert_eq!(time.suspend(DAY), DAY);
        time.set_wall_clock(morning());
        alarm.reset(morning() + HOUR).unwrap();
    }
    // An alarm that has not expired yet follows a step back.
    time.set_wall_clock(morning() - HOUR);
    assert_eq!(time.suspend(DAY), 2 * HOUR);
}
