//! [`UCred`]: the credentials of a peer.

use crate::net::{UnixSeqpacket, UnixStream};
use std::io;
use std::os::fd::AsFd;

/// The credentials of the process at the other end of a Unix socket, as they were when it connected or listened (Linux
/// only).
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

    /// The id of the process, or `None` if it is in a PID namespace that this process cannot see.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let (stream, _peer) = dormouse::net::UnixStream::pair()?;
    /// assert_eq!(stream.peer_cred()?.pid(), Some(std::process::id() as i32));
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }
}

/// The credentials of the peer of `socket`. rustix has a function for it too, but its type for a process cannot hold the
/// 0 that stands for "not visible".
pub(super) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    let peer = getsockopt(socket, PeerCredentials)?;
    let pid = Some(peer.pid()).filter(|&pid| pid != 0);
    Ok(UCred { uid: peer.uid(), gid: peer.gid(), pid })
}

/// Adds `peer_cred` to a type of a connected socket.
macro_rules! peer_cred {
    ($Type:ident) => {
        impl $Type {
            /// The credentials of the process at the other end, as they were when it connected or listened.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = concat!("use dormouse::net::", stringify!($Type), ";")]
            #[doc = concat!("let (socket, _peer) = ", stringify!($Type), "::pair()?;")]
            /// assert_eq!(socket.peer_cred()?.pid(), Some(std::process::id() as i32));
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn peer_cred(&self) -> std::io::Result<UCred> {
                peer_cred(self.async_fd())
            }
        }
    };
}

peer_cred!(UnixStream);
peer_cred!(UnixSeqpacket);
