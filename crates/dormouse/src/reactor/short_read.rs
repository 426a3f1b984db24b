//! When a short read means that the receive queue is empty: then read readiness is cleared at once, and the read that
//! would return `WouldBlock` is saved.
//!
//! A *short* read returns more than 0 and less than it asked for. On most fds data may be left behind it, and no event
//! reports it: a read from a Unix socket stops after a message with file descriptors, one from a pipe in packet mode
//! after a packet, one from a terminal after a line. So an fd is registered for this only by the streams of `net` that
//! are known to be TCP (`SO_PROTOCOL`), and only with an edge-triggered epoll instance: the builtin reactor's and tokio's
//! on Linux. async-io registers each wait anew, so it needs no shortcut.
//!
//! # Why it is true for TCP
//! tcp_recvmsg(), without flags and on a non-blocking socket, copies until
//! 1. the buffer is full: then the read is not short;
//! 2. the receive queue is empty. Data that arrives later, or waits in the backlog while the read holds the socket, calls
//!    the callback of epoll after the queue was empty, so an event follows the read;
//! 3. it reaches the end of the stream. The end has called the callback too: `READ_CLOSED` is known, or an event follows;
//! 4. it reaches the *urgent mark*, the place of the urgent byte in the stream. Then data may be left.
//!
//! Two conditions exclude the fourth case. The fd is registered for EPOLLPRI too ([`Interest::WITH_URGENT`]), and the
//! first event with it ends the shortcut for good. Let a read stop at the mark with data behind it. The byte at the mark
//! has arrived, so the kernel (1) made poll(2) report EPOLLPRI, (2) called the callback of epoll, (3) put the data into
//! the queue, and called the callback again. What the wait for events finds after that has EPOLLIN as long as data is left,
//! and EPOLLPRI until a read passes the mark. So either the event is delivered before readiness is cleared, and has ended
//! the shortcut, or it is delivered later, and sets readiness again.
//!
//! (The mark is announced by a header, and EPOLLPRI is reported when a segment with the byte is processed after that.
//! The URG flag is in each segment up to the mark, as RFC 9293 requires, so the order of their arrival does not matter. A
//! peer that forges its segments can make the mark stay unreported. It delays what it has sent itself, until it sends
//! more or closes.)
//!
//! What the docs of `TcpStream` exclude: a recv(2) with `MSG_OOB`, which ends EPOLLPRI but leaves the mark; kTLS and
//! sockmap, which replace tcp_recvmsg(). A task that waits for [`PRIORITY`](Interest) ends the shortcut, and so does the
//! conversion into an `AsyncFd`.
//!
//! # Invariants
//! - *No event is lost.* A short read clears readiness only if
//!   (1) the read was tried for an event that has `READABLE` and nothing else: no hang-up and no error;
//!   (2) no event has been delivered since that one, which was loaded before the read.
//!   An event of data that the read did not see is delivered after the load: before the clear, which then does nothing, or
//!   after it.
//! - An event with urgent data sets read readiness and ends the shortcut in one atomic operation
//!   ([`ScheduledIo::deliver`](super::ScheduledIo::deliver)). tokio keeps urgent readiness, and each call that takes read
//!   readiness out of tokio looks at it afterwards, so no other call delivers it later.
//! - The shortcut is allowed before the fd is registered, so no event with urgent data comes first.
//! - A connection is registered by its first wait. Until then no readiness is known, so a short read clears none. The
//!   registration includes EPOLLPRI, and reports what is true at that time: at a mark that no read has passed, EPOLLPRI.
//! - An fd that moves to another reactor is registered for EPOLLPRI there.

use super::Interest;

impl Interest {
    /// Not an interest of a wait: the reactor reports urgent data too, beside read readiness, and a short read empties the
    /// receive queue.
    pub(crate) const WITH_URGENT: Interest = Interest(1 << 6);

    /// Whether this includes [`WITH_URGENT`](Self::WITH_URGENT).
    #[allow(dead_code, reason = "not each reactor reports urgent data")]
    pub(crate) const fn is_with_urgent(self) -> bool {
        self.0 & Interest::WITH_URGENT.0 != 0
    }
}
