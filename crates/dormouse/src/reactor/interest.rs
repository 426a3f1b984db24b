//! What to wait for on an fd.

use super::Ready;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// What to watch an fd for: one of the constants, or several joined by `|`. It is never empty.
///
/// Hang-ups and error conditions are reported with every interest, except
/// [`ERROR`](Self::ERROR), which covers error conditions alone.
///
/// ```
/// use dormouse::io::Interest;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable() && !both.is_error());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(pub(super) u8);

impl Interest {
    pub(crate) const NONE: Interest = Interest(0);
    pub(crate) const BOTH: Interest = Interest(Ready::READABLE.0 | Ready::WRITABLE.0);
    pub(crate) const ALL: Interest =
        Interest(Ready::READABLE.0 | Ready::WRITABLE.0 | Ready::ERROR.0 | Ready::URGENT.0);

    /// A read would not block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (reader, writer) = rustix::pipe::pipe()?;
    /// let reader = AsyncFd::with_interest(reader, Interest::READABLE)?;
    /// drop(writer);
    /// dormouse::block_on(reader.ready(Interest::READABLE)).map(drop)
    /// # }
    /// ```
    pub const READABLE: Interest = Interest(Ready::READABLE.0);
    /// A write would not block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (_reader, writer) = rustix::pipe::pipe()?;
    /// let writer = AsyncFd::with_interest(writer, Interest::WRITABLE)?;
    /// dormouse::block_on(writer.ready(Interest::WRITABLE)).map(drop)
    /// # }
    /// ```
    pub const WRITABLE: Interest = Interest(Ready::WRITABLE.0);
    /// An error condition, which the kernel calls POLLERR, and nothing else: for example, the reader of a pipe has
    /// closed it, or a socket has a pending error.
    ///
    /// An fd that is wrapped with this interest is registered with the builtin reactor, also inside an executor: the
    /// other reactors do not report it separately. An fd that was wrapped without it moves to the builtin reactor at the
    /// first wait for it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    ///
    /// let (reader, writer) = rustix::pipe::pipe()?;
    /// let writer = AsyncFd::with_interest(writer, Interest::ERROR)?;
    /// drop(reader);
    /// // There is room in the pipe, but the pipe has no reader.
    /// assert!(dormouse::block_on(writer.ready(Interest::ERROR))?.ready().is_error());
    /// # Ok(())
    /// # }
    /// ```
    pub const ERROR: Interest = Interest(Ready::ERROR.0);

    /// Both interests, as `|` in a constant.
    ///
    /// ```
    /// use dormouse::io::Interest;
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    /// assert_eq!(BOTH, Interest::READABLE | Interest::WRITABLE);
    /// ```
    #[must_use = "returns the sum, and does not change the original"]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// This without `other`, or `None` if nothing is left: no interest is empty.
    ///
    /// ```
    /// use dormouse::io::Interest;
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    /// assert_eq!(both.remove(both), None);
    /// ```
    #[must_use = "returns what is left, and does not change the original"]
    pub const fn remove(self, other: Interest) -> Option<Interest> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Interest(left)),
        }
    }

    /// Whether this includes [`READABLE`](Self::READABLE).
    ///
    /// ```
    /// use dormouse::io::Interest;
    /// assert!((Interest::READABLE | Interest::WRITABLE).is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & Interest::READABLE.0 != 0
    }

    /// Whether this includes [`WRITABLE`](Self::WRITABLE).
    ///
    /// ```
    /// use dormouse::io::Interest;
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & Interest::WRITABLE.0 != 0
    }

    /// Whether this includes [`ERROR`](Self::ERROR).
    ///
    /// ```
    /// use dormouse::io::Interest;
    /// assert!(Interest::ERROR.is_error() && !Interest::READABLE.is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & Interest::ERROR.0 != 0
    }

    /// Whether this includes more than reading and writing: only the builtin reactor supports that.
    pub(crate) fn needs_builtin(self) -> bool {
        self.0 & !(Interest::READABLE | Interest::WRITABLE | Interest::WITH_URGENT).0 != 0
    }

    /// What to register when the fd is wrapped. Together with reading, writing is not registered yet: few tasks ever
    /// wait until an fd is writable, but most fds are writable already, and each event would report that.
    pub(crate) fn eager(self) -> Interest {
        if self.is_readable() { Interest(self.0 & !Interest::WRITABLE.0) } else { self }
    }

    /// Whether this is reading or writing, and nothing else.
    pub(crate) fn is_one_direction(self) -> bool {
        self == Interest::READABLE || self == Interest::WRITABLE
    }

    /// The interests that an event with this readiness reports.
    pub(crate) const fn in_event(ready: Ready) -> Interest {
        let mut interest = ready.0 & Interest::ALL.0;
        if ready.is_read_closed() {
            interest |= Interest::READABLE.0;
        }
        if ready.is_write_closed() {
            interest |= Interest::WRITABLE.0;
        }
        Interest(interest)
    }

    /// The interest with these [`compact_bits`](Self::compact_bits).
    pub(crate) const fn from_compact_bits(bits: usize) -> Interest {
        Interest(bits as u8 & 3 | (bits as u8 & 0b1100) << 2)
    }

    /// One bit for each interest, from bit 0 on.
    pub(crate) fn compact_bits(self) -> usize {
        usize::from(self.0 & 3 | self.0 >> 2 & 0b1100)
    }

    /// A wait for this interest completes when any of these bits is set.
    #[inline]
    pub(crate) const fn mask(self) -> Ready {
        let mut mask = Ready::ERROR.0;
        if self.is_readable() {
            mask |= Ready::READABLE.0 | Ready::READ_CLOSED.0;
        }
        if self.is_writable() {
            mask |= Ready::WRITABLE.0 | Ready::WRITE_CLOSED.0;
        }
        if self.0 & Ready::URGENT.0 != 0 {
            // After the peer has closed, no priority event can occur.
            mask |= Ready::URGENT.0 | Ready::READ_CLOSED.0;
        }
        Ready(mask)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        self.0 |= other.0;
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
