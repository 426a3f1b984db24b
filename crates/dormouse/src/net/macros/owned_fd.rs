//! The conversions from and to an `OwnedFd`, for the types that std does not have.

/// `$example` binds `socket`. The type has a `from_owned_fd`.
macro_rules! owned_fd {
    ($Type:ident, $example:expr) => {
        impl $Type {
            /// Deregisters the fd, sets it blocking, and returns it.
            ///
            /// The mode is shared with each duplicate of the fd: see [`AsyncFd`](crate::io::AsyncFd#blocking-mode).
            ///
            /// ```
            /// use std::os::fd::OwnedFd;
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let fd: OwnedFd = socket.into_blocking_fd()?;
            /// # let _ = fd;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// If the system call that sets the mode is refused, for example by a sandbox. Then the fd is closed.
            pub fn into_blocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                crate::io::set_blocking(&fd)?;
                Ok(fd)
            }

            /// Deregisters the fd, and returns it. It stays non-blocking.
            ///
            /// ```
            /// use std::os::fd::OwnedFd;
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let fd: OwnedFd = socket.into_nonblocking_fd()?;
            #[doc = concat!("let socket = ", stringify!($Type), "::from_owned_fd(fd)?;")]
            /// # let _ = socket;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// None.
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
