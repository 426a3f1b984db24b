//! What listeners do after accept(2).

use super::error::with_context;
use super::sys;
use crate::io::{AsSource, AsyncFd, Interest};
use std::io;

/// Wraps the socket that accept(2) has returned, which its first wait registers. An error names the address of the listener.
pub(super) fn wrap_accepted<Inner: AsSource, Socket: From<AsyncFd<Inner>>, Peer>(
    accepted: io::Result<(Inner, Peer)>,
    interest: impl FnOnce(&Inner) -> Interest,
    local_addr: impl FnOnce() -> io::Result<String>,
) -> io::Result<(Socket, Peer)> {
    accepted
        .and_then(|(inner, peer)| {
            let interest = interest(&inner);
            Ok((AsyncFd::connected(inner, interest, sys::ACCEPTED)?.into(), peer))
        })
        .map_err(|err| cannot_accept(err, local_addr))
}

#[cold]
fn cannot_accept(source: io::Error, local_addr: impl FnOnce() -> io::Result<String>) -> io::Error {
    match local_addr() {
        Ok(address) => {
            with_context(source, format_args!("cannot accept a connection on {address}"))
        }
        Err(_) => source,
    }
}
