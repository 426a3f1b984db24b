//! Errors that name the address.
//!
//! The system's error says why, and not what: of ten connections that were attempted, one was refused.

use rustix::io::Errno;
use std::borrow::Borrow;
use std::error::Error;
use std::fmt;
use std::io;
use std::os::unix::net::SocketAddr;

/// What failed, and why.
#[derive(Debug)]
struct Failed {
    what: String,
    why: io::Error,
}

/// Adds to an error what failed, such as "cannot connect to 127.0.0.1:1". The kind stays; the error is
/// the source of the new one.
pub(super) fn failed(why: io::Error, what: fmt::Arguments<'_>) -> io::Error {
    io::Error::new(why.kind(), Failed { what: what.to_string(), why })
}

/// For a listener, whose address is asked for only now that it is needed.
pub(super) fn cannot_accept<E>(on: Result<impl fmt::Display, E>, why: io::Error) -> io::Error {
    match on {
        Ok(address) => failed(why, format_args!("cannot accept a connection on {address}")),
        Err(_) => why,
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)?;
        if self.why.raw_os_error() == Some(Errno::MFILE.raw_os_error()) {
            f.write_str("; the process is at its limit of open fds (ulimit -n)")?;
        }
        Ok(())
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.why)
    }
}

/// The name of a Unix socket, as the tools of Linux print it: a path, or `@` and an abstract name.
pub(super) struct Name<A>(pub(super) A);

impl<A: Borrow<SocketAddr>> fmt::Display for Name<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.borrow();
        if let Some(path) = address.as_pathname() {
            return write!(f, "{}", path.display());
        }
        #[cfg(target_os = "linux")]
        if let Some(name) = std::os::linux::net::SocketAddrExt::as_abstract_name(address) {
            return write!(f, "@{}", name.escape_ascii());
        }
        f.write_str("a socket without a name")
    }
}
