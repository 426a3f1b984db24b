//! Linux and Android: `SO_PEERCRED`. rustix has a function for it too, but its type for a process cannot hold the 0 that
//! stands for "not visible".

use super::UCred;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::io;
use std::os::fd::AsFd;

pub(in crate::net::unix) fn peer_cred(socket: &impl AsFd) -> io::Result<UCred> {
    let peer = getsockopt(socket, PeerCredentials)?;
    let pid = Some(peer.pid()).filter(|&pid| pid != 0);
    Ok(UCred { uid: peer.uid(), gid: peer.gid(), pid })
}
