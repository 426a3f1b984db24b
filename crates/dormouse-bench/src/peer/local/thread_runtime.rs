//! One runtime per thread, in a `thread_local!`.

use std::thread::LocalKey;

/// A thread's runtime, or the reason why it cannot be built. It is never dropped: its destructor would use other
/// thread-locals, which may be destroyed already.
pub(super) type ThreadRuntime<R> = Result<&'static R, String>;

pub(super) fn leak<R>(runtime: Result<R, impl ToString>) -> ThreadRuntime<R> {
    runtime.map(|runtime| &*Box::leak(Box::new(runtime))).map_err(|err| err.to_string())
}

/// The runtime of the calling thread.
pub(super) fn current<R>(runtime: &'static LocalKey<ThreadRuntime<R>>) -> &'static R {
    runtime.with(Clone::clone).unwrap_or_else(|reason| {
        // No panic: another thread may wait for this one at a barrier.
        eprintln!("{reason}");
        std::process::exit(1)
    })
}
