//! The halves of a `TcpStream`.

use crate::io::HasAsyncFd;
use crate::net::TcpStream;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

halves!(TcpStream(std::net::TcpStream), "tcp", SocketAddr);

macro_rules! peek {
    ($Half:ty, $example:expr) => {
        impl $Half {
            /// Like [`read`](Self::read), but leaves the bytes in the receive queue.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// assert_eq!(read.peek(&mut [0; 2]).await?, 2);
            /// assert_eq!(read.read(&mut [0; 16]).await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`TcpStream::peek`].
            ///
            /// # Cancel safety
            /// No data is lost.
            pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.peek(buffer).await
            }

            /// Polls a [`peek`](Self::peek), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that reads, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// let mut first = [0];
            /// poll_fn(|cx| read.poll_peek(cx, &mut first)).await?;
            /// assert_eq!(&first, b"h");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`TcpStream::peek`].
            pub fn poll_peek(
                &self,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_peek(cx, buffer)
            }
        }
    };
}

peek!(ReadHalf<'_>, example_set_up!(TcpStream read));
peek!(OwnedReadHalf, example_set_up!(TcpStream owned read));
