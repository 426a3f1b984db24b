//! Writers and sinks with one defect each.

use crate::cases;
use crate::pipe::{self, CAPACITY, Pipe};
use dormouse_check::{Kind, check_sink, check_tokio_write, check_write, event};
use futures_io::AsyncWrite;
use futures_sink::Sink;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    FirstWaker,
    /// A flush that has to wait registers no waker.
    FlushForgetsTheWaker,
    /// A pending write keeps its data, and the next one keeps them again.
    WritesTwice,
    /// A pending write keeps its data, and the next one returns their length.
    RemembersTheLength,
    /// What is in the buffer is lost.
    ClosesWithoutFlush,
    /// Each `poll_ready` reserves a place.
    ReservesTwice,
    /// It accepts an item only if `poll_ready` was the last call.
    UnreservesInFlush,
}

/// Writes into a pipe that is full at first, and drained by each event.
struct Writer {
    pipe: Pipe,
    defect: Defect,
    first_waker: Option<Waker>,
    /// Everything that was written to the pipe.
    written: Vec<u8>,
    kept: Vec<u8>,
    reserved: usize,
}

fn writer(defect: Defect) -> Writer {
    let pipe = Pipe::default();
    pipe::send(&pipe, &[0; CAPACITY]);
    for _ in 0..12 {
        let pipe = pipe.clone();
        event(move || pipe::drain(&pipe));
    }
    let (written, kept) = (Vec::new(), Vec::new());
    Writer { pipe, defect, first_waker: None, written, kept, reserved: 0 }
}

impl Writer {
    fn waker<'a>(&'a mut self, context: &'a Context<'_>) -> &'a Waker {
        let first = self.first_waker.get_or_insert_with(|| context.waker().clone());
        if self.defect == Defect::FirstWaker { first } else { context.waker() }
    }

    /// Waits for a place in the pipe. Returns how many there are.
    fn poll_space(&mut self, context: &Context<'_>) -> Poll<usize> {
        let (pipe, reserved) = (self.pipe.clone(), self.reserved);
        let capacity = if self.defect == Defect::ReservesTwice { 1 } else { CAPACITY };
        pipe::poll(&pipe, self.waker(context), |state| {
            let space = capacity.saturating_sub(state.bytes.len() + reserved);
            (space > 0).then_some(space)
        })
    }

    fn put(&mut self, bytes: &[u8]) {
        self.pipe.lock().unwrap().bytes.extend(bytes);
        self.written.extend_from_slice(bytes);
    }

    /// Waits until the pipe is empty.
    fn poll_empty(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.defect == Defect::FlushForgetsTheWaker {
            let empty = self.pipe.lock().unwrap().bytes.is_empty();
            return if empty { Poll::Ready(()) } else { Poll::Pending };
        }
        let pipe = self.pipe.clone();
        pipe::poll(&pipe, self.waker(context), |state| state.bytes.is_empty().then_some(()))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.defect == Defect::WritesTwice
            || self.defect == Defect::RemembersTheLength && self.kept.is_empty()
        {
            self.kept.extend_from_slice(data);
        }
        let Poll::Ready(space) = self.poll_space(context) else { return Poll::Pending };
        let kept = std::mem::take(&mut self.kept);
        if self.defect == Defect::WritesTwice || self.defect == Defect::RemembersTheLength {
            self.put(&kept);
            let once = self.defect == Defect::WritesTwice;
            return Poll::Ready(Ok(if once { data.len() } else { kept.len() }));
        }
        let length = data.len().min(space);
        self.put(&data[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_empty(context).map(Ok)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, context)
    }
}

/// Buffers items until a flush.
impl Sink<u8> for Writer {
    type Error = Infallible;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Infallible>> {
        if self.reserved > 0 && self.defect != Defect::ReservesTwice {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_space(context));
        self.reserved += 1;
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, item: u8) -> Result<(), Infallible> {
        assert!(self.reserved > 0, "there is no place");
        self.reserved -= 1;
        if self.defect == Defect::ClosesWithoutFlush {
            self.kept.push(item);
        } else {
            self.put(&[item]);
        }
        Ok(())
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Infallible>> {
        if self.defect == Defect::UnreservesInFlush {
            self.reserved = 0;
        }
        let kept = std::mem::take(&mut self.kept);
        self.put(&kept);
        self.poll_empty(context).map(Ok)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Infallible>> {
        self.poll_empty(context).map(Ok)
    }
}

/// What tokio's `AsyncWrite` is implemented for. Buffers bytes until a flush if it has that defect.
struct TokioWriter(Writer);

impl tokio::io::AsyncWrite for TokioWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.0.defect == Defect::ClosesWithoutFlush {
            self.0.kept.extend_from_slice(data);
            return Poll::Ready(Ok(data.len()));
        }
        AsyncWrite::poll_write(Pin::new(&mut self.0), context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.0.poll_empty(context));
        let kept = std::mem::take(&mut self.0.kept);
        self.0.put(&kept);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_empty(context).map(Ok)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        pipe::forget(&self.pipe);
    }
}

cases! {
    /// No defect: the others differ from it in one point.
    writer_without_a_defect: [], check_write(|| writer(Defect::None), "data")
        .expect_output(|written| written.get_ref().written == b"data");
    /// The same as a sink.
    sink_without_a_defect: [], check_sink(|| writer(Defect::None), *b"item")
        .expect_output(|sent| sent.get_ref().written == b"item");
    /// It keeps the waker of its first operation.
    writer_keeps_the_first_waker: [Kind::StaleWaker], check_write(|| writer(Defect::FirstWaker), "data");
    /// A flush is never woken.
    flush_forgets_the_waker: [Kind::LostWakeUp], check_write(|| writer(Defect::FlushForgetsTheWaker), "data");
    /// Each poll of one write counts.
    writer_writes_twice: [Kind::WrongOutput], check_write(|| writer(Defect::WritesTwice), "data")
        .expect_output(|written| written.get_ref().written == b"data");
    /// The caller comes back with fewer bytes.
    writer_remembers_the_length: [Kind::WrongOutput], check_write(|| writer(Defect::RemembersTheLength), "data")
        .expect_output(|written| written.get_ref().written == b"data");
    /// No defect, with tokio's trait.
    tokio_writer_without_a_defect: [], check_tokio_write(|| TokioWriter(writer(Defect::None)), "data")
        .expect_output(|written| written.get_ref().0.written == b"data");
    /// A shutdown loses what was not flushed before.
    tokio_writer_shuts_down_without_a_flush: [Kind::WrongOutput],
        check_tokio_write(|| TokioWriter(writer(Defect::ClosesWithoutFlush)), "data")
            .expect_output(|written| written.get_ref().0.written == b"data");
    /// It keeps the waker of its first operation.
    sink_keeps_the_first_waker: [Kind::StaleWaker], check_sink(|| writer(Defect::FirstWaker), *b"item");
    /// The last items are lost.
    sink_closes_without_a_flush: [Kind::WrongOutput], check_sink(|| writer(Defect::ClosesWithoutFlush), *b"item")
        .expect_output(|sent| sent.get_ref().written == b"item");
    /// The places run out.
    sink_reserves_twice: [Kind::NeverReady], check_sink(|| writer(Defect::ReservesTwice), *b"item");
    /// A flush between `poll_ready` and `start_send` takes the place away.
    sink_loses_its_place_in_a_flush: [Kind::Panics], check_sink(|| writer(Defect::UnreservesInFlush), *b"item");
}
