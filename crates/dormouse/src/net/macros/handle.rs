//! What every type around an `AsyncFd` has: its reactor, its readiness, and the conversions from and to the `AsyncFd`.

/// `handle!(read stream: TcpStream(std::net::TcpStream))`: the operation and the name of the object in the
/// [examples](super::examples), the type, the object in the `AsyncFd`.
macro_rules! handle {
    ($operation:ident $name:ident: $Type:ident($Inner:ty)) => {
        impl crate::io::HasAsyncFd for $Type {
            type Source = $Inner;

            #[inline(always)]
            fn async_fd(&self) -> &crate::io::AsyncFd<$Inner> {
                &self.0
            }
        }

        impl $Type {
            /// The reactor that the fd is registered with, or that the first wait for a
            /// [connection](crate::io::AsyncFd#connections) registers it with. It can [change](crate::io::AsyncFd#reactor).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("println!(\"reactor: {}\", ", stringify!($name), ".reactor().name());")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            pub fn reactor(&self) -> crate::reactor::Reactor {
                self.0.reactor()
            }

            /// Waits until the fd is ready for any part of `interest`, and returns for which.
            ///
            /// Readiness is a hint, and stays until an operation has returned `WouldBlock`. So try the operation, and wait
            /// again if it does:
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use dormouse::io::Interest;
            #[doc = concat!(example_system_call_imports!($operation), "use std::io::ErrorKind;")]
            #[doc = example_set_up!($Type)]
            #[doc = example_retry!($operation $name, concat!(".ready(", example_interest!($operation), ")"))]
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
                Ok(self.0.ready(interest).await?.ready())
            }

            /// Calls `f`, an operation of your own on the fd, if the fd is ready, and returns `WouldBlock` otherwise.
            ///
            /// `f` must do one operation on the fd, of the kind that `interest` names. It is also called if the readiness
            /// is not known. If it returns `WouldBlock`, the readiness is cleared.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = concat!(example_system_call_imports!($operation), "use dormouse::io::Interest;")]
            #[doc = example_set_up!($Type)]
            #[doc = example_io!($operation $name.try_io)]
            /// # let _ = done;
            /// # Ok(())
            /// # })
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
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = concat!(example_system_call_imports!($operation), "use dormouse::io::Interest;")]
            #[doc = example_set_up!($Type)]
            #[doc = example_io!($operation $name.async_io ".await")]
            /// # let _ = done;
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
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let fd = ", stringify!($name), ".into_async_fd();")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($Type), "::from(fd);")]
            #[doc = concat!("# let _ = ", stringify!($name), ";")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            pub fn into_async_fd(self) -> crate::io::AsyncFd<$Inner> {
                self.0.without_short_reads()
            }
        }

        impl From<crate::io::AsyncFd<$Inner>> for $Type {
            #[inline]
            fn from(fd: crate::io::AsyncFd<$Inner>) -> $Type {
                $Type(fd)
            }
        }

        crate::source::impl_as_source!([] $Type, socket => &socket.0);

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

/// `readable!(read stream: TcpStream, example_set_up!(TcpStream))`: the operation and the name of the object in the
/// [examples](super::examples), the type, the lines that create the object.
macro_rules! readable {
    ($operation:ident $name:ident: $Type:ty, $example:expr) => {
        impl $Type {
            #[doc = concat!("Waits until ", an_operation!($operation), " would not block.")]
            ///
            /// Readiness is a hint, and stays until an operation has returned `WouldBlock`. So try the operation, and wait
            /// again if it does:
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = concat!(example_attempt_imports!($operation), "use std::io::ErrorKind;")]
            #[doc = $example]
            #[doc = example_retry!($operation $name, ".readable()")]
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
            pub async fn readable(&self) -> std::io::Result<()> {
                self.async_fd().readable().await.map(drop)
            }
        }
    };
}

/// Like `readable!`.
macro_rules! writable {
    ($operation:ident $name:ident: $Type:ty, $example:expr) => {
        impl $Type {
            #[doc = concat!("Waits until ", an_operation!($operation), " would not block.")]
            ///
            /// Readiness is a hint, and stays until an operation has returned `WouldBlock`. So try the operation, and wait
            /// again if it does:
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::io::ErrorKind;
            #[doc = $example]
            #[doc = example_retry!($operation $name, ".writable()")]
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
            pub async fn writable(&self) -> std::io::Result<()> {
                self.async_fd().writable().await.map(drop)
            }
        }
    };
}
