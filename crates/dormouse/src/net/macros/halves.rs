//! The halves of a stream: borrowed ones, and owned ones for two tasks.

/// Defines `ReadHalf`, `WriteHalf`, `OwnedReadHalf`, `OwnedWriteHalf` and `ReuniteError` for a stream, in a module
/// `dormouse::net::$module`, and the methods of the stream that return them.
///
/// Owned halves refer to the stream by [`ReadRef`](crate::io::ReadRef) and [`WriteRef`](crate::io::WriteRef).
macro_rules! halves {
    ($Stream:ident($Inner:ty), $module:literal, $Addr:ty) => {
        impl $Stream {
            /// Splits the stream into a read half and a write half, which borrow it.
            ///
            /// Most code does not need it: every method takes `&self`, and a shared reference implements the traits too.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Stream "mut stream")]
            /// let (read, write) = stream.split();
            /// write.write_all(b"hello").await?;
            /// assert_eq!(read.read(&mut [0; 16]).await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
                (ReadHalf(self), WriteHalf(self))
            }

            /// Splits the stream into a read half and a write half, which two tasks can own.
            ///
            /// Dropping the write half shuts down the write direction: the peer reads end of file.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Stream)]
            /// let (read, write) = stream.into_split();
            /// write.write_all(b"hello").await?;
            /// drop(write);
            /// assert_eq!(read.read(&mut [0; 16]).await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
                let (read, write) = crate::io::split(self);
                (OwnedReadHalf(read), OwnedWriteHalf(write))
            }
        }

        #[doc = concat!("The read half of a [`", stringify!($Stream), "`](crate::net::", stringify!($Stream), "), returned by")]
        #[doc = concat!("[`split`](crate::net::", stringify!($Stream), "::split).")]
        ///
        /// ```
        /// # fn main() -> std::io::Result<()> {
        /// # dormouse::block_on(async {
        #[doc = concat!("use dormouse::net::", $module, "::ReadHalf;")]
        #[doc = example_set_up!($Stream "mut stream")]
        /// let (read, _write): (ReadHalf<'_>, _) = stream.split();
        /// assert_eq!(read.try_read(&mut [0; 16])?, 5);
        /// # Ok(())
        /// # })
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $Stream);

        #[doc = concat!("The write half of a [`", stringify!($Stream), "`](crate::net::", stringify!($Stream), "), returned by")]
        #[doc = concat!("[`split`](crate::net::", stringify!($Stream), "::split). Dropping it shuts nothing down.")]
        ///
        /// ```
        /// # fn main() -> std::io::Result<()> {
        /// # dormouse::block_on(async {
        #[doc = concat!("use dormouse::net::", $module, "::WriteHalf;")]
        #[doc = example_set_up!($Stream "mut stream")]
        /// let (_read, write): (_, WriteHalf<'_>) = stream.split();
        /// assert_eq!(write.try_write(b"hello")?, 5);
        /// # Ok(())
        /// # })
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $Stream);

        #[doc = concat!("The owned read half of a [`", stringify!($Stream), "`](crate::net::", stringify!($Stream), "), returned by")]
        #[doc = concat!("[`into_split`](crate::net::", stringify!($Stream), "::into_split). The socket is closed when both halves are dropped.")]
        ///
        /// ```
        /// # fn main() -> std::io::Result<()> {
        /// # dormouse::block_on(async {
        #[doc = concat!("use dormouse::net::", $module, "::OwnedReadHalf;")]
        #[doc = example_set_up!($Stream)]
        /// let (read, _write): (OwnedReadHalf, _) = stream.into_split();
        /// assert_eq!(read.try_read(&mut [0; 16])?, 5);
        /// # Ok(())
        /// # })
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct OwnedReadHalf(crate::io::ReadRef<$Stream>);

        #[doc = concat!("The owned write half of a [`", stringify!($Stream), "`](crate::net::", stringify!($Stream), "), returned by")]
        #[doc = concat!("[`into_split`](crate::net::", stringify!($Stream), "::into_split). **Dropping it shuts down the write direction**: the")]
        /// peer reads end of file, and the read half can still read. (In the child of a fork, dropping an inherited half
        /// only closes the copy of the child.)
        ///
        /// ```
        /// # fn main() -> std::io::Result<()> {
        /// # dormouse::block_on(async {
        #[doc = concat!("use dormouse::net::", $module, "::OwnedWriteHalf;")]
        #[doc = example_set_up!($Stream)]
        /// let (_read, write): (_, OwnedWriteHalf) = stream.into_split();
        /// assert_eq!(write.try_write(b"hello")?, 5);
        /// # Ok(())
        /// # })
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct OwnedWriteHalf(crate::io::WriteRef<$Stream>);

        impl OwnedReadHalf {
            /// Puts the two halves back together. Nothing is shut down.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Stream)]
            /// let (read, write) = stream.into_split();
            /// let stream = read.reunite(write).expect("halves of one stream");
            /// # let _ = stream;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the halves belong to different streams. The error contains both.
            pub fn reunite(self, write: OwnedWriteHalf) -> Result<$Stream, ReuniteError> {
                self.0.reunite(write.0).map_err(|(read, write)| {
                    ReuniteError(OwnedReadHalf(read), OwnedWriteHalf(write))
                })
            }
        }

        impl OwnedWriteHalf {
            /// Puts the two halves back together, like [`OwnedReadHalf::reunite`].
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Stream)]
            /// let (read, write) = stream.into_split();
            /// let stream = write.reunite(read).expect("halves of one stream");
            /// # let _ = stream;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the halves belong to different streams. The error contains both.
            pub fn reunite(self, read: OwnedReadHalf) -> Result<$Stream, ReuniteError> {
                read.reunite(self)
            }

            /// Drops the half without shutting down the write direction.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Stream)]
            /// let (read, write) = stream.into_split();
            /// write.forget();
            /// assert_eq!(read.try_read(&mut [0; 16])?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            pub fn forget(self) {
                self.0.forget();
            }
        }

        /// The error of [`OwnedReadHalf::reunite`]: the halves, which belong to different streams.
        ///
        /// ```
        #[doc = concat!("use dormouse::net::", $module, "::{OwnedReadHalf, ReuniteError};")]
        ///
        /// /// Drops the other half, without shutting anything down.
        /// fn read_half(error: ReuniteError) -> OwnedReadHalf {
        ///     let ReuniteError(read, write) = error;
        ///     write.forget();
        ///     read
        /// }
        /// ```
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl std::fmt::Display for ReuniteError {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("tried to reunite halves that are not of one stream")
            }
        }

        impl std::error::Error for ReuniteError {}

        half!(read: ReadHalf<'_>, $Stream($Inner), $Addr, example_set_up!($Stream read));
        half!(write: WriteHalf<'_>, $Stream($Inner), $Addr, example_set_up!($Stream write));
        half!(read: OwnedReadHalf, $Stream($Inner), $Addr, example_set_up!($Stream owned read));
        half!(write: OwnedWriteHalf, $Stream($Inner), $Addr, example_set_up!($Stream owned write));
    };
}

