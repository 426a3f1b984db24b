//! The conversions from and to a socket of std.

/// `socket!(read stream: TcpStream(std::net::TcpStream), |_| Interest::READABLE)`, like `handle!`. The last argument
/// is a function that returns what a socket of std is registered for.
macro_rules! socket {
    ($operation:ident $name:ident: $Type:ident($Std:ty), $interest:expr) => {
        handle!($operation $name: $Type($Std));

        impl $Type {
            #[doc = concat!("Registers a [`", stringify!($Std), "`] with [`Reactor::current`](crate::reactor::Reactor::current).")]
            ///
            /// It is set non-blocking, unless it is already.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let inner: ", stringify!($Std), " = ", stringify!($name), ".into_std()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($Type), "::from_std(inner)?;")]
            #[doc = concat!("# let _ = ", stringify!($name), ";")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the socket cannot be registered: see [`AsyncFd`](crate::io::AsyncFd#errors). Then it is closed. To get
            /// it back, use [`AsyncFd::try_new`](crate::io::AsyncFd::try_new) and `From`.
            #[track_caller]
            pub fn from_std(inner: $Std) -> std::io::Result<$Type> {
                let interest = ($interest)(&inner);
                crate::io::AsyncFd::with_interest(inner, interest).map($Type)
            }

            #[doc = concat!("Deregisters the socket, and returns the [`", stringify!($Std), "`]. It stays non-blocking.")]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let inner: ", stringify!($Std), " = ", stringify!($name), ".into_std()?;")]
            /// # let _ = inner;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// None on Unix.
            pub fn into_std(self) -> std::io::Result<$Std> {
                Ok(self.0.into_inner())
            }

            #[doc = concat!("Deregisters the socket, restores its blocking mode, and returns the [`", stringify!($Std), "`].")]
            ///
            /// It is blocking again if it was blocking when it was converted, or if this crate has created it. The mode
            /// is shared with each duplicate of the fd: see [`AsyncFd`](crate::io::AsyncFd#blocking-mode).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let inner: ", stringify!($Std), " = ", stringify!($name), ".into_blocking()?;")]
            /// # let _ = inner;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the system call that sets the mode is refused, for example by a sandbox. Then the socket is closed.
            pub fn into_blocking(self) -> std::io::Result<$Std> {
                self.0.into_blocking()
            }

            /// Takes the pending error of the socket (`SO_ERROR`).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!("assert!(", stringify!($name), ".take_error()?.is_none());")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.0.get_ref().take_error()
            }
        }

        /// Like `from_std`.
        impl TryFrom<$Std> for $Type {
            type Error = std::io::Error;

            #[track_caller]
            fn try_from(inner: $Std) -> std::io::Result<$Type> {
                $Type::from_std(inner)
            }
        }

        /// Like `into_std`.
        impl TryFrom<$Type> for $Std {
            type Error = std::io::Error;

            fn try_from(socket: $Type) -> std::io::Result<$Std> {
                socket.into_std()
            }
        }

        /// The socket of std, for its other methods.
        impl AsRef<$Std> for $Type {
            #[inline]
            fn as_ref(&self) -> &$Std {
                self.0.get_ref()
            }
        }
    };
}
