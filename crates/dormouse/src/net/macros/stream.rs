//! Reading and writing of byte streams.

/// `stream_read!(stream: TcpStream, example_set_up!(TcpStream))`: the name of the object in the [examples](super::examples), the
/// type, the lines that create the object.
macro_rules! stream_read {
    ($name:ident: $Type:ty, $example:expr) => {
        readable!(read $name: $Type, $example);
        read_buf!($name: $Type, $example);

        impl $Type {
            /// Reads bytes as soon as some are available, and returns their number. 0 means end of file.
            ///
            /// If the buffer is empty, it returns 0 at once. [`read_exact`](Self::read_exact) fills it.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut buffer = [0; 16];
            #[doc = concat!("let read = ", stringify!($name), ".read(&mut buffer).await?;")]
            /// assert_eq!(&buffer[..read], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of read(2). If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is read.
            pub async fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd().read(buffer).await
            }

            /// Reads until the buffer is full, and returns its length.
            ///
            /// If two tasks call it at the same time, each may get a part of the bytes of the other.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let (mut head, mut rest) = ([0; 2], [0; 3]);
            #[doc = concat!(stringify!($name), ".read_exact(&mut head).await?;")]
            #[doc = concat!(stringify!($name), ".read_exact(&mut rest).await?;")]
            /// assert_eq!((&head, &rest), (b"he", b"llo"));
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `UnexpectedEof` if the end of file comes first: its text says how many bytes were read. Those of
            /// [`read`](Self::read), except `Interrupted`. What was read before an error is in the buffer.
            ///
            /// # Cancel safety
            /// **Not cancel safe.** If it is dropped before it completes, the bytes that it has read are in the buffer, but
            /// their number is lost, so the next read starts somewhere in the middle. Close the stream then, or call
            /// [`read`](Self::read) in a loop that counts outside of the future that is dropped.
            pub async fn read_exact(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd().read_exact(buffer).await
            }

            /// Like [`read`](Self::read), into several buffers, in order.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::IoSliceMut;
            #[doc = $example]
            /// let (mut head, mut rest) = ([0; 2], [0; 16]);
            /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut rest)];
            #[doc = concat!("assert_eq!(", stringify!($name), ".read_vectored(&mut buffers).await?, 5);")]
            /// assert_eq!((&head, &rest[..3]), (b"he", &b"llo"[..]));
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of readv(2). If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is read.
            pub async fn read_vectored(
                &self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                self.async_fd().read_vectored(buffers).await
            }

            /// Reads the bytes that are available, without waiting, and returns their number. 0 means end of file.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::ErrorKind;
            #[doc = $example]
            /// let mut buffer = [0; 16];
            #[doc = concat!("assert_eq!(", stringify!($name), ".try_read(&mut buffer)?, 5);")]
            #[doc = concat!("let error = ", stringify!($name), ".try_read(&mut buffer).unwrap_err();")]
            /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if no bytes are available. Those of read(2).
            pub fn try_read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.async_fd().try_read(buffer)
            }

            /// Like [`try_read`](Self::try_read), into several buffers, in order.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::IoSliceMut;
            #[doc = $example]
            /// let (mut head, mut rest) = ([0; 2], [0; 16]);
            /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut rest)];
            #[doc = concat!("assert_eq!(", stringify!($name), ".try_read_vectored(&mut buffers)?, 5);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if no bytes are available. Those of readv(2).
            pub fn try_read_vectored(
                &self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                self.async_fd().try_read_vectored(buffers)
            }

            /// Polls until a read would not block, for use in a manual `Future` impl.
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
            #[doc = concat!("poll_fn(|cx| ", stringify!($name), ".poll_read_ready(cx)).await?;")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            pub fn poll_read_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.async_fd().poll_read_ready(cx).map_ok(drop)
            }
        }
    };
}

/// Like `stream_read!`.
macro_rules! stream_write {
    ($name:ident: $Type:ty, $example:expr) => {
        writable!(write $name: $Type, $example);
        write_buf!($name: $Type, $example);

        impl $Type {
            /// Writes bytes as soon as there is room for some, and returns their number, which can be less than
            /// `bytes.len()`.
            ///
            /// If there are no bytes, it returns 0 at once, without a system call. [`write_all`](Self::write_all) writes all
            /// of them.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            /// let mut rest: &[u8] = b"hello";
            /// while !rest.is_empty() {
            #[doc = concat!("    rest = &rest[", stringify!($name), ".write(rest).await?..];")]
            /// }
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of write(2). `BrokenPipe` for a closed socket or pipe: see [`SIGPIPE`](crate::io#sigpipe). If no
            /// reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is written.
            pub async fn write(&self, bytes: &[u8]) -> std::io::Result<usize> {
                self.async_fd().write(bytes).await
            }

            /// Writes all of the bytes: as many as there is room for, and the rest when there is room again.
            ///
            /// If two tasks call it at the same time, their bytes may be mixed.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            #[doc = concat!(stringify!($name), ".write_all(b\"hello\").await?;")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`write`](Self::write), except `Interrupted`.
            ///
            /// # Cancel safety
            /// **Not cancel safe.** If it is dropped before it completes, some of the bytes may have been written, and
            /// their number is lost. Close the stream then, or call [`write`](Self::write) in a loop that counts outside of
            /// the future that is dropped. The same holds after an error.
            pub async fn write_all(&self, bytes: &[u8]) -> std::io::Result<()> {
                self.async_fd().write_all(bytes).await
            }

            /// Like [`write`](Self::write), from several buffers, in order. Of more than 1024 buffers, one call writes
            /// the first 1024 at most.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::IoSlice;
            #[doc = $example]
            /// let buffers = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
            #[doc = concat!("let written = ", stringify!($name), ".write_vectored(&buffers).await?;")]
            /// # let _ = written;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of writev(2). `BrokenPipe` for a closed socket or pipe: see [`SIGPIPE`](crate::io#sigpipe). If no
            /// reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is written.
            pub async fn write_vectored(
                &self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                self.async_fd().write_vectored(buffers).await
            }

            /// Writes the bytes for which there is room, without waiting, and returns their number.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            #[doc = concat!("assert_eq!(", stringify!($name), ".try_write(b\"hello\")?, 5);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no room. Those of [`write`](Self::write).
            pub fn try_write(&self, bytes: &[u8]) -> std::io::Result<usize> {
                self.async_fd().try_write(bytes)
            }

            /// Like [`try_write`](Self::try_write), from several buffers, in order.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::IoSlice;
            #[doc = $example]
            /// let buffers = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
            #[doc = concat!("assert_eq!(", stringify!($name), ".try_write_vectored(&buffers)?, 5);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no room. Those of [`write_vectored`](Self::write_vectored).
            pub fn try_write_vectored(
                &self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                self.async_fd().try_write_vectored(buffers)
            }

            /// Polls until a write would not block, for use in a manual `Future` impl.
            ///
            /// Like [`writable`](Self::writable), it returns at once until an operation has returned `WouldBlock`. So a
            /// [`Sink`](crate::porting#a-sink) whose `poll_ready` is this alone does not wait when the stream is full.
            ///
            /// Only the last task that called this method, or another poll function of the same direction, is woken.
            /// To wait from several tasks, use [`writable`](Self::writable).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::future::poll_fn;
            #[doc = $example]
            #[doc = concat!("poll_fn(|cx| ", stringify!($name), ".poll_write_ready(cx)).await?;")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            pub fn poll_write_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.async_fd().poll_write_ready(cx).map_ok(drop)
            }
        }
    };
}
