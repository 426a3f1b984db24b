//! A writer under test: some data are written, it is flushed, and closed.
//!
//! Where the trait says that closing includes a flush, only the first bytes are flushed before the writer is closed, unless
//! these are all.
//!
//! As with a sink, the completion of an operation that was pending is an item.

use super::{Failure, LENGTHS, VECTORED, WriteTrait, bytes};
use crate::finished::Finished;
use crate::pollable::{Expect, Output, Pollable};
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Write,
    /// After the first bytes.
    FlushBetween,
    Flush,
    Close,
}

/// `T` is the trait of the writer.
pub(crate) struct CheckedWrite<T, W> {
    finished: Finished<W, io::Error>,
    data: Arc<[u8]>,
    written: usize,
    calls: usize,
    next: Operation,
    /// The last operation was pending.
    pending: bool,
    terminated: bool,
    last_operation: String,
    expect: Expect<Finished<W, io::Error>>,
    write_trait: PhantomData<fn() -> T>,
}

impl<T: WriteTrait<W>, W> CheckedWrite<T, W> {
    pub(crate) fn new(
        writer: W,
        data: Arc<[u8]>,
        expect: Expect<Finished<W, io::Error>>,
    ) -> CheckedWrite<T, W> {
        CheckedWrite {
            finished: Finished { object: Box::pin(writer), result: Ok(()) },
            next: if data.is_empty() { Operation::Flush } else { Operation::Write },
            data,
            written: 0,
            calls: 0,
            pending: false,
            terminated: false,
            last_operation: String::new(),
            expect,
            write_trait: PhantomData,
        }
    }

    /// Performs the next operation. Returns the one that follows it, or `None` at the end.
    fn perform(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Operation>, Failure>> {
        let writer = self.finished.object.as_mut();
        let next = match self.next {
            Operation::Write => return self.write(context).map_ok(Some),
            Operation::FlushBetween => {
                ready!(T::poll_flush(writer, context))?;
                Some(if self.written == self.data.len() {
                    Operation::Flush
                } else {
                    Operation::Write
                })
            }
            Operation::Flush => {
                ready!(T::poll_flush(writer, context))?;
                Some(Operation::Close)
            }
            Operation::Close => {
                ready!(T::poll_close(writer, context))?;
                None
            }
        };
        Poll::Ready(Ok(next))
    }

    fn write(&mut self, context: &mut Context<'_>) -> Poll<Result<Operation, Failure>> {
        let rest = &self.data[self.written..];
        let length = LENGTHS[self.calls % LENGTHS.len()].min(rest.len());
        let vectored = self.calls % VECTORED == VECTORED - 1;
        self.calls += 1;
        let writer = self.finished.object.as_mut();
        let written = ready!(T::poll_write(writer, context, &rest[..length], vectored))?;
        if written > length {
            let text = format!("returns {written} for {} of data", bytes(length));
            return Poll::Ready(Err(Failure::Violation(text)));
        }
        if written == 0 {
            return Poll::Ready(Err(Failure::Error(ErrorKind::WriteZero.into())));
        }
        let first = self.written == 0;
        self.written += written;
        let all = self.written == self.data.len();
        Poll::Ready(Ok(match (first, all) {
            (true, _) => Operation::FlushBetween,
            (false, true) if T::CLOSE_FLUSHES => Operation::Close,
            (false, true) => Operation::Flush,
            (false, false) => Operation::Write,
        }))
    }

    fn describe(&mut self, effect: &str) {
        let name = match self.next {
            Operation::Write => "poll_write",
            Operation::FlushBetween | Operation::Flush => "poll_flush",
            Operation::Close => T::CLOSE,
        };
        self.last_operation = format!("{name} {effect}, after {} in all", bytes(self.written));
    }

    fn finish(&mut self, result: io::Result<()>) -> Output {
        let succeeded = result.is_ok();
        self.finished.result = result;
        let expected = self.expect.as_ref().map_or(succeeded, |expect| expect(&self.finished));
        Output { more: false, expected }
    }
}

impl<T: WriteTrait<W>, W> Pollable for CheckedWrite<T, W> {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        if self.terminated {
            // After the end, and after an error, anything is allowed.
            let _ = ready!(T::poll_close(self.finished.object.as_mut(), context));
            return Poll::Ready(Output { more: false, expected: true });
        }
        let output = loop {
            let polled = self.perform(context);
            let was_pending = std::mem::replace(&mut self.pending, polled.is_pending());
            match polled {
                Poll::Pending => {
                    self.describe("is pending");
                    return Poll::Pending;
                }
                Poll::Ready(Ok(Some(next))) => {
                    if was_pending {
                        self.describe("succeeds");
                        self.next = next;
                        return Poll::Ready(Output { more: true, expected: true });
                    }
                    self.next = next;
                }
                Poll::Ready(Ok(None)) => {
                    self.describe("succeeds");
                    break self.finish(Ok(()));
                }
                Poll::Ready(Err(Failure::Error(error))) => {
                    self.describe(&format!("fails: {error}"));
                    break self.finish(Err(error));
                }
                Poll::Ready(Err(Failure::Violation(text))) => {
                    self.describe(&text);
                    break Output { more: false, expected: false };
                }
            }
        };
        self.terminated = true;
        Poll::Ready(output)
    }

    fn is_terminated(&self) -> bool {
        self.terminated
    }

    fn last_operation(&self) -> Option<String> {
        Some(self.last_operation.clone())
    }
}
