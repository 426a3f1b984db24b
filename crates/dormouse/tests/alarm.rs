//! The behaviour of alarms while the machine is awake. That they wake a suspended machine is tested in a virtual
//! machine: `scripts/suspend`.
#![cfg(all(target_os = "linux", not(dormouse_portable)))]

mod common;

use common::MS;
use dormouse::clock::{Boottime, Realtime};
use dormouse::time::{Alarm, AlarmClock};
use dormouse::timeout;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use rustix::time::TimerfdClockId;
use std::io::ErrorKind;
use std::time::Duration;

on_every_reactor! {
    an_alarm_is_never_early
    an_alarm_can_be_reset
}

each_in_a_child_process! {
    without_cap_wake_alarm_the_error_names_the_capability
    a_dropped_alarm_closes_its_fd
    the_timerfd_is_set_to_the_deadline_of_the_alarm
}

/// Whether this process is allowed to set alarms.
fn can_set_alarms() -> bool {
    let allowed = capabilities(None).unwrap().effective.contains(CapabilitySet::WAKE_ALARM);
    if !allowed {
        eprintln!("skipped: this process lacks CAP_WAKE_ALARM");
    }
    allowed
}

async fn an_alarm_is_never_early() {
    async fn check<C: AlarmClock>() {
        let deadline = C::now() + 5 * MS;
        let alarm = Alarm::new(deadline).unwrap();
        assert_eq!(alarm.deadline(), deadline);
        alarm.await;
        assert!(C::now() >= deadline);
    }
    if can_set_alarms() {
        check::<Boottime>().await;
        check::<Realtime>().await;
    }
}

async fn an_alarm_can_be_reset() {
    if !can_set_alarms() {
        return;
    }
    let mut alarm = Alarm::new(Boottime::now() + Duration::from_secs(3600)).unwrap();
    assert!(timeout(2 * MS, &mut alarm).await.is_err());
    assert!(!alarm.is_elapsed());
    alarm.reset(Boottime::now() + MS).unwrap();
    (&mut alarm).await;
    assert!(alarm.is_elapsed());
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_cap_wake_alarm_the_error_names_the_capability() {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::WAKE_ALARM);
        sets.permitted.remove(CapabilitySet::WAKE_ALARM);
        set_capabilities(None, sets).unwrap();
        let error = Alarm::new(Boottime::now() + MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("CAP_WAKE_ALARM"), "{error}");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_dropped_alarm_closes_its_fd() {
        if !can_set_alarms() {
            return;
        }
        let before = common::fds();
        let alarms: Vec<_> = (0..10)
            .map(|_| Alarm::new(Boottime::now() + Duration::from_secs(3600)).unwrap())
            .collect();
        assert_eq!(common::fds(), before + 10);
        drop(alarms);
        assert_eq!(common::fds(), before);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn the_timerfd_is_set_to_the_deadline_of_the_alarm() {
        /// The remaining time of the only timerfd of this clock, in hours, rounded up.
        fn remaining_hours(clock: TimerfdClockId) -> u64 {
            let timerfds = common::timerfds(clock);
            assert_eq!(timerfds.len(), 1);
            let (_, remaining) = timerfds[0].split_once("it_value: (").unwrap();
            remaining.split(',').next().unwrap().parse::<u64>().unwrap().div_ceil(3600)
        }
        fn check<C: AlarmClock>(clock: TimerfdClockId) {
            let hour = Duration::from_secs(3600);
            let mut alarm = Alarm::new(C::now() + 2 * hour).unwrap();
            assert_eq!(remaining_hours(clock), 2);
            alarm.reset(C::now() + hour).unwrap();
            assert_eq!(remaining_hours(clock), 1);
            alarm.reset(C::now() + 3 * hour).unwrap();
            assert_eq!(remaining_hours(clock), 3);
        }
        if can_set_alarms() {
            check::<Boottime>(TimerfdClockId::BoottimeAlarm);
            check::<Realtime>(TimerfdClockId::RealtimeAlarm);
        }
    }
}
