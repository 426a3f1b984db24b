//! Exceptional conditions. Only the selector for Linux and Android reports them, so these items exist there alone.

use super::{Interest, Ready};

impl Interest {
    /// An exceptional condition, which the kernel calls POLLPRI: urgent data of a TCP connection, a change
    /// of `/proc/self/mounts`, an interrupt of a GPIO line. An fd that is watched for this alone is not
    /// reported as [`READABLE`](Ready::READABLE). On Linux and Android only.
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
    pub const PRIORITY: Interest = Interest(Ready::URGENT.0);

    /// Whether this includes [`PRIORITY`](Self::PRIORITY). On Linux and Android only.
    ///
    /// ```
    /// assert!(dormouse::io::Interest::PRIORITY.is_priority());
    /// ```
    pub const fn is_priority(self) -> bool {
        self.0 & Interest::PRIORITY.0 != 0
    }
}

impl Ready {
    /// An exceptional condition: see [`Interest::PRIORITY`](super::Interest::PRIORITY). On Linux and Android only.
    ///
    /// ```
    /// assert!(!dormouse::io::Ready::PRIORITY.is_readable());
    /// ```
    pub const PRIORITY: Ready = Ready::URGENT;

    /// Whether an exceptional condition was reported. On Linux and Android only.
    ///
    /// ```
    /// assert!(dormouse::io::Ready::PRIORITY.is_priority());
    /// ```
    pub const fn is_priority(self) -> bool {
        self.0 & Self::PRIORITY.0 != 0
    }
}
