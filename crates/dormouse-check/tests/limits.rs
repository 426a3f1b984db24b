//! The time limit of a check.

#![allow(missing_docs)]

use dormouse_check::{Kind, check, check_pair, event};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_millis(300);

#[test]
fn a_check_ends_at_its_time_limit_though_its_future_is_woken_for_ever() {
    let created = Arc::new(AtomicU32::new(0));
    let report = check(move || {
        let number = created.fetch_add(1, SeqCst);
        async move {
            dormouse::sleep(Duration::from_millis(2)).await;
            if number > 12 {
                loop {
                    dormouse::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    })
    .time_limit(LIMIT)
    .run();
    let out_of_time =
        |reason: &str| reason.contains("time limit") || reason.contains("never ready");
    assert!(report.skipped().iter().any(|(_, reason)| out_of_time(reason)), "{report}");
}

#[test]
fn a_poll_that_does_not_return_is_found_before_the_time_limit() {
    let report = check(|| {
        poll_fn(|_| -> Poll<()> {
            loop {
                thread::park();
            }
        })
    })
    .time_limit(LIMIT)
    .run();
    assert_eq!(report.failures(), [Kind::BlockingPoll], "{report}");
}

#[test]
fn a_report_lists_the_probes_for_which_there_was_no_time() {
    let report = check(|| dormouse::sleep(Duration::from_millis(40))).time_limit(LIMIT).run();
    assert!(report.passed(), "{report}");
    assert!(report.to_string().contains("as far as the time limit permitted"), "{report}");
    let last = report.skipped().last().unwrap();
    assert_eq!(
        *last,
        ("waker under lock", "the time limit of 300ms was reached before".to_owned())
    );
}

#[test]
fn a_future_that_is_never_ready_does_not_use_up_the_time() {
    let report = check(pending::<()>).time_limit(Duration::from_secs(2)).run();
    assert_eq!(report.failures(), [Kind::NeverReady], "{report}");
    assert!(report.to_string().contains("no event was fired"), "{report}");
}

#[test]
fn the_panic_of_an_event_is_in_the_report_of_a_future_that_is_never_ready() {
    let report = check(|| {
        event(|| panic!("no receiver"));
        pending::<()>()
    })
    .time_limit(Duration::from_secs(2))
    .run();
    assert_eq!(report.failures(), [Kind::NeverReady], "{report}");
    let text = report.to_string();
    assert!(text.contains("event 1 panics: no receiver"), "{report}");
    assert!(text.contains("1 event was fired"), "{report}");
}

#[test]
fn a_report_lists_each_reason_for_which_probes_were_skipped_once() {
    let report = check(|| async { 1 }).name("one").expect_output(|output| *output == 2).run();
    assert!(report.skipped().len() > 5, "{report}");
    let text = report.to_string();
    assert_eq!(text.matches("no result because of: wrong output").count(), 1, "{report}");
    let skipped = text.split("skipped").last().unwrap();
    assert!(skipped.lines().all(|line| line.chars().count() <= 100), "{report}");
}

#[test]
fn the_default_name_of_an_async_block_is_that_of_its_function() {
    let report = check(|| async {}).run();
    let line = "limits::the_default_name_of_an_async_block_is_that_of_its_function: keeps";
    assert!(report.to_string().starts_with(line), "{report}");
}

/// A poll hangs when almost half of the time is used up, so that the rest is too short to be sure that it hangs.
#[test]
fn a_check_whose_time_is_too_short_for_one_run_fails() {
    let report = check(|| {
        let created = Instant::now();
        poll_fn(move |_| -> Poll<()> {
            if created.elapsed() < LIMIT / 2 - Duration::from_millis(5) {
                return Poll::Pending;
            }
            loop {
                thread::park();
            }
        })
    })
    .time_limit(LIMIT)
    .run();
    assert!(!report.passed(), "{report}");
}

#[test]
fn a_check_in_which_no_probe_gave_a_result_does_not_pass() {
    let report = check_pair(|| (async {}, pending::<()>())).time_limit(LIMIT).run();
    assert!(report.to_string().contains("nothing was checked"), "{report}");
    assert!(report.failures().is_empty() && !report.passed(), "{report}");
}
