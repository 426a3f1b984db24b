//! Thread-per-core executors, the sleeps of which cannot be sent to another thread: monoio, glommio, compio, zruntime.
//!
//! Each thread that runs a workload has its own runtime, as in typical use; so W1 with two threads measures two
//! runtimes. They use io_uring where the kernel allows it, and their fallback elsewhere.
//!
//! Each takes long to build, and is a dependency only with a feature of this crate. A peer without its feature
//! is a stub in [`absent`], whose start fails.

mod absent;
#[cfg(feature = "extra-peers")]
mod compio;
#[cfg(feature = "thread-per-core")]
mod glommio;
#[cfg(feature = "thread-per-core")]
mod monoio;
#[cfg(any(feature = "extra-peers", feature = "thread-per-core"))]
mod thread_runtime;
#[cfg(feature = "extra-peers")]
pub(crate) mod zruntime;

#[cfg(not(feature = "extra-peers"))]
pub(crate) use absent::{Compio, Zruntime};
#[cfg(not(feature = "thread-per-core"))]
pub(crate) use absent::{Glommio, Monoio};
#[cfg(feature = "extra-peers")]
pub(crate) use {compio::Compio, zruntime::Zruntime};
#[cfg(feature = "thread-per-core")]
pub(crate) use {glommio::Glommio, monoio::Monoio};

use crate::peer::Peer;
use std::future::Future;

/// An executor with tasks that stay on its thread.
pub(crate) trait SpawnLocal: Peer {
    /// Called in the context of the executor.
    fn spawn_local<F: Future<Output = ()> + 'static>(future: F) -> impl Future<Output = ()>;
}
