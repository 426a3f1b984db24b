//! What alarms promise while the machine is awake. That they wake it is tested in a machine of their own.
#![cfg(target_os = "linux")]

mod common;

use common::MS;
use dormouse::clock::{Boottime, Clock, Realtime};
use dormouse::time::{Alarm, AlarmClock};
use dormouse::timeout;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use std::io::ErrorKind;
use std::time::Duration;

on_every_reactor! {
    an_alarm_is_never_early
    an_alarm_can_be_moved
}

each_in_a_process_of_its_own! {
    without_the_capability_the_error_names_it
    a_dropped_alarm_leaves_no_fd
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
}
