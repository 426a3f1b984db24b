//! A reader under test, which is read to its end.
//!
//! As with a sink, the completion of a read that was pending is an item.

use super::{Failure, LENGTHS, ReadTrait, VECTORED, bytes};
use crate::pollable::{Expect, Output, Pollable};
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A reader without an end is read up to this many bytes.
const MAX_BYTES: usize = 64 * 1024;

/// `T` is the trait of the reader.
pub(crate) struct CheckedRead<T, R> {
    reader: Pin<Box<R>>,
    received: Vec<u8>,
    calls: usize,
    /// The last read was pending.
    pending: bool,
    terminated: bool,
    last_operation: String,
    expect: Expect<io::Result<Vec<u8>>>,
    read_trait: PhantomData<fn() -> T>,
}

impl<T: ReadTrait<R>, R> CheckedRead<T, R> {
    pub(crate) fn new(reader: R, expect: Expect<io::Result<Vec<u8>>>) -> Self {
        CheckedRead {
            reader: Box::pin(reader),
            received: Vec::new(),
            calls: 0,
            pending: false,
            terminated: false,
            last_operation: String::new(),
            expect,
            read_trait: PhantomData,
        }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<Vec<u8>, Failure>> {
        let length = LENGTHS[self.calls % LENGTHS.len()];
        let vectored = self.calls % VECTORED == VECTORED - 1;
        self.calls += 1;
        let polled = T::poll_read(self.reader.as_mut(), context, length, vectored);
        let effect = match &polled {
            Poll::Pending => "is pending".to_owned(),
            Poll::Ready(Ok(data)) => format!("reads {}", data.len()),
            Poll::Ready(Err(Failure::Error(error))) => format!("fails: {error}"),
            Poll::Ready(Err(Failure::Violation(text))) => text.clone(),
        };
        let received = self.received.len();
        self.last_operation =
            format!("a read of {} {effect}, after {} in all", bytes(length), bytes(received));
        polled
    }

    fn finish(&mut self, result: io::Result<Vec<u8>>) -> Output {
        let succeeded = result.is_ok();
        let expected = self.expect.as_ref().map_or(succeeded, |expect| expect(&result));
        Output { more: false, expected }
    }
}

impl<T: ReadTrait<R>, R> Pollable for CheckedRead<T, R> {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        let output = loop {
            let was_pending = self.pending;
            let polled = self.read(context);
            self.pending = polled.is_pending();
            let Poll::Ready(read) = polled else { return Poll::Pending };
            match read {
                Err(Failure::Violation(_)) => break Output { more: false, expected: false },
                // After the end, and after an error, anything else is allowed.
                _ if self.terminated => break Output { more: false, expected: true },
                Err(Failure::Error(error)) => break self.finish(Err(error)),
                Ok(data) => {
                    self.received.extend_from_slice(&data);
                    if data.is_empty() || self.received.len() >= MAX_BYTES {
                        let received = std::mem::take(&mut self.received);
                        break self.finish(Ok(received));
                    }
                    if was_pending {
                        return Poll::Ready(Output { more: true, expected: true });
                    }
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
