//! A stream around an `AsyncFd`, as in tokio's docs of that type: methods that wait by guards, and the I/O traits.

use super::rt::io::unix::AsyncFd;
use super::rt::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use super::rt::join;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(crate) async fn main() -> io::Result<()> {
    let (left, right) = UnixStream::pair()?;
    let (mut left, mut right) = (AsyncUnixStream::new(left)?, AsyncUnixStream::new(right)?);
    assert!(left.as_raw_fd() > 2);

    let mut buf = [0; 64];
    let (sent, received) = join!(left.write(b"by guards"), right.read(&mut buf));
    assert_eq!(&buf[..received?], &b"by guards"[..sent?]);

    let mut received = String::new();
    let send = async {
        AsyncWriteExt::write_all(&mut left, b"by traits").await?;
        AsyncWriteExt::shutdown(&mut left).await
    };
    let (sent, len) = join!(send, AsyncReadExt::read_to_string(&mut right, &mut received));
    sent?;
    assert_eq!((len?, received.as_str()), (9, "by traits"));

    let sent = right.inner.async_io(Interest::WRITABLE, |mut stream| stream.write(b"once")).await?;
    let mut guard = left.inner.ready_mut(Interest::READABLE).await?;
    let mut buf = [0; 64];
    let len = guard.try_io(|stream| stream.get_mut().read(&mut buf)).expect("it is readable")?;
    assert_eq!(&buf[..len], &b"once"[..sent]);
    let empty = left.inner.try_io(Interest::READABLE, |mut stream| stream.read(&mut [0; 1]));
    assert_eq!(empty.unwrap_err().kind(), io::ErrorKind::WouldBlock);

    let stream: UnixStream = left.inner.into_inner();
    stream.shutdown(Shutdown::Both)
}

struct AsyncUnixStream {
    inner: AsyncFd<UnixStream>,
}

impl AsyncUnixStream {
    fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { inner: AsyncFd::with_interest(stream, Interest::READABLE | Interest::WRITABLE)? })
    }

    async fn read(&self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.inner.readable().await?;

            match guard.try_io(|inner| inner.get_ref().read(out)) {
                Ok(result) => return result,
                Err(_would_block) => continue,
            }
        }
    }

    async fn write(&self, buf: &[u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.inner.writable().await?;

            match guard.try_io(|inner| inner.get_ref().write(buf)) {
                Ok(result) => return result,
                Err(_would_block) => continue,
            }
        }
    }
}

impl AsRawFd for AsyncUnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsyncRead for AsyncUnixStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.inner.poll_read_ready(cx))?;

            let unfilled = buf.initialize_unfilled();
            match guard.try_io(|inner| inner.get_ref().read(unfilled)) {
                Ok(Ok(len)) => {
                    buf.advance(len);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(err)) => return Poll::Ready(Err(err)),
                Err(_would_block) => continue,
            }
        }
    }
}

impl AsyncWrite for AsyncUnixStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.inner.poll_write_ready(cx))?;

            match guard.try_io(|inner| inner.get_ref().write(buf)) {
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => continue,
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.get_ref().shutdown(Shutdown::Write)?;
        Poll::Ready(Ok(()))
    }
}
