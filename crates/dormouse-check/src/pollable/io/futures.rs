//! The traits of `futures_io`.

use super::{Failure, ReadTrait, WriteTrait};
use futures_io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[derive(Debug)]
pub(crate) enum FuturesIo {}

impl<R: AsyncRead> ReadTrait<R> for FuturesIo {
    fn poll_read(
        reader: Pin<&mut R>,
        context: &mut Context<'_>,
        length: usize,
        vectored: bool,
    ) -> Poll<Result<Vec<u8>, Failure>> {
        let mut buffer = vec![0; length];
        let polled = if vectored {
            let (first, second) = buffer.split_at_mut(length / 2);
            let buffers = &mut [&mut [], first, second].map(IoSliceMut::new);
            reader.poll_read_vectored(context, buffers)
        } else {
            reader.poll_read(context, &mut buffer)
        };
        let read = ready!(polled)?;
        Poll::Ready(if read > length {
            let text = format!("returns {read} for a buffer of {}", super::bytes(length));
            Err(Failure::Violation(text))
        } else {
            buffer.truncate(read);
            Ok(buffer)
        })
    }
}

impl<W: AsyncWrite> WriteTrait<W> for FuturesIo {
    const CLOSE: &'static str = "poll_close";
    const CLOSE_FLUSHES: bool = false;

    fn poll_write(
        writer: Pin<&mut W>,
        context: &mut Context<'_>,
        data: &[u8],
        vectored: bool,
    ) -> Poll<io::Result<usize>> {
        if vectored {
            let (first, second) = data.split_at(data.len() / 2);
            writer.poll_write_vectored(context, &[&[], first, second].map(IoSlice::new))
        } else {
            writer.poll_write(context, data)
        }
    }

    fn poll_flush(writer: Pin<&mut W>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        writer.poll_flush(context)
    }

    fn poll_close(writer: Pin<&mut W>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        writer.poll_close(context)
    }
}
