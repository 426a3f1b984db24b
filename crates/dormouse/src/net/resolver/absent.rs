//! `net::resolver` without the feature `dns`: a host name is an error.

use super::addr::Addresses;
use std::{fmt, io};

/// A host name with a port. There is none.
#[derive(Debug)]
pub enum Name {}

impl Name {
    /// `text` is what the caller has passed.
    pub(super) fn new(_host: &str, _port: u16, text: impl fmt::Display) -> io::Result<Name> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "{text:?} is a host name, which dormouse resolves with the feature `dns` alone: enable it, or resolve the \
                 name with std::net::ToSocketAddrs on a thread of its own, and pass the addresses",
                text = text.to_string()
            ),
        ))
    }
}

pub(super) async fn lookup(name: Name) -> io::Result<Addresses> {
    match name {}
}
