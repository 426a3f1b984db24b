//! Executors that keep to their thread, with sleeps that cannot leave it: monoio, glommio, compio.
//!
//! Each thread that runs a workload gets a runtime of its own, as their users have it; so W1 from two
//! threads measures two runtimes. They use io_uring where the kernel lets them, and else what they have
//! instead.
//!
//! Each is a dependency only with a feature of this crate, since together they take longer to build than
//! the rest of it. The builds that [`crate::builds`] makes leave them out.

use super::{Build, Entry};
use std::thread::LocalKey;

#[cfg(feature = "extra-peers")]
mod compio;
#[cfg(feature = "thread-per-core")]
mod glommio;
#[cfg(feature = "thread-per-core")]
mod monoio;

/// `$peer`'s, if the feature is on.
macro_rules! entry {
    ($name:literal, $feature:literal, $peer:ident, $about:literal) => {
        Entry {
            name: $name,
            about: $about,
            build: Build::Any,
            #[cfg(feature = $feature)]
            measure: $peer::measure,
            #[cfg(not(feature = $feature))]
            measure: |_| Err(concat!("built without it: --features ", $feature).into()),
            only: None,
        }
    };
}

pub(super) const MONOIO: Entry =
    entry!("monoio", "thread-per-core", monoio, "monoio::time (io_uring, else epoll)");
pub(super) const GLOMMIO: Entry =
    entry!("glommio", "thread-per-core", glommio, "glommio::timer::Timer (io_uring)");
pub(super) const COMPIO: Entry =
    entry!("compio", "extra-peers", compio, "compio::time (io_uring, else epoll)");

/// A thread's runtime, or why there is none. It is never dropped: the destructor would use other
/// thread-locals, which may be gone by then.
type Made<R> = Result<&'static R, String>;

#[cfg_attr(not(feature = "thread-per-core"), allow(dead_code, reason = "no peer is built in"))]
fn made<R>(runtime: Result<R, impl ToString>) -> Made<R> {
    runtime.map(|runtime| &*Box::leak(Box::new(runtime))).map_err(|err| err.to_string())
}

/// That of the calling thread.
#[cfg_attr(not(feature = "thread-per-core"), allow(dead_code, reason = "no peer is built in"))]
fn current<R>(runtime: &'static LocalKey<Made<R>>) -> &'static R {
    runtime.with(Clone::clone).unwrap_or_else(|why| {
        // No panic: another thread may wait for this one at a barrier.
        eprintln!("{why}");
        std::process::exit(1)
    })
}
