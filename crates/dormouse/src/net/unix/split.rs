//! The halves of a `UnixStream`.

use crate::io::HasAsyncFd;
use crate::net::UnixStream;
use std::os::unix::net::SocketAddr;

halves!(UnixStream(std::os::unix::net::UnixStream), "unix", SocketAddr);
