//! Windows: ends the wait of async-io, so that its next wait begins.
//!
//! Without this, a request to watch a socket can be delayed until an unrelated event. async-io waits in the crate `polling`
//! (3.11), which has a queue of requests.
//! A request: (1) checks whether a thread waits, (2) if so, starts the poll operation of the kernel, if not, appends itself
//! to the queue.
//! A wait: (1) marks that a thread waits, (2) takes the requests out of the queue, (3) waits.
//! If (1) and (2) of a wait come between (1) and (2) of a request, the request stays in the queue until the next wait.

use async_io::Timer;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

/// When the timer is due. A timer of async-io that is due at once would not end the wait.
const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes a wait that has begun return. Called after a request, which the next wait takes out of the queue.
pub(super) fn begin() {
    // A new timer ends the wait, which may be longer than the timer. The drop removes the timer.
    let timer = pin!(Timer::after(ONE_DAY));
    let _ = timer.poll(&mut Context::from_waker(Waker::noop()));
}
