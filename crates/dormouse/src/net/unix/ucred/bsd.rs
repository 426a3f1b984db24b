//! The BSDs: getpeereid(3), which does not report the process.

use super::UCred;
use std::io;
use std::os::fd::AsFd;

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let (uid, gid) = nix::unistd::getpeereid(socket)?;
    Ok(UCred { uid: uid.as_raw(), gid: gid.as_raw(), pid: None })
}
