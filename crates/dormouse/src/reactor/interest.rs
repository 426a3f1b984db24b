//! What to wait for on an fd, and what it was found ready for.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// What to watch an fd for: one of the constants, or several joined by `|`.
///
/// A hang-up or an error condition is reported whatever the interest is.
///
/// ```
/// use dormouse::io::Interest;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u8);

impl Interest {
    /// A read would not block.
    pub const READABLE: Interest = Interest(Ready::READABLE.0);
    /// A write would not block.
    pub const WRITABLE: Interest = Interest(Ready::WRITABLE.0);

    /// Whether reading is among the interests.
    pub const fn is_readable(self) -> bool {
        self.0 & Interest::READABLE.0 != 0
    }

    /// Whether writing is among the interests.
    pub const fn is_writable(self) -> bool {
        self.0 & Interest::WRITABLE.0 != 0
    }

    /// The conditions that end a wait for this interest.
    pub(crate) fn mask(self) -> Ready {
        let mut mask = Ready::ERROR;
        if self.is_readable() {
            mask |= Ready::READABLE | Ready::READ_CLOSED;
        }
        if self.is_writable() {
            mask |= Ready::WRITABLE | Ready::WRITE_CLOSED;
        }
        mask
    }
}

impl BitOr for Interest {
    type Output = Interest;
    fn bitor(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Ready(self.0), f)
    }
}

/// What an fd was found ready for. Readiness is a hint: the operation itself may still say
/// `WouldBlock`.
///
/// Under async-io, which reports no more than the direction, only `READABLE` and `WRITABLE` occur;
/// the read or write then tells what happened.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::os::unix::net::UnixStream;
///
/// let (ours, theirs) = UnixStream::pair()?;
/// let ours = AsyncFd::new(ours)?;
/// drop(theirs);
/// dormouse::block_on(async {
///     let guard = ours.readable().await?;
///     assert!(guard.ready().is_readable()); // to read the end of the stream
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Ready(pub(crate) u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Ready = Ready(0);
    /// A read would not block.
    pub const READABLE: Ready = Ready(1);
    /// A write would not block.
    pub const WRITABLE: Ready = Ready(1 << 1);
    /// The peer sends no more, or the whole connection is gone.
    pub const READ_CLOSED: Ready = Ready(1 << 2);
    /// Nothing can be sent any more.
    pub const WRITE_CLOSED: Ready = Ready(1 << 3);
    /// An error is waiting to be fetched by the next operation.
    pub const ERROR: Ready = Ready(1 << 4);
    pub(crate) const ALL: Ready = Ready((1 << 5) - 1);

    /// Whether nothing is ready.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a read would not block: there is data, the end of the stream, or an error.
    pub const fn is_readable(self) -> bool {
        self.0 & (Self::READABLE.0 | Self::READ_CLOSED.0 | Self::ERROR.0) != 0
    }

    /// Whether a write would not block: there is room, or the write would fail at once.
    pub const fn is_writable(self) -> bool {
        self.0 & (Self::WRITABLE.0 | Self::WRITE_CLOSED.0 | Self::ERROR.0) != 0
    }

    /// Whether the read half is closed.
    pub const fn is_read_closed(self) -> bool {
        self.0 & Self::READ_CLOSED.0 != 0
    }

    /// Whether the write half is closed.
    pub const fn is_write_closed(self) -> bool {
        self.0 & Self::WRITE_CLOSED.0 != 0
    }

    /// Whether an error condition was reported.
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    pub(crate) fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Ready {
    type Output = Ready;
    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 5] = ["READABLE", "WRITABLE", "READ_CLOSED", "WRITE_CLOSED", "ERROR"];
        if self.is_empty() {
            return f.write_str("EMPTY");
        }
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        for (nth, (_, name)) in set.enumerate() {
            f.write_str(if nth == 0 { "" } else { " | " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}
