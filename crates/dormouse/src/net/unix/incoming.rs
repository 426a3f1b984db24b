//! Incoming connections as a [`Stream`].

use crate::net::incoming::Incoming;
use crate::net::{UnixListener, UnixStream};
use futures_core::Stream;
use std::io;
use std::task::Context;

impl UnixListener {
    /// An endless stream of incoming connections. The errors are those of [`accept`](Self::accept).
    ///
    /// Of the tasks that poll streams of one listener, only the last is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixListener, UnixStream};
    /// use futures::StreamExt;
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # dormouse::block_on(async {
    /// # let listener = UnixListener::bind(&path)?;
    /// # let client = UnixStream::connect(&path).await?;
    /// # std::fs::remove_file(&path)?;
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
    pub fn incoming(&self) -> impl Stream<Item = io::Result<UnixStream>> + Unpin {
        Incoming(|cx: &mut Context<'_>| self.poll_accept(cx).map_ok(|(stream, _)| stream))
    }
}
