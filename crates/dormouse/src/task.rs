//! Tasks: futures that run in the background, on the executor of the program.
//!
//! The names are those of `tokio::task`; [what differs](crate::porting#spawn) is little. A library that spawns needs no
//! choice of an executor, and no `cfg`:
//!
//! ```
//! use dormouse::net::{TcpListener, TcpStream};
//! use std::io;
//!
//! async fn serve(listener: TcpListener) -> io::Result<()> {
//!     loop {
//!         let (stream, _peer) = listener.accept().await?;
//!         dormouse::spawn(echo(stream));
//!     }
//! }
//!
//! async fn echo(stream: TcpStream) -> io::Result<()> {
//! #     Ok(())
//!     // ...
//! }
//! ```
//!
//! # Where a task runs
//! The first row that applies decides, each time that a task is spawned:
//!
//! | inside | tasks run |
//! |---|---|
//! | `VirtualTime::block_on` | on the thread of the `block_on`, which waits for them before time advances. When it returns, they are cancelled |
//! | a tokio runtime (feature `tokio`), unless a [`dormouse::block_on`](crate::block_on()) was called inside it | there, as by `tokio::spawn` |
//! | a program that has called [`set_executor`] | there |
//! | any other program | on [async-executor](https://docs.rs/async-executor), with a thread `dormouse-worker` for each processor, which start at first use |
//! | a JavaScript host | on the event loop, by `spawn_local` of wasm-bindgen-futures |
//!
//! A task that is not awaited ends with its executor. In a tokio runtime, that is when the runtime shuts down. On threads of
//! dormouse, it is the end of the process, in the middle of what the task does: it is not dropped then, and
//! [`dormouse::block_on`](crate::block_on()) does not wait for it. So await the handle, or keep the task in a [`JoinSet`].
//!
//! [`spawn_blocking`] follows the same order. Its own threads are named `dormouse-blocking`, and end when they have been
//! idle for ten seconds.
//!
//! The threads of dormouse run on the processors of the main thread. They inherit the signal mask and, on Linux, the nice
//! value of the thread that starts them, as each thread of std does. A process that a task starts inherits that mask too. So
//! a program that blocks a signal in all of its threads does that before it spawns.
//!
//! A task that is spawned in virtual time stays in it, as if its future were passed to `VirtualTime::scope`.
//!
//! # Futures that are not `Send`
//! There is no `spawn_local`. An executor for one thread has its own, and sleeps and sockets of dormouse work there:
//! `tokio::task::LocalSet`, `LocalExecutor` of smol in [`dormouse::block_on`](crate::block_on()), and
//! `wasm_bindgen_futures::spawn_local` in a JavaScript host, for futures that hold values of JavaScript.
//!
//! ```
//! use std::rc::Rc;
//! use std::time::Duration;
//!
//! let tasks = smol::LocalExecutor::new();
//! let local = Rc::new(7);
//! let answer = dormouse::block_on(tasks.run(async {
//!     tasks.spawn(async move { dormouse::sleep(Duration::from_millis(1)).await; *local }).await
//! }));
//! assert_eq!(answer, 7);
//! ```
//!
//! # When no thread can be started
//! If the system refuses all threads for a task, nothing hangs: the handle returns an error at once. The error [is a
//! cancellation](JoinError::is_cancelled) and names the reason. With at least one thread, tasks run there.
//!
//! # Forks
//! A child of `fork` starts threads of its own, with its first task. Tasks that its parent has spawned run in the parent
//! only. An executor that the parent has installed is not used in the child.

mod error;
#[cfg(not(any(loom, target_family = "wasm")))]
mod executor;
mod join_handle;
mod join_set;
#[cfg(all(loom, test))]
mod loom_tests;
#[cfg_attr(target_family = "wasm", path = "task/place/web.rs")]
#[cfg_attr(loom, path = "task/place/mock.rs")]
mod place;
#[cfg(not(any(loom, target_family = "wasm")))]
mod spawn_blocking;
mod state;
#[cfg_attr(
    any(not(feature = "tokio"), loom, target_family = "wasm"),
    path = "task/tokio/absent.rs"
)]
#[cfg_attr(
    any(loom, target_family = "wasm"),
    allow(dead_code, reason = "the places of other targets need it")
)]
mod tokio;
#[cfg_attr(not(feature = "test-util"), path = "task/virtual_time/absent.rs")]
#[cfg_attr(loom, allow(dead_code, reason = "the mock of `place` runs no tasks of a `block_on`"))]
mod virtual_time;
#[cfg(not(any(loom, target_family = "wasm")))]
mod workers;

pub use error::JoinError;
#[cfg(not(any(loom, target_family = "wasm")))]
pub use executor::{Executor, SetExecutorError, set_executor};
pub use join_handle::{AbortHandle, JoinHandle};
pub use join_set::JoinSet;
#[cfg(not(any(loom, target_family = "wasm")))]
pub use spawn_blocking::spawn_blocking;

use crate::catch_panic::catch_panic;
use place::Place;
use state::Task;
use std::future::{Future, poll_fn};
use std::task::Poll;

/// Runs a future in the background, and returns a handle that awaits its output.
///
/// It begins at once: the handle need not be awaited. Dropping the handle detaches the task, which runs on. A panic in the
/// task harms no other task: the handle returns it. [Where it runs](self#where-a-task-runs) depends on the caller.
///
/// Never panics. If a tokio runtime is shutting down, or no thread can be started, the handle returns an error that [is a
/// cancellation](JoinError::is_cancelled).
///
/// ```
/// use dormouse::{sleep, spawn};
/// use std::time::Duration;
///
/// # dormouse::block_on(async {
/// let task = spawn(async {
///     sleep(Duration::from_millis(1)).await;
///     6 * 7
/// });
/// assert_eq!(task.await?, 42);
/// # Ok::<(), dormouse::task::JoinError>(())
/// # }).unwrap();
/// ```
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let place = match Place::current() {
        Ok(place) => place,
        Err(err) => {
            catch_panic(|| drop(future));
            return JoinHandle::not_started(err);
        }
    };
    match (virtual_time::current(), place.tokio()) {
        (None, Some(runtime)) => JoinHandle::tokio(runtime.spawn(future)),
        (None, None) => {
            let (task, shared) = Task::new(future);
            place.run(task);
            JoinHandle::own(shared)
        }
        // The scope is outside, so that the task is busy until it has woken the task that awaits its handle.
        (Some(time), _) => {
            let (task, shared) = Task::new(future);
            place.run(time.scope(task));
            JoinHandle::own(shared)
        }
    }
}

/// Lets the executor run other tasks, and continues after that.
///
/// ```
/// # dormouse::block_on(async {
/// for chunk in [[0; 1024]; 8].chunks(2) {
///     // ... computes for a while
///     dormouse::task::yield_now().await;
/// }
/// # });
/// ```
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
