//! The error of a timeout.
//!
//! ```
//! use dormouse::time::{Duration, error::Elapsed, timeout};
//!
//! async fn first_byte() -> Result<u8, Elapsed> {
//!     # let connection = std::future::pending();
//!     timeout(Duration::from_millis(1), connection).await
//! }
//! assert!(dormouse::block_on(first_byte()).is_err());
//! ```

use std::error::Error;
use std::fmt;
use std::io;

/// Error returned by [`timeout`](crate::timeout()) and [`timeout_at`](crate::timeout_at()) when the time limit has
/// passed.
///
/// ```
/// use std::{future::pending, io, time::Duration};
/// let late = dormouse::block_on(dormouse::timeout(Duration::ZERO, pending::<()>()));
/// let error = io::Error::from(late.unwrap_err());
/// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(super) fn new() -> Elapsed {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline has passed before the future was ready")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
