//! Unix: file descriptors.

use super::AsSource;
use rustix::fs::{FileType, fstat};
use std::os::fd::AsRawFd;

pub(super) use std::os::fd::AsFd as AsHandle;
pub(crate) use std::os::fd::{
    BorrowedFd as BorrowedSource, OwnedFd as OwnedSource, RawFd as RawSource,
};

/// The fd of an object.
#[inline(always)]
pub(crate) fn borrow<T: AsSource + ?Sized>(object: &T) -> BorrowedSource<'_> {
    object.as_fd()
}

/// The number of an fd.
#[inline(always)]
pub(crate) fn raw(fd: BorrowedSource<'_>) -> RawSource {
    fd.as_raw_fd()
}

pub(crate) fn is_fifo(fd: BorrowedSource<'_>) -> bool {
    fstat(fd).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_fifo())
}

/// Implements `AsFd` and `AsRawFd` for a type, by those of what it contains.
macro_rules! impl_as_source {
    ([$($generics:tt)*] $Type:ty, $this:ident => $inner:expr) => {
        impl<$($generics)*> std::os::fd::AsFd for $Type {
            #[inline]
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                let $this = self;
                std::os::fd::AsFd::as_fd($inner)
            }
        }

        impl<$($generics)*> std::os::fd::AsRawFd for $Type {
            #[inline]
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&std::os::fd::AsFd::as_fd(self))
            }
        }
    };
}

pub(crate) use impl_as_source;
