//! What an fd is ready for.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// What an fd is ready for. Readiness is a hint: the operation itself may still return
/// `WouldBlock`. `|` joins two, `&` is what both have in common, and `-` removes what is in the other.
///
/// async-io reports only a direction, so under async-io usually only `READABLE` and `WRITABLE` occur;
/// the read or write then returns what happened.
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
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert_eq!(Ready::EMPTY, Ready::default());
    /// ```
    pub const EMPTY: Ready = Ready(0);
    /// A read would not block.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::READABLE.is_readable());
    /// ```
    pub const READABLE: Ready = Ready(1);
    /// A write would not block.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::WRITABLE.is_writable());
    /// ```
    pub const WRITABLE: Ready = Ready(1 << 1);
    /// The peer sends no more data, or the whole connection is closed.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::READ_CLOSED.is_readable()); // a read returns the end of file
    /// ```
    pub const READ_CLOSED: Ready = Ready(1 << 2);
    /// No more data can be sent.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::WRITE_CLOSED.is_writable()); // a write fails at once
    /// ```
    pub const WRITE_CLOSED: Ready = Ready(1 << 3);
    /// An error is pending, which the next operation returns.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::ERROR.is_readable() && Ready::ERROR.is_writable());
    /// ```
    pub const ERROR: Ready = Ready(1 << 4);
    /// The bit of the public `PRIORITY` constants: see `priority`. On other systems than Linux, an event never sets it.
    pub(crate) const URGENT: Ready = Ready(1 << 5);
    /// Everything.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::ALL.contains(Ready::READABLE | Ready::ERROR));
    /// ```
    pub const ALL: Ready = Ready((1 << 6) - 1);

    /// Whether nothing is ready.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!((Ready::READABLE - Ready::READABLE).is_empty());
    /// ```
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this includes everything that `other` includes.
    ///
    /// The methods below ask what an operation would do: `is_readable` is true for [`READ_CLOSED`](Self::READ_CLOSED) too.
    /// This compares what was reported.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// let ready = Ready::READ_CLOSED;
    /// assert!(ready.is_readable() && !ready.contains(Ready::READABLE));
    /// ```
    pub const fn contains(self, other: Ready) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a read would not block: there is data, the end of the stream, or an error.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::READ_CLOSED.is_readable() && !Ready::WRITABLE.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & (Self::READABLE.0 | Self::READ_CLOSED.0 | Self::ERROR.0) != 0
    }

    /// Whether a write would not block: there is room, or the write would fail at once.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(Ready::WRITE_CLOSED.is_writable() && !Ready::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & (Self::WRITABLE.0 | Self::WRITE_CLOSED.0 | Self::ERROR.0) != 0
    }

    /// Whether the read half is closed.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(!Ready::READABLE.is_read_closed());
    /// ```
    pub const fn is_read_closed(self) -> bool {
        self.0 & Self::READ_CLOSED.0 != 0
    }

    /// Whether the write half is closed.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!(!Ready::WRITABLE.is_write_closed());
    /// ```
    pub const fn is_write_closed(self) -> bool {
        self.0 & Self::WRITE_CLOSED.0 != 0
    }

    /// Whether an error condition was reported.
    ///
    /// ```
    /// use dormouse::io::Ready;
    /// assert!((Ready::READABLE | Ready::ERROR).is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    pub(crate) const fn intersection(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }

    pub(crate) const fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Ready {
    type Output = Ready;
    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitAnd for Ready {
    type Output = Ready;
    fn bitand(self, other: Ready) -> Ready {
        self.intersection(other)
    }
}

impl Sub for Ready {
    type Output = Ready;
    fn sub(self, other: Ready) -> Ready {
        self.without(other)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 6] =
            ["READABLE", "WRITABLE", "READ_CLOSED", "WRITE_CLOSED", "ERROR", "PRIORITY"];
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
