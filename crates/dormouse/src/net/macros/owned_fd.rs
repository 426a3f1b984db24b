//! The conversions from and to an `OwnedFd`, for the types that std does not have.

/// `owned_fd!(reader: PipeReader)`, like `handle!`. The type has a `from_owned_fd`.
macro_rules! owned_fd {
    ($name:ident: $Type:ident) => {
        impl $Type {
            /// Deregisters the fd, sets it blocking, and returns it.
            ///
            /// The mode is shared with each duplicate of the fd: see [`AsyncFd`](crate::io::AsyncFd#blocking-mode).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::os::fd::OwnedFd;
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let fd: OwnedFd = ", stringify!($name), ".into_blocking_fd()?;")]
            /// # let _ = fd;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the system call that sets the mode is refused, for example by a sandbox. Then the fd is closed.
            pub fn into_blocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                crate::io::blocking::set_blocking(&fd)?;
                Ok(fd)
            }

            /// Deregisters the fd, and returns it. It stays non-blocking.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            /// use std::os::fd::OwnedFd;
            #[doc = example_set_up!($Type)]
            #[doc = concat!("let fd: OwnedFd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($Type), "::from_owned_fd(fd)?;")]
            #[doc = concat!("# let _ = ", stringify!($name), ";")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// None. It returns a `Result` as in tokio.
            pub fn into_nonblocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                Ok(self.into_async_fd().into_inner().into())
            }
        }

        /// Like `from_owned_fd`.
        impl TryFrom<std::os::fd::OwnedFd> for $Type {
            type Error = std::io::Error;

            #[track_caller]
            fn try_from(fd: std::os::fd::OwnedFd) -> std::io::Result<$Type> {
                $Type::from_owned_fd(fd)
            }
        }

        /// Like `into_nonblocking_fd`.
        impl TryFrom<$Type> for std::os::fd::OwnedFd {
            type Error = std::io::Error;

            fn try_from(socket: $Type) -> std::io::Result<std::os::fd::OwnedFd> {
                socket.into_nonblocking_fd()
            }
        }
    };
}
