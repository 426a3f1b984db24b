//! The halves of a `UnixStream`.

use crate::net::UnixStream;
use std::os::unix::net::SocketAddr;

macro_rules! example {
    () => {
        "# let (inner, mut peer) = std::os::unix::net::UnixStream::pair()?;
# std::io::Write::write_all(&mut peer, b\"hello\")?;
# let socket = dormouse::net::UnixStream::from_std(inner)?;"
    };
}

halves!(UnixStream(std::os::unix::net::UnixStream), "unix", SocketAddr, example!());
