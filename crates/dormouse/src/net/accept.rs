//! What listeners do after accept(2).

use super::error::with_context;
use super::sys;
use crate::io::{AsSource, AsyncFd};
use std::fmt;
use std::io;

/// Registers the socket that accept(2) has returned. An error names the address of the listener.
pub(super) fn register_accepted<
    Inner: AsSource,
    Socket: From<AsyncFd<Inner>>,
    Peer,
    Address: fmt::Display,
>(
    accepted: io::Result<(Inner, Peer)>,
    listener: impl FnOnce() -> io::Result<Address>,
) -> io::Result<(Socket, Peer)> {
    accepted
        .and_then(|(inner, peer)| Ok((AsyncFd::connected(inner, sys::ACCEPTED)?.into(), peer)))
        .map_err(|err| cannot_accept(err, listener))
}

#[cold]
fn cannot_accept<Address: fmt::Display>(
    source: io::Error,
    listener: impl FnOnce() -> io::Result<Address>,
) -> io::Error {
    match listener() {
        Ok(address) => {
            with_context(source, format_args!("cannot accept a connection on {address}"))
        }
        Err(_) => source,
    }
}
