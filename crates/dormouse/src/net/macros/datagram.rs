//! Sending and receiving of datagrams.

macro_rules! datagram {
    ($Type:ty, $Addr:ty, $example:expr) => {
        impl $Type {
            /// Sends a datagram to the peer that [`connect`](Self::connect) has set, as soon as there is room for it.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// assert_eq!(socket.send(b"hello").await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of send(2), including the error of an earlier datagram (`ConnectionRefused`). If no reactor can
            /// register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is sent.
            pub async fn send(&self, datagram: &[u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .async_io(crate::io::Interest::WRITABLE, |socket| socket.send(datagram))
                    .await
            }

            /// Like [`send`](Self::send), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// assert_eq!(socket.try_send(b"hello")?, 5);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no room. Those of send(2).
            pub fn try_send(&self, datagram: &[u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .try_io(crate::io::Interest::WRITABLE, |socket| socket.send(datagram))
            }

            /// Receives a datagram, and returns its length. A datagram that is longer than the buffer is truncated.
            ///
            /// If the socket is connected, only datagrams of its peer are received.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = [0; 1500];
            /// let len = socket.recv(&mut buffer).await?;
            /// assert_eq!(&buffer[..len], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of recv(2), including the error of an earlier datagram (`ConnectionRefused`). If no reactor can
            /// register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .async_io(crate::io::Interest::READABLE, |socket| socket.recv(buffer))
                    .await
            }

            /// Like [`recv`](Self::recv), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// assert_eq!(socket.try_recv(&mut buffer)?, 5);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no datagram. Those of [`recv`](Self::recv).
            pub fn try_recv(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd().try_io(crate::io::Interest::READABLE, |socket| socket.recv(buffer))
            }

            /// Receives a datagram, and returns its length and the address of the sender. A datagram that is longer
            /// than the buffer is truncated.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = [0; 1500];
            /// let (len, sender) = socket.recv_from(&mut buffer).await?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of recvfrom(2). If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv_from(&self, buffer: &mut [u8]) -> std::io::Result<(usize, $Addr)> {
                self.async_fd()
                    .async_io(crate::io::Interest::READABLE, |socket| socket.recv_from(buffer))
                    .await
            }

            /// Like [`recv_from`](Self::recv_from), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let (len, sender) = socket.try_recv_from(&mut buffer)?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no datagram. Those of [`recv_from`](Self::recv_from).
            pub fn try_recv_from(&self, buffer: &mut [u8]) -> std::io::Result<(usize, $Addr)> {
                self.async_fd()
                    .try_io(crate::io::Interest::READABLE, |socket| socket.recv_from(buffer))
            }

            /// Polls until a send would not block, for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function of the same direction, is woken.
            /// To wait from several tasks, use [`writable`](Self::writable).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// dormouse::block_on(poll_fn(|cx| socket.poll_send_ready(cx)))?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            pub fn poll_send_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.async_fd().poll_write_ready(cx).map_ok(drop)
            }

            /// Polls until a receive would not block, for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function of the same direction, is woken.
            /// To wait from several tasks, use [`readable`](Self::readable).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// dormouse::block_on(poll_fn(|cx| socket.poll_recv_ready(cx)))?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            pub fn poll_recv_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.async_fd().poll_read_ready(cx).map_ok(drop)
            }

            /// Polls a [`send`](Self::send), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that sends, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// dormouse::block_on(poll_fn(|cx| socket.poll_send(cx, b"hello")))?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`send`](Self::send).
            pub fn poll_send(
                &self,
                cx: &mut std::task::Context<'_>,
                datagram: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.async_fd().poll_write_with(cx, |socket| socket.send(datagram))
            }

            /// Polls a [`recv`](Self::recv), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that receives, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let received = dormouse::block_on(poll_fn(|cx| socket.poll_recv(cx, &mut buffer)))?;
            /// println!("{received:?}");
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv`](Self::recv).
            pub fn poll_recv(
                &self,
                cx: &mut std::task::Context<'_>,
                buffer: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.async_fd().poll_read_with(cx, |socket| socket.recv(buffer))
            }

            /// Polls a [`recv_from`](Self::recv_from), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that receives, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let received = dormouse::block_on(poll_fn(|cx| socket.poll_recv_from(cx, &mut buffer)))?;
            /// println!("{received:?}");
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv_from`](Self::recv_from).
            pub fn poll_recv_from(
                &self,
                cx: &mut std::task::Context<'_>,
                buffer: &mut [u8],
            ) -> std::task::Poll<std::io::Result<(usize, $Addr)>> {
                self.async_fd().poll_read_with(cx, |socket| socket.recv_from(buffer))
            }
        }
    };
}
