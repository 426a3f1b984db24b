//! Why a task has no output.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Why a task has no output: it has panicked, or was cancelled. Returned by a [`JoinHandle`](super::JoinHandle).
///
/// ```
/// use dormouse::task;
///
/// # dormouse::block_on(async {
/// let task = task::spawn(std::future::pending::<()>());
/// task.abort();
/// let err = task.await.unwrap_err();
/// assert!(err.is_cancelled());
/// assert_eq!(err.to_string(), "the task was cancelled");
/// # });
/// ```
pub struct JoinError(Why);

enum Why {
    /// The lock makes the error `Sync`, as `io::Error::other` requires: a payload is only `Send`. The box keeps the error
    /// small, because each task has room for one.
    Panic(Box<Mutex<Payload>>),
    /// By `abort`, or because its executor has shut down.
    Cancelled,
    /// No thread could be started for it.
    NotStarted(io::Error),
    /// The handle was polled again after it had returned the output.
    Taken,
}

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

impl JoinError {
    pub(super) const CANCELLED: JoinError = JoinError(Why::Cancelled);
    pub(super) const TAKEN: JoinError = JoinError(Why::Taken);

    pub(super) fn panic(payload: Payload) -> JoinError {
        JoinError(Why::Panic(Box::new(Mutex::new(payload))))
    }

    pub(super) fn not_started(err: io::Error) -> JoinError {
        JoinError(Why::NotStarted(err))
    }

    /// Whether the task was dropped before it completed: by [`abort`](super::JoinHandle::abort), because its executor has
    /// shut down, or because no thread could be started for it. Also true if the output was taken before.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let task = dormouse::spawn(std::future::pending::<()>());
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        !self.is_panic()
    }

    /// Whether the task has panicked.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let err = dormouse::spawn(async { panic!("oh no") }).await.unwrap_err();
    /// assert!(err.is_panic());
    /// assert_eq!(err.to_string(), "the task has panicked: oh no");
    /// # });
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.0, Why::Panic(_))
    }

    /// What the panic of the task carries, for [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// If the task has not panicked, it is the message of this error, a `String`: unlike tokio's, this function does
    /// not panic.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let err = dormouse::spawn(async { panic!("oh no") }).await.unwrap_err();
    /// assert_eq!(err.into_panic().downcast_ref(), Some(&"oh no"));
    /// # });
    /// ```
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic().unwrap_or_else(|err| Box::new(err.to_string()))
    }

    /// What the panic of the task carries.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let err = dormouse::spawn(async { panic!("oh no") }).await.unwrap_err();
    /// if let Ok(payload) = err.try_into_panic() {
    ///     assert_eq!(payload.downcast_ref(), Some(&"oh no"));
    /// }
    /// # });
    /// ```
    ///
    /// # Errors
    /// This error, if the task has not panicked.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        match self.0 {
            Why::Panic(payload) => Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner)),
            why => Err(JoinError(why)),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Panic(payload) => {
                let payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
                match message(&**payload) {
                    Some(message) => write!(f, "the task has panicked: {message}"),
                    None => f.write_str("the task has panicked"),
                }
            }
            Why::Cancelled => f.write_str("the task was cancelled"),
            Why::NotStarted(err) => write!(f, "the task was not started: {err}"),
            Why::Taken => f.write_str("the output of the task was taken before"),
        }
    }
}

/// The message of a panic, as the panic hook prints it.
fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref().map(String::as_str))
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({:?})", self.to_string())
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for io::Error {
    /// Keeps the kind of the system's error, if the task could not be started.
    fn from(err: JoinError) -> io::Error {
        let kind = match &err.0 {
            Why::NotStarted(err) => err.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, err)
    }
}
