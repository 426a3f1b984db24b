//! [`UCred`]: the credentials of a peer.

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "ucred/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "ucred/apple.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple")),
    path = "ucred/bsd.rs"
)]
mod sys;

pub(super) use sys::peer_cred;

use crate::net::UnixStream;

/// The credentials of the process at the other end of a Unix socket, as they were when it connected or listened.
///
/// Not on illumos and Solaris.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::UnixStream;
/// let (stream, _peer) = UnixStream::pair()?;
/// let peer = stream.peer_cred()?;
/// println!("user {}, group {}, process {:?}", peer.uid(), peer.gid(), peer.pid());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: Option<i32>,
}

impl UCred {
    /// The id of the user.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let (stream, _peer) = dormouse::net::UnixStream::pair()?;
    /// if stream.peer_cred()?.uid() == 0 {
    ///     println!("the peer is root");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The id of the group.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let (stream, _peer) = dormouse::net::UnixStream::pair()?;
    /// println!("group {}", stream.peer_cred()?.gid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The id of the process, or `None` if it is in a PID namespace that this process cannot see. The BSDs do not report
    /// it; Linux and Apple's systems do.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let (stream, _peer) = dormouse::net::UnixStream::pair()?;
    /// if let Some(pid) = stream.peer_cred()?.pid() {
    ///     assert_eq!(pid, std::process::id() as i32);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }
}

/// Adds `peer_cred` to a type of a connected socket.
macro_rules! impl_peer_cred {
    ($Type:ident) => {
        impl $Type {
            /// The credentials of the process at the other end, as they were when it connected or listened.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            #[doc = concat!("let (socket, _peer) = ", stringify!($Type), "::pair()?;")]
            /// println!("the user {} is at the other end", socket.peer_cred()?.uid());
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn peer_cred(&self) -> std::io::Result<$crate::net::unix::UCred> {
                $crate::net::unix::ucred::peer_cred($crate::io::HasAsyncFd::async_fd(self))
            }
        }
    };
}

impl_peer_cred!(UnixStream);