/// The methods of a half for its direction.
macro_rules! direction {
    (read: $Half:ty, $example:expr) => {
        stream_read!(read: $Half, $example);
    };
    (write: $Half:ty, $example:expr) => {
        stream_write!(write: $Half, $example);
    };
}

/// What each half has. Its name in the examples is its operation, `read` or `write`.
macro_rules! half {
    ($name:ident: $Half:ty, $Stream:ident($Inner:ty), $Addr:ty, $example:expr) => {
        direction!($name: $Half, $example);

        impl crate::io::HasAsyncFd for $Half {
            type Source = $Inner;

            #[inline(always)]
            fn async_fd(&self) -> &crate::io::AsyncFd<$Inner> {
                self.0.async_fd()
            }
        }

        impl $Half {
            /// Waits until the stream is ready for any part of `interest`, and returns for which.
            ///
            /// Readiness is a hint, and stays until an operation has returned `WouldBlock`. So try the operation, and wait
            /// again if it does:
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use dormouse::io::Interest;
            /// use std::io::ErrorKind;
            #[doc = $example]
            #[doc = example_retry!($name $name, concat!(".ready(", example_interest!($name), ")"))]
            /// # let _ = done;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If no reactor can register the fd: see [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// No readiness is lost.
            pub async fn ready(
                &self,
                interest: crate::io::Interest,
            ) -> std::io::Result<crate::io::Ready> {
                Ok(self.async_fd().ready(interest).await?.ready())
            }

            /// The address of this end.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            #[doc = concat!("println!(\"{:?}\", ", stringify!($name), ".local_addr()?);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockname(2).
            pub fn local_addr(&self) -> std::io::Result<$Addr> {
                self.0.local_addr()
            }

            /// The address of the other end.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = $example]
            #[doc = concat!("println!(\"{:?}\", ", stringify!($name), ".peer_addr()?);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getpeername(2).
            pub fn peer_addr(&self) -> std::io::Result<$Addr> {
                self.0.peer_addr()
            }
        }

        crate::source::impl_as_source!([] $Half, half => &*half.0);

        impl AsRef<$Stream> for $Half {
            fn as_ref(&self) -> &$Stream {
                &self.0
            }
        }
    };
}
