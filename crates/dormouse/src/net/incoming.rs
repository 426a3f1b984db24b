//! Incoming connections as a [`Stream`].

use super::{TcpStream, UnixStream, sys, tcp, unix};
use crate::io::AsyncFd;
use futures_core::Stream;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

impl AsyncFd<TcpListener> {
    /// An endless stream of incoming connections. The errors are those of [`accept`](Self::accept).
    ///
    /// Of the tasks that poll streams of one listener, only the last is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// use futures::StreamExt;
    /// # use std::net::Ipv4Addr;
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// # let client = TcpStream::connect(listener.get_ref().local_addr()?).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(stream) = incoming.next().await {
    ///     stream?.write(b"hello").await?;
    /// #   break;
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + Unpin {
        Incoming {
            listener: self,
            accept: |listener| Ok(sys::accept_tcp(listener)?.0),
            map_err: tcp::cannot_accept,
        }
    }
}

impl AsyncFd<UnixListener> {
    /// An endless stream of incoming connections. The errors are those of [`accept`](Self::accept).
    ///
    /// Of the tasks that poll streams of one listener, only the last is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl Stream<Item = io::Result<UnixStream>> + Unpin {
        Incoming {
            listener: self,
            accept: |listener| Ok(sys::accept_unix(listener)?.0),
            map_err: unix::cannot_accept,
        }
    }
}

struct Incoming<'a, L: AsFd, S> {
    listener: &'a AsyncFd<L>,
    accept: fn(&L) -> io::Result<S>,
    map_err: fn(&L, io::Error) -> io::Error,
}

impl<L: AsFd, S: AsFd> Stream for Incoming<'_, L, S> {
    type Item = io::Result<AsyncFd<S>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let map_err = |err| (self.map_err)(self.listener.get_ref(), err);
        loop {
            let mut guard = ready!(self.listener.poll_read_ready(cx)).map_err(map_err)?;
            if let Ok(accepted) = guard.try_io(|listener| (self.accept)(listener.get_ref())) {
                return Poll::Ready(Some(
                    accepted
                        .and_then(|socket| AsyncFd::connected(socket, sys::ACCEPTED))
                        .map_err(map_err),
                ));
            }
        }
    }
}
