//! Errors that name the operation and the address.
//!
//! The system's error states only the cause. In a program with many connections, it does not identify the connection
//! that failed.

use rustix::io::Errno;
use std::error::Error;
use std::fmt;
use std::io;

/// An error of the system, with a description of the operation.
#[derive(Debug)]
struct ErrorWithContext {
    context: String,
    source: io::Error,
}

/// Adds a description of the operation to an error, such as "cannot connect to 127.0.0.1:1". The new error has
/// the same kind, and the old one as its source.
pub(super) fn with_context(source: io::Error, context: fmt::Arguments<'_>) -> io::Error {
    io::Error::new(source.kind(), ErrorWithContext { context: context.to_string(), source })
}

/// The error for an empty list of addresses. `action` is what cannot be done, such as "cannot connect".
pub(super) fn no_addresses(action: &str) -> io::Error {
    let message = format!("{action}: the list of addresses is empty");
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

impl fmt::Display for ErrorWithContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.context, self.source)?;
        if self.source.raw_os_error() == Some(Errno::MFILE.raw_os_error()) {
            f.write_str("; the process is at its limit of open fds (ulimit -n)")?;
        }
        Ok(())
    }
}

impl Error for ErrorWithContext {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
