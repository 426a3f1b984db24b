//! A sink under test: some items are sent to it, and it is closed.
//!
//! To the probes it is a stream. All operations that are ready at once are performed in one poll, so each pending poll is
//! a pending operation of the sink. If an operation that was pending completes, the poll returns an item, so that the
//! probes see the progress.
//!
//! # Invariants
//! - Each `start_send` follows a `poll_ready` that was ready, and nothing but `poll_flush` is in between.
//! - After the end, and after an error, only `poll_close` is called.

use super::{Expect, Output, Pollable};
use crate::finished::Finished;
use futures_sink::Sink;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Ready,
    Send(usize),
    Flush,
    Close,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Ready => "poll_ready",
            Operation::Send(_) => "start_send",
            Operation::Flush => "poll_flush",
            Operation::Close => "poll_close",
        }
    }
}

/// All operations for this number of items. A flush of an empty sink comes first; before the first item `poll_ready` is
/// called twice; before the second item there is a flush after `poll_ready`.
fn operations(items: usize) -> Vec<Operation> {
    use Operation::{Close, Flush, Ready, Send};
    let mut operations = vec![Flush];
    for item in 0..items {
        match item {
            0 => operations.extend([Ready, Ready, Send(0), Flush]),
            1 => operations.extend([Ready, Flush, Send(1)]),
            _ => operations.extend([Ready, Send(item)]),
        }
    }
    operations.push(Close);
    operations
}

/// A sink, and the items that are sent to it.
pub(crate) struct CheckedSink<S: Sink<I>, I> {
    finished: Finished<S, S::Error>,
    items: Arc<[I]>,
    operations: Vec<Operation>,
    /// How many operations have been completed.
    completed: usize,
    /// The last operation was pending.
    pending: bool,
    terminated: bool,
    last_operation: String,
    expect: Expect<Finished<S, S::Error>>,
}

/// The sink is in a box, and nothing else is pinned.
impl<S: Sink<I>, I> Unpin for CheckedSink<S, I> {}

impl<S: Sink<I>, I: Clone> CheckedSink<S, I> {
    pub(crate) fn new(sink: S, items: Arc<[I]>, expect: Expect<Finished<S, S::Error>>) -> Self {
        CheckedSink {
            finished: Finished { object: Box::pin(sink), result: Ok(()) },
            operations: operations(items.len()),
            items,
            completed: 0,
            pending: false,
            terminated: false,
            last_operation: String::new(),
            expect,
        }
    }

    fn perform(
        &mut self,
        operation: Operation,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), S::Error>> {
        let sink = self.finished.object.as_mut();
        match operation {
            Operation::Ready => sink.poll_ready(context),
            Operation::Send(item) => Poll::Ready(sink.start_send(self.items[item].clone())),
            Operation::Flush => sink.poll_flush(context),
            Operation::Close => sink.poll_close(context),
        }
    }

    fn describe(&mut self, operation: Operation, effect: &str) {
        let sent = self.operations.iter().take(self.completed);
        let sent = sent.filter(|operation| matches!(operation, Operation::Send(_))).count();
        let items = if sent == 1 { "item" } else { "items" };
        self.last_operation = format!("{} {effect}, after {sent} {items}", operation.name());
    }

    fn finish(&mut self) -> Output {
        self.terminated = true;
        let succeeded = self.finished.result.is_ok();
        let expected = self.expect.as_ref().map_or(succeeded, |expect| expect(&self.finished));
        Output { more: false, expected }
    }
}

impl<S: Sink<I>, I: Clone> Pollable for CheckedSink<S, I> {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        if self.terminated {
            let _ = ready!(self.perform(Operation::Close, context));
            return Poll::Ready(Output { more: false, expected: true });
        }
        while let Some(&operation) = self.operations.get(self.completed) {
            let polled = self.perform(operation, context);
            let was_pending = std::mem::replace(&mut self.pending, polled.is_pending());
            match polled {
                Poll::Pending => {
                    self.describe(operation, "is pending");
                    return Poll::Pending;
                }
                Poll::Ready(Ok(())) => {
                    self.completed += 1;
                    self.describe(operation, "succeeds");
                    if was_pending && self.completed < self.operations.len() {
                        return Poll::Ready(Output { more: true, expected: true });
                    }
                }
                Poll::Ready(Err(error)) => {
                    self.describe(operation, "fails");
                    self.finished.result = Err(error);
                    break;
                }
            }
        }
        Poll::Ready(self.finish())
    }

    fn is_terminated(&self) -> bool {
        self.terminated
    }

    fn last_operation(&self) -> Option<String> {
        Some(self.last_operation.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_sent_after_the_sink_was_ready() {
        for items in 0..5 {
            let mut ready = false;
            let mut sent = Vec::new();
            for operation in operations(items) {
                match operation {
                    Operation::Ready => ready = true,
                    Operation::Send(item) => {
                        assert!(std::mem::replace(&mut ready, false), "item {item}");
                        sent.push(item);
                    }
                    Operation::Flush | Operation::Close => {}
                }
            }
            assert_eq!(sent, (0..items).collect::<Vec<_>>());
            assert_eq!(operations(items).last(), Some(&Operation::Close));
        }
    }
}
