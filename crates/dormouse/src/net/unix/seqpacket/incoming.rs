//! Incoming connections as a [`Stream`].

use super::{UnixSeqpacket, UnixSeqpacketListener};
use crate::net::incoming::Incoming;
use futures_core::Stream;
use std::io;
use std::task::Context;

impl UnixSeqpacketListener {
    /// An endless stream of incoming connections. The errors are those of [`accept`](Self::accept).
    ///
    /// Of the tasks that poll streams of one listener, only the last is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
    /// use futures::StreamExt;
    /// # dormouse::block_on(async {
    /// # let name = format!("\0dormouse-seqpacket-incoming-{}", std::process::id());
    /// # let listener = UnixSeqpacketListener::bind(&name)?;
    /// # let client = UnixSeqpacket::connect(&name).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(connection) = incoming.next().await {
    ///     connection?.send(b"hello").await?;
    /// #   break;
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl Stream<Item = io::Result<UnixSeqpacket>> + Unpin {
        Incoming(|cx: &mut Context<'_>| self.poll_accept(cx).map_ok(|(connection, _)| connection))
    }
}
