//! Work that blocks its thread.

use super::state::Task;
use super::tokio::{self, Runtime};
use super::{JoinError, JoinHandle, executor, virtual_time};
use crate::blocking::{self, Kind, Work};
use crate::catch_panic::catch_panic;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

/// Runs work that blocks its thread, or computes for long, beside the tasks. Returns a handle that awaits its output.
///
/// Inside a tokio runtime it runs there, as by `tokio::task::spawn_blocking`. Else it runs on the threads of the
/// [installed executor](super::set_executor), if that has such threads, and else on threads of dormouse, of which there are
/// up to 512.
///
/// Work that has begun cannot be aborted. Dropping the handle detaches it. In virtual time, the work sees that time, and
/// is waited for as a scoped task: for up to a second of real time.
///
/// ```
/// use dormouse::task::spawn_blocking;
///
/// # dormouse::block_on(async {
/// let manifest = spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await??;
/// assert!(manifest.contains("[package]"));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// The handle returns an error if the work panics, if it is aborted before it has begun, or if no thread can be started
/// for it. (In the last case tokio panics. dormouse catches that, but the panic hook of the program sees it; and tokio may
/// run the work later, when it can start a thread.)
#[doc(alias = "unblock")]
pub fn spawn_blocking<F, T>(work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let runtime = tokio::current();
    let time = virtual_time::current();
    if let (Some(runtime), None) = (&runtime, &time) {
        return match runtime.spawn_blocking(work) {
            Ok(handle) => JoinHandle::tokio(handle),
            Err(err) => JoinHandle::not_started(err),
        };
    }
    let (task, shared) = Task::new(async { work() });
    let work: Work = match time {
        None => Box::new(|| poll_once(task)),
        Some(time) => {
            let task = time.scope(task);
            Box::new(|| poll_once(task))
        }
    };
    if let Err((err, refused)) = start(work, runtime) {
        shared.complete(Err(JoinError::not_started(err)));
        catch_panic(|| drop(refused));
    }
    JoinHandle::own(shared)
}

/// # Errors
/// If no thread can be started for the work. It is in the error, unless it stays in the queue of tokio.
fn start(mut work: Work, runtime: Option<Runtime>) -> Result<(), (io::Error, Option<Work>)> {
    if let Some(runtime) = runtime {
        return runtime.spawn_blocking(work).map(drop).map_err(|err| (err, None));
    }
    if let Some(executor) = executor::installed() {
        // If it panics, it has dropped the work.
        match catch_unwind(AssertUnwindSafe(|| executor.spawn_blocking(work))) {
            Ok(Err(refused)) => work = refused,
            Ok(Ok(())) | Err(_) => return Ok(()),
        }
    }
    blocking::run(Kind::Program, work).map_err(|(err, work)| (err, Some(work)))
}

/// Runs work, as a future that never waits.
fn poll_once(work: impl Future<Output = ()>) {
    let _ = pin!(work).poll(&mut Context::from_waker(Waker::noop()));
}
