//! What to wait for on an fd, and what it is ready for.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// What to watch an fd for: one of the constants, or several joined by `|`.
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
pub struct Interest(u8);

/// The bit of the public `PRIORITY` constants, which exist on Linux only. Elsewhere it is never set.
const PRIORITY: Ready = Ready(1 << 5);

impl Interest {
    pub(crate) const NONE: Interest = Interest(0);
    pub(crate) const ALL: Interest =
        Interest(Ready::READABLE.0 | Ready::WRITABLE.0 | Ready::ERROR.0 | PRIORITY.0);

    /// A read would not block.
    pub const READABLE: Interest = Interest(Ready::READABLE.0);
    /// A write would not block.
    pub const WRITABLE: Interest = Interest(Ready::WRITABLE.0);
    /// An exceptional condition, which the kernel calls POLLPRI: urgent data of a TCP connection, a change
    /// of `/proc/self/mounts`, an interrupt of a GPIO line. An fd that is watched for this alone is not
    /// reported as [`READABLE`](Ready::READABLE).
    ///
    /// An fd that is wrapped with this interest is registered with the builtin reactor, also inside an executor: the
    /// other reactors do not report it separately. An fd that was wrapped without it moves to the builtin reactor at the
    /// first wait for it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::fs::File;
    ///
    /// let mounts = AsyncFd::with_interest(File::open("/proc/self/mounts")?, Interest::PRIORITY)?;
    /// let change = async {
    ///     let mut guard = mounts.ready(Interest::PRIORITY).await?;
    ///     guard.clear_ready();
    ///     Ok::<(), std::io::Error>(()) // read the file again
    /// };
    /// # let _ = change;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Interest = Interest(PRIORITY.0);
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

    /// Whether this includes [`READABLE`](Self::READABLE).
    pub const fn is_readable(self) -> bool {
        self.0 & Interest::READABLE.0 != 0
    }

    /// Whether this includes [`WRITABLE`](Self::WRITABLE).
    pub const fn is_writable(self) -> bool {
        self.0 & Interest::WRITABLE.0 != 0
    }

    /// Whether this includes [`PRIORITY`](Self::PRIORITY).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const fn is_priority(self) -> bool {
        self.0 & Interest::PRIORITY.0 != 0
    }

    /// Whether this includes [`ERROR`](Self::ERROR).
    pub const fn is_error(self) -> bool {
        self.0 & Interest::ERROR.0 != 0
    }

    /// Whether this includes more than reading and writing: only the builtin reactor supports that.
    pub(crate) fn needs_builtin(self) -> bool {
        self.0 & !(Interest::READABLE | Interest::WRITABLE).0 != 0
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
        if self.0 & PRIORITY.0 != 0 {
            // After the peer has closed, no priority event can occur.
            mask |= PRIORITY.0 | Ready::READ_CLOSED.0;
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

/// What an fd is ready for. Readiness is a hint: the operation itself may still return
/// `WouldBlock`.
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
    pub const EMPTY: Ready = Ready(0);
    /// A read would not block.
    pub const READABLE: Ready = Ready(1);
    /// A write would not block.
    pub const WRITABLE: Ready = Ready(1 << 1);
    /// The peer sends no more data, or the whole connection is closed.
    pub const READ_CLOSED: Ready = Ready(1 << 2);
    /// No more data can be sent.
    pub const WRITE_CLOSED: Ready = Ready(1 << 3);
    /// An error is pending, which the next operation returns.
    pub const ERROR: Ready = Ready(1 << 4);
    /// An exceptional condition: see [`Interest::PRIORITY`].
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Ready = PRIORITY;
    /// `PRIORITY`, on every system.
    pub(crate) const URGENT: Ready = PRIORITY;
    pub(crate) const ALL: Ready = Ready((1 << 6) - 1);

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

    /// Whether an exceptional condition was reported.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const fn is_priority(self) -> bool {
        self.0 & Self::PRIORITY.0 != 0
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
