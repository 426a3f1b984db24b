//! The smallest executor: one future on the calling thread.

use crate::context::InBlockOn;
use crate::coop;
use crate::reactor::{Parker, PollOrPark};
use crate::sync::thread;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future to completion on the calling thread, which sleeps while the future is pending.
///
/// For programs and tests that have no executor. The builtin reactor serves the file descriptors and timers of the
/// future, whatever features are on: inside a tokio runtime too, because this thread may be the one that drives it.
///
/// An `AsyncFd` that was created outside of `block_on` is not moved: with the feature `smol`, async-io still serves it. If
/// a tokio runtime serves it, another thread has to drive that runtime.
///
/// # Threads
/// While the thread sleeps, it polls the builtin reactor itself, so no other thread has to wake it. On Linux, the reactor's
/// own thread, `dormouse`, does not run while that is enough, so a program can stay single-threaded. That thread starts
/// when
/// - a task outside of `block_on`, or in `VirtualTime::block_on`, waits for a file descriptor or timer of the builtin
///   reactor. It then polls in place of `block_on`, from that time on;
/// - a wait inside uses another waker than that of this `block_on`: in a `block_on` of another crate, and in combinators
///   with wakers of their own, such as `FuturesUnordered`. (`join!`, `select!` and [`timeout`](crate::timeout) use the
///   waker of `block_on`.)
/// - a second thread waits in `block_on`, because only one thread at a time polls there;
/// - `block_on` returns while a clone of its waker still exists;
/// - the system refuses a timerfd, or an `AsyncFd` [moves](crate::io::AsyncFd#reactor) to the builtin reactor;
/// - [`init`](crate::init) is called.
///
/// On other systems it starts with the first wait. [JavaScript hosts](crate::platform#javascript-hosts) do not have this
/// function.
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
/// Inside a task of another executor, or inside another `block_on`, it works, but blocks the thread. It has a
/// [coop budget](crate::io#coop-budget) of its own there.
///
/// Inside a waker, or a subscriber of `tracing`, it may wait forever: the thread that calls it may be the one that delivers
/// the events.
#[doc(alias = "Runtime")]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let parker = Parker::new(thread::current());
    // Declared before the future, so dropped after it, when its waits have been deregistered.
    let mut poll_or_park = PollOrPark::new(&parker);
    let waker = Waker::from(parker.clone());
    let mut future = pin!(coop::without_tokio_budget(future.into_future()));
    let _context = InBlockOn::enter_polling(&waker);
    let cx = &mut Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = coop::with_new_budget(|| future.as_mut().poll(cx)) {
            return output;
        }
        poll_or_park.wait();
    }
}
