//! Memory that grows with each poll, with an allocator that counts.

#![allow(missing_docs)]

use cap::Cap;
use dormouse_check::{Kind, Report, check, event};
use std::alloc::System;
use std::pin::Pin;
use std::task::{Context, Poll};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Notes when it was polled, or what for, and never forgets.
struct Notes<F> {
    inner: Pin<Box<F>>,
    notes: Vec<String>,
    /// How many it keeps.
    most: usize,
}

impl<F: Future> Future for Notes<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if self.notes.len() < self.most {
            self.notes.push("polled".to_owned());
        }
        self.inner.as_mut().poll(context)
    }
}

fn notes(most: usize) -> Report {
    check(move || {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || {
            let _ = sender.send(7);
        });
        Notes { inner: Box::pin(receiver), notes: Vec::new(), most }
    })
    .memory(|| ALLOCATOR.allocated())
    .run()
}

#[test]
fn memory_that_grows_with_each_poll_is_found() {
    let report = notes(usize::MAX);
    assert_eq!(report.failures(), [Kind::LeakPerPoll], "{report}");
}

#[test]
fn memory_that_is_bounded_is_fine() {
    notes(100).assert();
}
