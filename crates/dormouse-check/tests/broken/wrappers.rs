//! Wrappers of readers and writers with one defect each, which a reader or writer that is always ready does not show.

use crate::cases;
use dormouse_check::hostile::io::{HostileReader, HostileWriter, reader, writer};
use dormouse_check::hostile::stream;
use dormouse_check::{Finished, Kind, check_read, check_write};
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads two bytes for each byte. A pending read between the two loses the first.
struct Pairs(HostileReader<&'static str>);

impl AsyncRead for Pairs {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut pair = [0; 2];
        for byte in &mut pair {
            let byte = std::slice::from_mut(byte);
            if ready!(Pin::new(&mut self.0).poll_read(context, byte))? == 0 {
                return Poll::Ready(Ok(0));
            }
        }
        buffer[0] = pair[0].max(pair[1]);
        Poll::Ready(Ok(1))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    /// It takes a short write for a complete one.
    IgnoresShortWrites,
    /// It encodes its data once for each poll.
    EncodesAgain,
    KeepsFlush,
}

/// Writes each byte in upper case.
struct UpperCase {
    writer: HostileWriter,
    encoded: Vec<u8>,
    defect: Defect,
}

fn upper_case(defect: Defect) -> UpperCase {
    let lengths = stream::wakes_late([1, 1, 2]);
    UpperCase { writer: writer(lengths), encoded: Vec::new(), defect }
}

impl UpperCase {
    fn poll_encoded(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.encoded.is_empty() {
            let mut written =
                ready!(Pin::new(&mut self.writer).poll_write(context, &self.encoded))?;
            if self.defect == Defect::IgnoresShortWrites {
                written = self.encoded.len();
            }
            self.encoded.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpperCase {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.defect == Defect::EncodesAgain {
            this.encoded.extend(data.to_ascii_uppercase());
            ready!(this.poll_encoded(context))?;
        } else {
            ready!(this.poll_encoded(context))?;
            this.encoded.extend(data.to_ascii_uppercase());
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_encoded(context))?;
        if self.defect == Defect::KeepsFlush {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.writer).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

fn is_upper_case(finished: &Finished<UpperCase, io::Error>) -> bool {
    finished.get_ref().writer.flushed() == b"SOME DATA"
}

cases! {
    /// A byte is lost in a pending read.
    pairs_lose_a_byte: [Kind::WrongOutput], check_read(|| Pairs(reader(stream::wakes_late(["ab", "c", "d"]))))
        .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"bd"));
    /// No defect: the others differ from it in one point.
    wrapper_without_a_defect: [], check_write(|| upper_case(Defect::None), "some data")
        .expect_output(is_upper_case);
    /// What a short write leaves is lost.
    wrapper_ignores_short_writes: [Kind::WrongOutput], check_write(|| upper_case(Defect::IgnoresShortWrites), "some data")
        .expect_output(is_upper_case);
    /// What a pending write has encoded is written, too.
    wrapper_encodes_again: [Kind::WrongOutput], check_write(|| upper_case(Defect::EncodesAgain), "some data")
        .expect_output(is_upper_case);
    /// The writer inside is never flushed.
    wrapper_keeps_a_flush: [Kind::WrongOutput], check_write(|| upper_case(Defect::KeepsFlush), "some data")
        .expect_output(is_upper_case);
}
