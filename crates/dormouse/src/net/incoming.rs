//! Incoming connections as a [`Stream`].

use super::{TcpListener, TcpStream};
use futures_core::Stream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

impl TcpListener {
    /// An endless stream of incoming connections. The errors are those of [`accept`](Self::accept).
    ///
    /// Of the tasks that poll streams of one listener, only the last is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// use futures::StreamExt;
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(stream) = incoming.next().await {
    ///     stream?.write_all(b"hello").await?;
    /// #   break;
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + Unpin {
        Incoming(|cx: &mut Context<'_>| self.poll_accept(cx).map_ok(|(stream, _)| stream))
    }
}

/// Calls a `poll_accept` for each item.
pub(super) struct Incoming<F>(pub(super) F);

impl<S, F> Stream for Incoming<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<io::Result<S>> + Unpin,
{
    type Item = io::Result<S>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(cx).map(Some)
    }
}
