//! Apple's systems: getpeereid(3), and `LOCAL_PEERPID` for the process.

use super::UCred;
use nix::sys::socket::{getsockopt, sockopt::LocalPeerPid};
use std::io;
use std::os::fd::AsFd;

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let (uid, gid) = nix::unistd::getpeereid(socket)?;
    let pid = Some(getsockopt(socket, LocalPeerPid)?);
    Ok(UCred { uid: uid.as_raw(), gid: gid.as_raw(), pid })
}
