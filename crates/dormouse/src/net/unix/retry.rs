//! Operations that no event reports to be possible.

use crate::coop::cooperative;
use crate::time::RetryPauses;
use std::io;

/// Retries `f`, an operation on a Unix socket, while it returns `WouldBlock` because the peer has no room. Pauses
/// in real time between the attempts.
///
/// No event reports that the peer has room:
/// - If the backlog of a listener is full, connect(2) fails with `EAGAIN` on Linux, and the socket stays
///   unconnected.
/// - If the receive queue of a datagram socket is full, and the sender is not connected to it, Linux reports the
///   sender as writable after each attempt. Waiting for writability would be a busy loop. (An auxiliary socket that is
///   connected to the receiver would report room, but the path may name another receiver by then.)
pub(in crate::net) async fn retry_until_room<R>(
    mut f: impl FnMut() -> io::Result<R>,
) -> io::Result<R> {
    cooperative(async {
        let mut pauses = RetryPauses::new();
        loop {
            match f() {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            pauses.pause().await;
        }
    })
    .await
}
