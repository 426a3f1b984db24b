//! How an error shows the address of a Unix socket.

use crate::net::sys;
use std::borrow::Borrow;
use std::fmt;
use std::os::unix::net::SocketAddr;

/// Displays the address of a Unix socket: a path in quotes, or `@` and an abstract name, as Linux tools do. Control
/// characters are escaped: an error may be printed on a terminal.
pub(in crate::net) struct DisplayAddr<A>(pub(in crate::net) A);

impl<A: Borrow<SocketAddr>> fmt::Display for DisplayAddr<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.borrow();
        if let Some(path) = address.as_pathname() {
            return write!(f, "{path:?}");
        }
        if let Some(name) = sys::abstract_name(address) {
            return write!(f, "@{}", name.escape_ascii());
        }
        f.write_str("an unnamed socket")
    }
}
