//! The references of two owned halves to their stream: of the halves of an [`AsyncFd`], and of those of the streams of
//! `net`.
//!
//! They know no executor and take no lock.
//!
//! # Invariants
//! - There are exactly two references to the stream, one in each half.
//! - Dropping that of the write half shuts down the write direction, unless it is forgotten or reunited. In the child of a
//!   fork it does not: the connection is the parent's.

use super::{AsSource, AsyncFd};
use crate::source;
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// An object that is, contains, or refers to an [`AsyncFd`].
pub(crate) trait HasAsyncFd {
    type Source: AsSource;

    fn async_fd(&self) -> &AsyncFd<Self::Source>;
}

impl<S: HasAsyncFd> HasAsyncFd for &S {
    type Source = S::Source;

    #[inline(always)]
    fn async_fd(&self) -> &AsyncFd<S::Source> {
        (**self).async_fd()
    }
}

/// The reference of the read half.
pub(crate) struct ReadRef<S>(Arc<S>);

/// The reference of the write half.
pub(crate) struct WriteRef<S: HasAsyncFd> {
    stream: Arc<S>,
    shut_down_on_drop: bool,
}

pub(crate) fn split<S: HasAsyncFd>(stream: S) -> (ReadRef<S>, WriteRef<S>) {
    let stream = Arc::new(stream);
    (ReadRef(stream.clone()), WriteRef { stream, shut_down_on_drop: true })
}

impl<S: HasAsyncFd> ReadRef<S> {
    /// The stream, if both references are to the same one. Nothing is shut down.
    pub(crate) fn reunite(self, write: WriteRef<S>) -> Result<S, (ReadRef<S>, WriteRef<S>)> {
        if !Arc::ptr_eq(&self.0, &write.stream) {
            return Err((self, write));
        }
        write.forget();
        Ok(Arc::into_inner(self.0).expect("the other reference was in the write half"))
    }
}

impl<S: HasAsyncFd> WriteRef<S> {
    /// Drops the reference without shutting down the write direction.
    pub(crate) fn forget(mut self) {
        self.shut_down_on_drop = false;
    }
}

impl<S: HasAsyncFd> Drop for WriteRef<S> {
    fn drop(&mut self) {
        let fd = self.stream.async_fd();
        if self.shut_down_on_drop && !fd.is_inherited() {
            // Fails if the connection is closed already.
            let _ = shut_down(fd);
        }
    }
}

impl<S> Deref for ReadRef<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: HasAsyncFd> Deref for WriteRef<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.stream
    }
}

impl<S: fmt::Debug> fmt::Debug for ReadRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: HasAsyncFd + fmt::Debug> fmt::Debug for WriteRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}

/// Shuts down the write direction of a socket.
///
/// It succeeds without effect on an fd that does not support it: a pipe, a socket that is not connected or no longer
/// connected, a socket type without connections.
pub(super) fn shut_down(fd: &impl AsSource) -> io::Result<()> {
    match shutdown(source::borrow(fd), Shutdown::Write) {
        Ok(()) | Err(Errno::NOTSOCK | Errno::NOTCONN | Errno::OPNOTSUPP) => Ok(()),
        Err(err) => Err(err.into()),
    }
}
