//! A writer that owns the other end of its connection: events that own it would close it, if they were fired before
//! everything is written.

use futures::io::AsyncWrite;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A writer, and what it has to keep.
pub(crate) struct KeepsOpen<W, P>(pub(crate) W, #[allow(dead_code)] pub(crate) P);

macro_rules! delegate {
    ($Trait:path, $close:ident) => {
        impl<W: $Trait + Unpin, P: Unpin> $Trait for KeepsOpen<W, P> {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                data: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write(context, data)
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_flush(context)
            }

            fn $close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).$close(context)
            }
        }
    };
}

delegate!(AsyncWrite, poll_close);
delegate!(tokio::io::AsyncWrite, poll_shutdown);
