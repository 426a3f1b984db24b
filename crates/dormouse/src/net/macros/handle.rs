//! What every type around an `AsyncFd` has: its reactor, its readiness, and the conversions from and to the `AsyncFd`.

macro_rules! handle {
    ($Type:ident($Inner:ty), $example:expr) => {
        impl $Type {
            /// The `AsyncFd` inside, for the other modules of `net`.
            #[inline(always)]
            pub(in crate::net) fn async_fd(&self) -> &crate::io::AsyncFd<$Inner> {
                &self.0
            }

            /// The reactor that the fd is registered with. It can [change](crate::io::AsyncFd#reactor).
            ///
            /// ```
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// println!("reactor: {}", socket.reactor().name());
            /// # Ok(())
            /// # }
            /// ```
            pub fn reactor(&self) -> crate::reactor::Reactor {
                self.0.reactor()
            }

            /// Waits until the fd is ready for any part of `interest`, and returns for which.
            ///
            /// Readiness is a hint. Use the operations whose names begin with `try_` after it: they clear it if the
            /// operation returns `WouldBlock`.
            ///
            /// ```
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// use dormouse::io::Interest;
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
            /// assert!(ready.is_readable() || ready.is_writable());
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
                Ok(self.0.ready(interest).await?.ready())
            }

            /// Calls `f`, an operation of your own on the fd, if the fd is ready, and returns `WouldBlock` otherwise.
            ///
            /// `f` must do one operation on the fd, of the kind that `interest` names. It is also called if the readiness
            /// is not known. If it returns `WouldBlock`, the readiness is cleared.
            ///
            /// ```
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// use dormouse::io::Interest;
            /// # fn operation(_fd: impl std::os::fd::AsFd) -> std::io::Result<usize> { Ok(1) }
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let result = socket.try_io(Interest::READABLE, || operation(&socket))?;
            /// # let _ = result;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of `f`.
            pub fn try_io<R>(
                &self,
                interest: crate::io::Interest,
                f: impl FnOnce() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.0.try_io(interest, |_| f())
            }

            /// Calls `f`, an operation of your own on the fd, and whenever it returns `WouldBlock`, waits until the fd is
            /// ready and calls it again.
            ///
            /// `f` must do one operation on the fd, of the kind that `interest` names.
            ///
            /// ```
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// use dormouse::io::Interest;
            /// # fn operation(_fd: impl std::os::fd::AsFd) -> std::io::Result<usize> { Ok(1) }
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let result = socket.async_io(Interest::READABLE, || operation(&socket)).await?;
            /// # let _ = result;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of `f`, except `WouldBlock`. If no reactor can register the fd: see
            /// [`AsyncFd`](crate::io::AsyncFd#errors).
            ///
            /// # Cancel safety
            /// It waits only before the first call of `f` or after a call that returned `WouldBlock`, so dropping it
            /// loses nothing.
            pub async fn async_io<R>(
                &self,
                interest: crate::io::Interest,
                mut f: impl FnMut() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.0.async_io(interest, |_| f()).await
            }

            /// Converts it into the [`AsyncFd`](crate::io::AsyncFd) inside. The fd stays registered.
            ///
            /// ```
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let fd = socket.into_async_fd();
            #[doc = concat!("let socket = ", stringify!($Type), "::from(fd);")]
            /// # let _ = socket;
            /// # Ok(())
            /// # }
            /// ```
            pub fn into_async_fd(self) -> crate::io::AsyncFd<$Inner> {
                self.0
            }
        }

        impl From<crate::io::AsyncFd<$Inner>> for $Type {
            #[inline]
            fn from(fd: crate::io::AsyncFd<$Inner>) -> $Type {
                $Type(fd)
            }
        }

        impl std::os::fd::AsFd for $Type {
            #[inline]
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(&self.0)
            }
        }

        impl std::os::fd::AsRawFd for $Type {
            #[inline]
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&self.0)
            }
        }

        impl std::fmt::Debug for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($Type))
                    .field("inner", self.0.get_ref())
                    .field("reactor", &self.0.reactor().name())
                    .finish()
            }
        }
    };
}

macro_rules! readable {
    ($Type:ty, $example:expr) => {
        impl $Type {
            /// Waits until a read or receive would not block.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// socket.readable().await?;
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
            pub async fn readable(&self) -> std::io::Result<()> {
                self.async_fd().readable().await.map(drop)
            }
        }
    };
}

macro_rules! writable {
    ($Type:ty, $example:expr) => {
        impl $Type {
            /// Waits until a write or send would not block.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// socket.writable().await?;
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
            pub async fn writable(&self) -> std::io::Result<()> {
                self.async_fd().writable().await.map(drop)
            }
        }
    };
}
