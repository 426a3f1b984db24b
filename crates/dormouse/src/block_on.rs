//! The smallest executor: one future, the calling thread.

use crate::context::InBlockOn;
use crate::reactor::{Seat, State};
use crate::sync::thread::{self, Thread};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future to its end on the calling thread, which sleeps while the future waits.
///
/// For programs and tests that have no executor. What the future waits for is watched by the builtin
/// reactor, or by async-io with the feature `smol`; never by a tokio runtime, since this thread may be
/// the one that drives it. While it sleeps, the builtin reactor's events come to this thread, so that no other
/// is in between. That holds for one of the threads in `block_on`, and only in a program where nobody else waits
/// for that reactor's events; otherwise its own thread serves.
///
/// ```
/// use std::time::Duration;
///
/// let answer = dormouse::block_on(async {
///     dormouse::sleep(Duration::from_millis(1)).await;
///     42
/// });
/// assert_eq!(answer, 42);
/// ```
///
/// Called inside a task of another executor, or inside itself, it works, but holds up the thread, as
/// anything that blocks does.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let sleeper = Arc::new(Sleeper { thread: thread::current(), state: State::new() });
    let waker = Waker::from(sleeper.clone());
    let cx = &mut Context::from_waker(&waker);
    let mut seat = Seat::new();
    let _context = InBlockOn::enter();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
        seat.wait(&sleeper.state);
    }
}

struct Sleeper {
    thread: Thread,
    state: State,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.state.wake(&self.thread);
    }
}
