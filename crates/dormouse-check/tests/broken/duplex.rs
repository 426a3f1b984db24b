//! Streams whose two directions disturb each other.

use crate::cases;
use crate::pipe::{self, CAPACITY, Pipe};
use dormouse_check::{Kind, check_duplex, event};
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    /// Both directions store their wakers in the same place.
    OneWaker,
    /// Closing it for writing ends reading, too.
    ClosesBoth,
}

struct Duplex {
    input: Pipe,
    output: Pipe,
    shared: Arc<Mutex<Option<Waker>>>,
    defect: Defect,
    closed: bool,
}

/// A stream whose output is drained by the first event, and whose input comes and ends by the others.
fn duplex(defect: Defect) -> Duplex {
    let (input, output, shared) = (Pipe::default(), Pipe::default(), Arc::default());
    pipe::send(&output, &[0; CAPACITY]);
    let stream = Duplex { input, output, shared, defect, closed: false };
    let (input, output, shared) =
        (stream.input.clone(), stream.output.clone(), stream.shared.clone());
    let change = move |change: fn(&Pipe, &Pipe)| {
        let (input, output, shared) = (input.clone(), output.clone(), shared.clone());
        event(move || {
            change(&input, &output);
            let waker = shared.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
    };
    change(|_, output| pipe::drain(output));
    change(|input, _| pipe::send(input, b"in"));
    change(|input, _| pipe::close(input));
    stream
}

impl Duplex {
    /// The waker that a pipe gets: none if both directions share one.
    fn waker(&self, context: &Context<'_>) -> Waker {
        if self.defect != Defect::OneWaker {
            return context.waker().clone();
        }
        let waker = context.waker().clone();
        let old = self.shared.lock().unwrap().replace(waker);
        drop(old);
        Waker::noop().clone()
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.closed && self.defect == Defect::ClosesBoth {
            return Poll::Ready(Ok(0));
        }
        let waker = self.waker(context);
        let bytes =
            ready!(pipe::poll(&self.input, &waker, |state| pipe::take(state, buffer.len())));
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Poll::Ready(Ok(bytes.len()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let waker = self.waker(context);
        pipe::poll(&self.output, &waker, |state| {
            let length = data.len().min(CAPACITY.saturating_sub(state.bytes.len()));
            state.bytes.extend(&data[..length]);
            (length > 0).then_some(Ok(length))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        pipe::forget(&self.input);
        pipe::forget(&self.output);
        let waker = self.shared.lock().unwrap().take();
        drop(waker);
    }
}

fn is_data(read: &io::Result<Vec<u8>>) -> bool {
    read.as_ref().is_ok_and(|data| data == b"in")
}

cases! {
    /// No defect: the others differ from it in one point.
    duplex_without_a_defect: [], check_duplex(|| duplex(Defect::None), "out").expect_output(is_data);
    /// The direction that was polled last gets all wake-ups.
    duplex_has_one_waker: [Kind::LostWakeUp], check_duplex(|| duplex(Defect::OneWaker), "out").expect_output(is_data);
    /// What comes after the close is lost.
    duplex_closes_both_directions: [Kind::WrongOutput], check_duplex(|| duplex(Defect::ClosesBoth), "out").expect_output(is_data);
}
