//! The traits for asynchronous reading and writing, for the sockets: each call goes to the `AsyncFd` inside.

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(all(feature = "tokio-io", not(loom)))]
mod tokio_io;
