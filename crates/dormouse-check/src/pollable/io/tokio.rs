//! The traits of tokio.

use super::{Failure, ReadTrait, WriteTrait};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the buffer of a read contains before: the reader has to append.
const FILLED: &[u8] = &[0xa5, 0x5a];

#[derive(Debug)]
pub(crate) enum TokioIo {}

impl<R: AsyncRead> ReadTrait<R> for TokioIo {
    fn poll_read(
        reader: Pin<&mut R>,
        context: &mut Context<'_>,
        length: usize,
        _vectored: bool,
    ) -> Poll<Result<Vec<u8>, Failure>> {
        let mut storage = vec![0; FILLED.len() + length];
        let mut buffer = ReadBuf::new(&mut storage);
        buffer.put_slice(FILLED);
        let polled = reader.poll_read(context, &mut buffer);
        let violation = |text: String| Poll::Ready(Err(Failure::Violation(text)));
        let Some(new) = buffer.filled().strip_prefix(FILLED) else {
            return violation("changes the part of its buffer that is filled already".into());
        };
        if polled.is_pending() && !new.is_empty() {
            return violation(format!(
                "fills {} of its buffer and is pending",
                super::bytes(new.len())
            ));
        }
        ready!(polled)?;
        Poll::Ready(Ok(new.to_vec()))
    }
}

impl<W: AsyncWrite> WriteTrait<W> for TokioIo {
    const CLOSE: &'static str = "poll_shutdown";
    const CLOSE_FLUSHES: bool = true;

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
        writer.poll_shutdown(context)
    }
}
