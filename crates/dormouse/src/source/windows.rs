//! Windows: sockets. No other handle has readiness there.

use super::AsSource;
use std::os::windows::io::AsRawSocket;

pub(super) use std::os::windows::io::AsSocket as AsHandle;
pub(crate) use std::os::windows::io::{
    BorrowedSocket as BorrowedSource, OwnedSocket as OwnedSource, RawSocket as RawSource,
};

/// The socket of an object.
#[inline(always)]
pub(crate) fn borrow<T: AsSource + ?Sized>(object: &T) -> BorrowedSource<'_> {
    object.as_socket()
}

/// The number of a socket.
#[inline(always)]
pub(crate) fn raw(socket: BorrowedSource<'_>) -> RawSource {
    socket.as_raw_socket()
}

/// A socket is none.
pub(crate) fn is_fifo(_: BorrowedSource<'_>) -> bool {
    false
}

/// Implements `AsSocket` and `AsRawSocket` for a type, by those of what it contains.
macro_rules! impl_as_source {
    ([$($generics:tt)*] $Type:ty, $this:ident => $inner:expr) => {
        impl<$($generics)*> std::os::windows::io::AsSocket for $Type {
            #[inline]
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                let $this = self;
                std::os::windows::io::AsSocket::as_socket($inner)
            }
        }

        impl<$($generics)*> std::os::windows::io::AsRawSocket for $Type {
            #[inline]
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                let socket = std::os::windows::io::AsSocket::as_socket(self);
                std::os::windows::io::AsRawSocket::as_raw_socket(&socket)
            }
        }
    };
}

pub(crate) use impl_as_source;
