//! Alarms on systems that have none.
#![cfg(any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))))]

use dormouse::clock::Realtime;
use dormouse::time::{Alarm, Instant};
use std::io::ErrorKind;

#[test]
fn an_alarm_is_an_error_that_names_linux() {
    let error = Alarm::new(Instant::now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Linux"), "{error}");
    assert_eq!(Alarm::new(Realtime::now()).unwrap_err().kind(), ErrorKind::Unsupported);
}
