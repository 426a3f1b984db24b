//! Memory that grows with each poll, measured with a counting allocator.

#![allow(missing_docs)]

use cap::Cap;
use dormouse_check::{Kind, Report, check, event};
use std::alloc::System;
use std::pin::Pin;
use std::task::{Context, Poll};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Allocates a log entry at each poll, up to a limit.
struct PollLog<F> {
    inner: Pin<Box<F>>,
    entries: Vec<String>,
    max_entries: usize,
}

impl<F: Future> Future for PollLog<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if self.entries.len() < self.max_entries {
            self.entries.push("polled".to_owned());
        }
        self.inner.as_mut().poll(context)
    }
}

fn check_poll_log(max_entries: usize) -> Report {
    check(move || {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || {
            let _ = sender.send(7);
        });
        PollLog { inner: Box::pin(receiver), entries: Vec::new(), max_entries }
    })
    .memory(|| ALLOCATOR.allocated())
    .run()
}

#[test]
fn memory_that_grows_with_each_poll_is_reported() {
    let report = check_poll_log(usize::MAX);
    assert_eq!(report.failures(), [Kind::LeakPerPoll], "{report}");
}

#[test]
fn bounded_memory_is_not_reported() {
    check_poll_log(100).assert();
}

/// Leaks some bytes when it completes, if `leaks`.
fn check_completion(leaks: bool) -> Report {
    check(move || {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || {
            let _ = sender.send(7);
        });
        async move {
            let _ = receiver.await;
            if leaks {
                Box::leak(Box::new([7_u8; 24]));
            }
        }
    })
    .memory(|| ALLOCATOR.allocated())
    .run()
}

#[test]
fn memory_that_grows_with_each_future_that_completes_is_reported() {
    let report = check_completion(true);
    assert_eq!(report.failures(), [Kind::LeakPerPoll], "{report}");
    assert!(report.to_string().contains("run to completion"), "{report}");
    check_completion(false).assert();
}
