//! Sending and receiving of datagrams, and of the messages of a connection.

/// What the docs of [`datagram!`] say of a `datagram`, and of a `message`.
macro_rules! about {
    (datagram send) => {
        "Sends a datagram to the peer that [`connect`](Self::connect) has set, as soon as there is room for it."
    };
    (datagram recv) => {
        "Receives a datagram, and returns its length. A datagram that is longer than the buffer is truncated.

If the socket is connected, only datagrams of its peer are received."
    };
    (message send) => {
        "Sends a whole message, as soon as there is room for it."
    };
    (message recv) => {
        "Receives a message, and returns its length: 0 at end of file, or if the message is empty. A message that is longer
than the buffer is truncated."
    };
}

/// What the docs of [`datagram!`] say of the errors of one type.
macro_rules! datagram_errors {
    (UdpSocket) => {
        ", including the error of an earlier datagram (`ConnectionRefused`)"
    };
    ($Type:ident) => {
        ""
    };
}

/// `datagram!(UdpSocket, datagram, UdpSocket::send, UdpSocket::recv, example_set_up!(UdpSocket))`: the type, `datagram` or
/// `message`, the operations on the object in the `AsyncFd`, the lines of the [examples](super::examples) that create
/// `socket`.
macro_rules! datagram {
    ($Type:ident, $kind:ident, $send:path, $recv:path, $example:expr) => {
        readable!(receive socket: $Type, $example);
        writable!(send socket: $Type, $example);
        recv_buf!($Type, $example);

        impl $Type {
            #[doc = about!($kind send)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// assert_eq!(socket.send(b"hello").await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            #[doc = concat!("Those of send(2)", datagram_errors!($Type), ". If no reactor can register the fd: see")]
            /// [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is sent.
            pub async fn send(&self, $kind: &[u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .async_io(crate::io::Interest::WRITABLE, |socket| $send(socket, $kind))
                    .await
            }

            /// Like [`send`](Self::send), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// assert_eq!(socket.try_send(b"hello")?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no room. Those of send(2).
            pub fn try_send(&self, $kind: &[u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .try_io(crate::io::Interest::WRITABLE, |socket| $send(socket, $kind))
            }

            #[doc = about!($kind recv)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let len = socket.recv(&mut buffer).await?;
            /// assert_eq!(&buffer[..len], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            #[doc = concat!("Those of recv(2)", datagram_errors!($Type), ". If no reactor can register the fd: see")]
            /// [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd()
                    .async_io(crate::io::Interest::READABLE, |socket| $recv(socket, buffer))
                    .await
            }

            /// Like [`recv`](Self::recv), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// assert_eq!(socket.try_recv(&mut buffer)?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is nothing to receive. Those of [`recv`](Self::recv).
            pub fn try_recv(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd().try_io(crate::io::Interest::READABLE, |socket| $recv(socket, buffer))
            }

            /// Polls until a send would not block, for use in a manual `Future` impl.
            ///
            /// Like [`writable`](Self::writable), it returns at once until an operation has returned `WouldBlock`. So a
            /// [`Sink`](crate::porting#a-sink) whose `poll_ready` is this alone does not wait when the socket is full.
            ///
            /// Only the last task that called this method, or another poll function of the same direction, is woken.
            /// To wait from several tasks, use [`writable`](Self::writable).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// poll_fn(|cx| socket.poll_send_ready(cx)).await?;
            /// # Ok(())
            /// # })
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
            /// Like [`readable`](Self::readable), it returns at once until an operation has returned `WouldBlock`.
            ///
            /// Only the last task that called this method, or another poll function of the same direction, is woken.
            /// To wait from several tasks, use [`readable`](Self::readable).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// poll_fn(|cx| socket.poll_recv_ready(cx)).await?;
            /// # Ok(())
            /// # })
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
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// poll_fn(|cx| socket.poll_send(cx, b"hello")).await?;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`send`](Self::send).
            pub fn poll_send(
                &self,
                cx: &mut std::task::Context<'_>,
                $kind: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.async_fd().poll_write_with(cx, |socket| $send(socket, $kind))
            }

            /// Polls a [`recv`](Self::recv), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that receives, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let len = poll_fn(|cx| socket.poll_recv(cx, &mut buffer)).await?;
            /// assert_eq!(&buffer[..len], b"hello");
            /// # Ok(())
            /// # })
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
                self.async_fd().poll_read_with(cx, |socket| $recv(socket, buffer))
            }
        }
    };
}

/// Receiving with the address of the sender. `$address` converts that of rustix, and `$recv_from` receives.
macro_rules! datagram_from {
    ($Type:ty, $Addr:ty, $address:path, $recv_from:path, $example:expr) => {
        recv_buf_from!($Type, $Addr, $address, $example);

        impl $Type {
            /// Receives a datagram, and returns its length and the address of the sender. A datagram that is longer
            /// than the buffer is truncated.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
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
                    .async_io(crate::io::Interest::READABLE, |socket| $recv_from(socket, buffer))
                    .await
            }

            /// Like [`recv_from`](Self::recv_from), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let (len, sender) = socket.try_recv_from(&mut buffer)?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no datagram. Those of [`recv_from`](Self::recv_from).
            pub fn try_recv_from(&self, buffer: &mut [u8]) -> std::io::Result<(usize, $Addr)> {
                self.async_fd()
                    .try_io(crate::io::Interest::READABLE, |socket| $recv_from(socket, buffer))
            }

            /// Polls a [`recv_from`](Self::recv_from), for use in a manual `Future` impl.
            ///
            /// Only the last task that called this method, or another poll function that receives, is woken.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            /// let mut buffer = [0; 1500];
            /// let (len, sender) = poll_fn(|cx| socket.poll_recv_from(cx, &mut buffer)).await?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
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
                self.async_fd().poll_read_with(cx, |socket| $recv_from(socket, buffer))
            }
        }
    };
}
