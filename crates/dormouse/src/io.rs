//! Readiness of file descriptors: [`AsyncFd`].
//!
//! Whatever has a file descriptor that the kernel can report on can be awaited: sockets, pipes,
//! timerfds, inotify, netlink, and so on. The names are those of `tokio::io::unix`.

mod async_fd;
mod guard;

pub use crate::reactor::{Interest, Ready};
pub use async_fd::AsyncFd;
pub use guard::{AsyncFdReadyGuard, TryIoError};
