//! Reading into a `BufMut`, and writing from a `Buf` (feature `bytes`): the macros of streams and datagrams add these
//! methods.

macro_rules! read_buf {
    ($name:ident: $Type:ty, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`read`](Self::read), but appends to a buffer. A call reads 16 KiB at most.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1024);
            #[doc = concat!("assert_eq!(", stringify!($name), ".read_buf(&mut buffer).await?, 5);")]
            /// assert_eq!(&buffer[..], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`read`](Self::read).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is read.
            pub async fn read_buf<B: bytes::BufMut>(
                &self,
                buffer: &mut B,
            ) -> std::io::Result<usize> {
                if !buffer.has_remaining_mut() {
                    return Ok(0);
                }
                let asked = crate::net::bytes::asked(buffer);
                let read = |fd: &_| crate::net::bytes::read_into(fd, buffer);
                self.async_fd().async_read_with(asked, read).await
            }

            /// Like [`try_read`](Self::try_read), but appends to a buffer. A call reads 16 KiB at most.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1024);
            #[doc = concat!("assert_eq!(", stringify!($name), ".try_read_buf(&mut buffer)?, 5);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`try_read`](Self::try_read).
            pub fn try_read_buf<B: bytes::BufMut>(&self, buffer: &mut B) -> std::io::Result<usize> {
                if !buffer.has_remaining_mut() {
                    return Ok(0);
                }
                let asked = crate::net::bytes::asked(buffer);
                let read = |fd: &_| crate::net::bytes::read_into(fd, buffer);
                self.async_fd().try_read_with(asked, read)
            }
        }
    };
}

macro_rules! write_buf {
    ($name:ident: $Type:ty, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`write`](Self::write), from a buffer, which it advances.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::Bytes::from_static(b"hello");
            /// while !buffer.is_empty() {
            #[doc = concat!("    ", stringify!($name), ".write_buf(&mut buffer).await?;")]
            /// }
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`write`](Self::write).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is written.
            pub async fn write_buf<B: bytes::Buf>(&self, buffer: &mut B) -> std::io::Result<usize> {
                let mut chunks = [std::io::IoSlice::new(&[]); 64];
                let count = buffer.chunks_vectored(&mut chunks);
                let written = self.write_vectored(&chunks[..count]).await?;
                buffer.advance(written);
                Ok(written)
            }
        }
    };
}

macro_rules! recv_buf {
    ($Type:ty, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`recv`](Self::recv), but appends to a buffer. What does not fit in its unused part is lost.
            ///
            /// The bytes go through a buffer as large as the unused part. One of more than 16 KiB is allocated for each
            /// attempt, so reserve what the datagrams can take, and not more.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// assert_eq!(socket.recv_buf(&mut buffer).await?, 5);
            /// assert_eq!(&buffer[..], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv`](Self::recv).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv_buf<B: bytes::BufMut>(
                &self,
                buffer: &mut B,
            ) -> std::io::Result<usize> {
                let receive = |fd: &_| crate::net::bytes::receive_into(fd, buffer);
                self.async_fd().async_io(crate::io::Interest::READABLE, receive).await
            }

            /// Like [`recv_buf`](Self::recv_buf), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// assert_eq!(socket.try_recv_buf(&mut buffer)?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is nothing to receive. Those of [`recv`](Self::recv).
            pub fn try_recv_buf<B: bytes::BufMut>(&self, buffer: &mut B) -> std::io::Result<usize> {
                let receive = |fd: &_| crate::net::bytes::receive_into(fd, buffer);
                self.async_fd().try_io(crate::io::Interest::READABLE, receive)
            }
        }
    };
}

macro_rules! recv_buf_from {
    // `$address` converts the address of the sender.
    ($Type:ty, $Addr:ty, $address:path, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`recv_from`](Self::recv_from), but appends to a buffer. What does not fit in its unused part is lost.
            ///
            /// The bytes go through a buffer as large as the unused part. One of more than 16 KiB is allocated for each
            /// attempt, so reserve what the datagrams can take, and not more.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// let (len, sender) = socket.recv_buf_from(&mut buffer).await?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv_from`](Self::recv_from).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv_buf_from<B: bytes::BufMut>(
                &self,
                buffer: &mut B,
            ) -> std::io::Result<(usize, $Addr)> {
                let receive = |fd: &_| crate::net::bytes::receive_from_into(fd, buffer, $address);
                self.async_fd().async_io(crate::io::Interest::READABLE, receive).await
            }

            /// Like [`recv_buf_from`](Self::recv_buf_from), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// let (len, sender) = socket.try_recv_buf_from(&mut buffer)?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is nothing to receive. Those of [`recv_from`](Self::recv_from).
            pub fn try_recv_buf_from<B: bytes::BufMut>(
                &self,
                buffer: &mut B,
            ) -> std::io::Result<(usize, $Addr)> {
                let receive = |fd: &_| crate::net::bytes::receive_from_into(fd, buffer, $address);
                self.async_fd().try_io(crate::io::Interest::READABLE, receive)
            }
        }
    };
}
