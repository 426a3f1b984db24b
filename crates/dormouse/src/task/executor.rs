//! The executor that the program installs.

use crate::fork::PerProcess;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

/// An executor that a program installs with [`set_executor`], to run the tasks that libraries spawn.
///
/// Each closure `Fn(task)` is one. Implement the trait for an executor that runs blocking work too.
///
/// ```
/// use dormouse::task::Executor;
/// use std::pin::Pin;
///
/// struct Smol;
///
/// impl Executor for Smol {
///     fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
///         smol::spawn(task).detach();
///     }
///
///     fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), Box<dyn FnOnce() + Send>> {
///         smol::unblock(work).detach();
///         Ok(())
///     }
/// }
/// # let (sent, received) = std::sync::mpsc::channel();
/// # let also_sent = sent.clone();
/// # Smol.spawn(Box::pin(async move { sent.send(1).unwrap() }));
/// # assert!(Smol.spawn_blocking(Box::new(move || also_sent.send(1).unwrap())).is_ok());
/// # assert_eq!(received.iter().sum::<i32>(), 2);
/// ```
pub trait Executor: Send + Sync + 'static {
    /// Runs a task, in the background. The task never panics.
    ///
    /// Do not pass it to [`spawn`](super::spawn()): that calls this function again, without end.
    ///
    /// If it is dropped unfinished, its handle returns an error that [is a
    /// cancellation](super::JoinError::is_cancelled).
    ///
    /// ```
    /// use dormouse::task::Executor;
    ///
    /// let executor = |task| smol::spawn(task).detach();
    /// # let (sent, received) = std::sync::mpsc::channel();
    /// executor.spawn(Box::pin(async move {
    ///     println!("running");
    ///     # sent.send(()).unwrap();
    /// }));
    /// # received.recv().unwrap();
    /// ```
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);

    /// Runs blocking work, on a thread that may block. The work never panics.
    ///
    /// # Errors
    /// The work, if the executor has no such threads: then a thread of dormouse runs it. This is the default.
    ///
    /// ```
    /// use dormouse::task::Executor;
    ///
    /// let executor = |task| smol::spawn(task).detach();
    /// assert!(executor.spawn_blocking(Box::new(|| {})).is_err());
    /// ```
    fn spawn_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> Result<(), Box<dyn FnOnce() + Send>> {
        Err(work)
    }
}

impl<F: Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static> Executor for F {
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self(task);
    }
}

static INSTALLED: PerProcess<OnceLock<Box<dyn Executor>>> = PerProcess::new(OnceLock::new());

/// Installs the executor for tasks that are spawned outside of tokio runtimes, for the rest of the program.
///
/// This is for programs, at their start: a library leaves the choice to the program. See [where a task
/// runs](super#where-a-task-runs). Tasks that have been spawned before stay where they are. The child of a fork begins
/// without an executor.
///
/// ```
/// use dormouse::task;
///
/// # fn main() -> Result<(), task::SetExecutorError> {
/// task::set_executor(|task| smol::spawn(task).detach())?;
///
/// assert!(task::set_executor(|_| {}).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If an executor is installed already: it stays.
pub fn set_executor(executor: impl Executor) -> Result<(), SetExecutorError> {
    let installed = INSTALLED.get(|_| OnceLock::new());
    installed.set(Box::new(executor)).map_err(|_| SetExecutorError(()))
}

pub(super) fn installed() -> Option<&'static dyn Executor> {
    INSTALLED.get(|_| OnceLock::new()).get().map(|executor| &**executor)
}

/// Error of [`set_executor`]: an executor is installed already.
///
/// ```
/// use dormouse::task;
/// let _ = task::set_executor(|task| smol::spawn(task).detach());
/// let err = task::set_executor(|task| smol::spawn(task).detach()).unwrap_err();
/// assert_eq!(err.to_string(), "an executor for tasks is installed already");
/// ```
#[derive(Debug)]
pub struct SetExecutorError(());

impl fmt::Display for SetExecutorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an executor for tasks is installed already")
    }
}

impl std::error::Error for SetExecutorError {}
