//! The halves of a [`TcpStream`](crate::net::TcpStream), returned by [`split`](crate::net::TcpStream::split) and
//! [`into_split`](crate::net::TcpStream::into_split).

pub(super) mod listener;
pub(super) mod socket;
mod split;
pub(super) mod stream;

pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
