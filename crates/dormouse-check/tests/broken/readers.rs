//! Readers with one defect each.

use crate::cases;
use crate::pipe::{self, Pipe};
use dormouse_check::{Kind, check_read, check_tokio_read, event};
use futures_io::AsyncRead;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::ReadBuf;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    FirstWaker,
    /// It registers its waker for data, and not for the end.
    MissesTheEnd,
    WouldBlock,
    /// It returns the number of bytes that it has, and not of those that fit.
    TooMany,
    /// It drops what does not fit, as a datagram socket does.
    DropsTheRest,
    /// It takes a byte, and waits for the next one.
    ForgetsAByte,
}

struct Reader {
    pipe: Pipe,
    defect: Defect,
    first_waker: Option<Waker>,
}

/// A reader whose data and end come by two events.
fn reader(defect: Defect) -> Reader {
    let pipe = Pipe::default();
    let (first, second) = (pipe.clone(), pipe.clone());
    event(move || pipe::send(&first, b"first"));
    event(move || {
        if defect == Defect::MissesTheEnd {
            second.lock().unwrap().closed = true;
        } else {
            pipe::close(&second);
        }
    });
    Reader { pipe, defect, first_waker: None }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (pipe, defect) = (self.pipe.clone(), self.defect);
        let waker = self.first_waker.get_or_insert_with(|| context.waker().clone()).clone();
        let waker = if defect == Defect::FirstWaker { &waker } else { context.waker() };
        let length = match defect {
            Defect::TooMany | Defect::DropsTheRest => usize::MAX,
            _ => buffer.len(),
        };
        let polled = pipe::poll(&pipe, waker, |state| {
            if defect == Defect::ForgetsAByte && state.bytes.len() == 5 {
                state.bytes.pop_front();
                return None;
            }
            pipe::take(state, length)
        });
        if defect == Defect::WouldBlock && polled.is_pending() {
            return Poll::Ready(Err(ErrorKind::WouldBlock.into()));
        }
        let bytes = ready!(polled);
        let fit = bytes.len().min(buffer.len());
        buffer[..fit].copy_from_slice(&bytes[..fit]);
        Poll::Ready(Ok(if defect == Defect::TooMany { bytes.len() } else { fit }))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        pipe::forget(&self.pipe);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TokioDefect {
    /// It writes to the beginning of the buffer, filled or not.
    Overwrites,
    /// It fills the buffer, and waits until the buffer is full.
    FillsAndWaits,
}

struct TokioReader(Pipe, TokioDefect);

fn tokio_reader(defect: TokioDefect) -> TokioReader {
    let pipe = Pipe::default();
    let (first, second) = (pipe.clone(), pipe.clone());
    event(move || pipe::send(&first, b"first"));
    event(move || pipe::close(&second));
    TokioReader(pipe, defect)
}

impl tokio::io::AsyncRead for TokioReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let overwrites = self.1 == TokioDefect::Overwrites;
        let bytes = ready!(pipe::poll(&self.0, context.waker(), |state| {
            pipe::take(state, buffer.remaining())
        }));
        if overwrites && !bytes.is_empty() {
            buffer.clear();
        }
        buffer.put_slice(&bytes);
        if overwrites || bytes.is_empty() || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        pipe::poll(&self.0, context.waker(), |state| state.closed.then_some(Ok(())))
    }
}

impl Drop for TokioReader {
    fn drop(&mut self) {
        pipe::forget(&self.0);
    }
}

fn is_data(read: &io::Result<Vec<u8>>) -> bool {
    read.as_ref().is_ok_and(|data| data == b"first")
}

cases! {
    /// It keeps the waker of its first read.
    reader_keeps_the_first_waker: [Kind::StaleWaker], check_read(|| reader(Defect::FirstWaker))
        .expect_output(is_data);
    /// The end wakes nothing.
    reader_misses_the_end: [Kind::LostWakeUp], check_read(|| reader(Defect::MissesTheEnd))
        .expect_output(is_data);
    /// An error instead of `Pending`.
    reader_would_block: [Kind::WrongOutput], check_read(|| reader(Defect::WouldBlock));
    /// More bytes than fit into the buffer.
    reader_returns_too_many: [Kind::WrongOutput], check_read(|| reader(Defect::TooMany));
    /// The bytes that do not fit are lost.
    reader_drops_the_rest: [Kind::WrongOutput], check_read(|| reader(Defect::DropsTheRest))
        .expect_output(is_data);
    /// A byte is lost in a read that is pending.
    reader_forgets_a_byte: [Kind::WrongOutput], check_read(|| reader(Defect::ForgetsAByte))
        .expect_output(is_data);
    /// What the buffer contains is overwritten.
    tokio_reader_overwrites: [Kind::WrongOutput], check_tokio_read(|| tokio_reader(TokioDefect::Overwrites));
    /// The bytes in the buffer are lost if the caller goes on with another buffer.
    tokio_reader_fills_and_waits: [Kind::WrongOutput], check_tokio_read(|| tokio_reader(TokioDefect::FillsAndWaits));
}
