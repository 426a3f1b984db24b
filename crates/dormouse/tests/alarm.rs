//! What alarms promise while the machine is awake. That they wake it is tested in a machine of their own.
#![cfg(target_os = "linux")]

mod common;

use common::MS;
use dormouse::clock::{Boottime, Clock, Realtime};
use dormouse::time::{Alarm, AlarmClock};
use dormouse::timeout;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use rustix::time::TimerfdClockId;
use std::io::ErrorKind;
use std::time::Duration;

on_every_reactor! {
    an_alarm_is_never_early
    an_alarm_can_be_moved
}

each_in_a_process_of_its_own! {
    without_the_capability_the_error_names_it
    a_dropped_alarm_leaves_no_fd
    the_kernel_knows_when_to_wake_the_machine
}

/// Whether this process may set alarms.
fn may() -> bool {
    let may = capabilities(None).unwrap().effective.contains(CapabilitySet::WAKE_ALARM);
    if !may {
        eprintln!("skipped: this process has not got CAP_WAKE_ALARM");
    }
    may
}

async fn an_alarm_is_never_early() {
    async fn check<C: AlarmClock>() {
        let deadline = C::now() + 5 * MS;
        let alarm = Alarm::new(deadline).unwrap();
        assert_eq!(alarm.deadline(), deadline);
        alarm.await;
        assert!(C::now() >= deadline);
    }
    if may() {
        check::<Boottime>().await;
        check::<Realtime>().await;
    }
}

async fn an_alarm_can_be_moved() {
    if !may() {
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
    #[ignore = "run by its namesake"]
    fn without_the_capability_the_error_names_it() {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(CapabilitySet::WAKE_ALARM);
        sets.permitted.remove(CapabilitySet::WAKE_ALARM);
        set_capabilities(None, sets).unwrap();
        let error = Alarm::new(Boottime::now() + MS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("CAP_WAKE_ALARM"), "{error}");
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn a_dropped_alarm_leaves_no_fd() {
        if !may() {
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
    #[ignore = "run by its namesake"]
    fn the_kernel_knows_when_to_wake_the_machine() {
        /// Hours left by the alarm's timerfd, of which there is one.
        fn hours_left(clock: TimerfdClockId) -> u64 {
            let timerfds = common::timerfds(clock);
            assert_eq!(timerfds.len(), 1);
            let (_, left) = timerfds[0].split_once("it_value: (").unwrap();
            left.split(',').next().unwrap().parse::<u64>().unwrap().div_ceil(3600)
        }
        fn check<C: AlarmClock>(clock: TimerfdClockId) {
            let hour = Duration::from_secs(3600);
            let mut alarm = Alarm::new(C::now() + 2 * hour).unwrap();
            assert_eq!(hours_left(clock), 2);
            alarm.reset(C::now() + hour).unwrap();
            assert_eq!(hours_left(clock), 1);
            alarm.reset(C::now() + 3 * hour).unwrap();
            assert_eq!(hours_left(clock), 3);
        }
        if may() {
            check::<Boottime>(TimerfdClockId::BoottimeAlarm);
            check::<Realtime>(TimerfdClockId::RealtimeAlarm);
        }
    }
}
