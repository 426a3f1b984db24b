//! Sockets registered with a reactor: registered, read, written and deregistered.
//!
//! Each wrapper is used as its documentation recommends, in two ways: through its async functions, and through
//! its poll functions, which an implementation of `AsyncRead` or of hyper's traits needs.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A non-blocking socket of std.
pub(crate) trait Socket: AsFd + AsRawFd + Send + Sync + Unpin + 'static {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// A socket that is registered with a reactor.
pub(crate) trait Registered<S>: Sized + Send + Unpin + 'static {
    /// Registers a socket. Must be called in the context of the executor.
    fn register(socket: S) -> io::Result<Self>;
    /// Deregisters the socket, and returns it open.
    fn into_inner(self) -> io::Result<S>;

    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
}

macro_rules! socket {
    ($name:ty) => {
        impl Socket for $name {
            fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
                (&mut &*self).read(buffer)
            }

            fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
                (&mut &*self).write(bytes)
            }
        }
    };
}

socket!(UnixStream);
socket!(TcpStream);

/// Waits for a readiness guard, then tries the I/O under it.
macro_rules! guarded {
    () => {
        fn poll_read(
            &mut self,
            cx: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            loop {
                let mut guard = ready!(self.poll_read_ready(cx))?;
                if let Ok(done) = guard.try_io(|fd| fd.get_ref().try_read(buffer)) {
                    return Poll::Ready(done);
                }
            }
        }

        fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            loop {
                let mut guard = ready!(self.poll_write_ready(cx))?;
                if let Ok(done) = guard.try_io(|fd| fd.get_ref().try_write(bytes)) {
                    return Poll::Ready(done);
                }
            }
        }
    };
}

impl<S: Socket> Registered<S> for dormouse::io::AsyncFd<S> {
    fn register(socket: S) -> io::Result<Self> {
        dormouse::io::AsyncFd::new(socket)
    }

    fn into_inner(self) -> io::Result<S> {
        Ok(self.into_inner())
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(dormouse::io::Interest::READABLE, |socket| socket.try_read(buffer)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.async_io(dormouse::io::Interest::WRITABLE, |socket| socket.try_write(bytes)).await
    }

    guarded!();
}

impl<S: Socket> Registered<S> for tokio::io::unix::AsyncFd<S> {
    #[allow(deprecated, reason = "its successor is unsafe")]
    fn register(socket: S) -> io::Result<Self> {
        tokio::io::unix::AsyncFd::new(socket)
    }

    fn into_inner(self) -> io::Result<S> {
        Ok(self.into_inner())
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(tokio::io::Interest::READABLE, |socket| socket.try_read(buffer)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.async_io(tokio::io::Interest::WRITABLE, |socket| socket.try_write(bytes)).await
    }

    guarded!();
}

impl<S: Socket> Registered<S> for async_io::Async<S> {
    fn register(socket: S) -> io::Result<Self> {
        async_io::Async::new_nonblocking(socket)
    }

    fn into_inner(self) -> io::Result<S> {
        self.into_inner()
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_with(|socket| socket.try_read(buffer)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_with(|socket| socket.try_write(bytes)).await
    }

    // Tries first, then waits, like its own `AsyncRead`, which is not used because it requires `IoSafe`.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.get_ref().try_read(buffer) {
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
            ready!(self.poll_readable(cx))?;
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.get_ref().try_write(bytes) {
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
            ready!(self.poll_writable(cx))?;
        }
    }
}

/// Through tokio's `AsyncRead` and `AsyncWrite`.
macro_rules! stream {
    ($own:ty, $std:ty) => {
        impl Registered<$std> for $own {
            fn register(socket: $std) -> io::Result<Self> {
                <$own>::from_std(socket)
            }

            fn into_inner(self) -> io::Result<$std> {
                self.into_std()
            }

            async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                poll_fn(|cx| Registered::poll_read(self, cx, buffer)).await
            }

            async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                poll_fn(|cx| Registered::poll_write(self, cx, bytes)).await
            }

            fn poll_read(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let mut buffer = ReadBuf::new(buffer);
                ready!(AsyncRead::poll_read(Pin::new(self), cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }

            fn poll_write(
                &mut self,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(Pin::new(self), cx, bytes)
            }
        }
    };
}

stream!(tokio::net::UnixStream, UnixStream);
stream!(tokio::net::TcpStream, TcpStream);
stream!(dormouse::net::UnixStream, UnixStream);
stream!(dormouse::net::TcpStream, TcpStream);
