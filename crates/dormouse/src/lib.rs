// The README's links to files, as docs.rs has them. If a link is defined twice, the first definition counts.
//! [PLATFORM.md]: crate::platform
//! [faults]: https://docs.rs/crate/dormouse/latest/source/docs/faults.md
//! [promises]: https://docs.rs/crate/dormouse/latest/source/docs/promises.md
//! [ARCHITECTURE.md]: https://docs.rs/crate/dormouse/latest/source/ARCHITECTURE.md
//! [BENCHMARKS.md]: https://docs.rs/crate/dormouse/latest/source/BENCHMARKS.md
//! [CHANGELOG.md]: https://docs.rs/crate/dormouse/latest/source/CHANGELOG.md
//! [CONTRIBUTING.md]: https://docs.rs/crate/dormouse/latest/source/CONTRIBUTING.md
//! [SECURITY.md]: https://docs.rs/crate/dormouse/latest/source/SECURITY.md
//! [apache]: https://docs.rs/crate/dormouse/latest/source/LICENSE-APACHE
//! [mit]: https://docs.rs/crate/dormouse/latest/source/LICENSE-MIT
//! [moving a library]: crate::porting
//! [comparison]: crate::compare
//! [design]: crate::design
//! [tutorial]: crate::tutorial
//! [what features cost]: crate::features
//! [limits]: crate::limits
//! [events]: crate::events
//! [`dormouse::time`]: crate::time
//! [`dormouse::net`]: crate::net
//! [`dormouse::io`]: crate::io
//! [`dormouse::reactor`]: crate::reactor
//! [`block_on`]: block_on()#threads
//! [clocks]: crate::clock
#![cfg_attr(feature = "stats", doc = "[`dormouse::stats`]: mod@crate::stats")]
#![cfg_attr(feature = "test-util", doc = "[virtual time]: crate::virtual_time")]
#![doc = include_str!("../docs/benchmarks.link.md")]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// rustdoc derives the labels "Available on ... only" from `cfg`. The first two are builds of this repository alone: no user
// can set them. It has no words for the third: the pages of the modules say that JavaScript hosts do not have them.
#![cfg_attr(docsrs, doc(auto_cfg(hide(loom, dormouse_portable, target_family = "wasm"))))]
// Only Unix uses all of the shared code, so dead code is an error there alone. Windows has no `fork`, pipes or Unix sockets,
// and JavaScript hosts have no fds.
#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "only Unix uses all of it"))]

#[cfg(not(any(unix, windows, target_family = "wasm")))]
compile_error!(
    "dormouse supports Unix, Windows and wasm only: see docs/PLATFORM.md, https://docs.rs/dormouse/latest/dormouse/platform/"
);
#[cfg(all(target_family = "wasm", not(target_os = "unknown")))]
compile_error!(
    "dormouse has no timers on WASI and Emscripten yet: there is no function that calls a waker at a time. Of the wasm \
     targets, it supports wasm32-unknown-unknown in browsers and in Node.js"
);
#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
compile_error!(
    "dormouse does not support wasm memory that threads share (`-C target-feature=+atomics`): a timer would be lost with \
     the worker that has set it. Give each worker an instance of its own"
);

pub mod clock;
/// [benchmarks]: https://docs.rs/crate/dormouse/latest/source/BENCHMARKS.md
/// [checker]: https://docs.rs/crate/dormouse-check/latest/source/docs/checker.md
/// [paused]: crate::porting#the-tests-of-your-users
/// [readme]: crate#compared-with-others
#[cfg_attr(feature = "test-util", doc = "[virtual-time]: crate::virtual_time")]
#[doc = include_str!("../docs/COMPARE.md")]
pub mod compare {}
/// [architecture]: https://docs.rs/crate/dormouse/latest/source/ARCHITECTURE.md
/// [benchmarks]: https://docs.rs/crate/dormouse/latest/source/BENCHMARKS.md
/// [clocks]: crate::clock
/// [compare]: crate::compare
/// [faults]: https://docs.rs/crate/dormouse/latest/source/docs/faults.md
#[doc = include_str!("../docs/DESIGN.md")]
pub mod design {}
#[cfg_attr(feature = "stats", doc = "[stats]: mod@crate::stats")]
#[doc = include_str!("../docs/events.md")]
pub mod events {}
/// [features]: crate#features
/// [benchmarks]: https://docs.rs/crate/dormouse/latest/source/BENCHMARKS.md
/// [leave]: crate::porting#features
#[doc = include_str!("../docs/features.md")]
pub mod features {}
#[cfg(not(target_family = "wasm"))]
#[doc(alias = "AsyncReadExt")]
#[doc(alias = "AsyncWriteExt")]
#[doc(alias = "read_line")]
#[doc(alias = "read_to_end")]
#[doc(alias = "read_to_string")]
pub mod io;
/// [promises]: https://docs.rs/crate/dormouse/latest/source/docs/promises.md
/// [platform]: crate::platform
/// [block-on]: crate::block_on()#threads
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}
#[cfg(not(target_family = "wasm"))]
pub mod net;
#[doc = include_str!("../docs/PLATFORM.md")]
#[doc(alias = "Windows")]
#[doc(alias = "macOS")]
#[doc(alias = "wasm")]
pub mod platform {}
/// [names]: crate::net::ToSocketAddrs#names
/// [errors]: crate::net#errors
/// [child]: https://docs.rs/crate/dormouse/latest/source/examples/child.rs
/// [as-source]: crate::io::AsSource#objects-that-implement-asrawfd-alone
/// [limits]: crate::limits
/// [platform]: crate::platform
#[cfg_attr(feature = "task", doc = "[task]: crate::task#where-a-task-runs")]
#[cfg_attr(feature = "test-util", doc = "[virtual-time]: crate::virtual_time")]
#[doc = include_str!("../docs/porting.md")]
pub mod porting {}
#[cfg(all(feature = "process", not(target_family = "wasm")))]
pub mod process;
#[cfg(not(target_family = "wasm"))]
pub mod reactor;
#[cfg(target_family = "wasm")]
#[path = "reactor/web.rs"]
mod reactor;
#[cfg(all(feature = "signal", not(target_family = "wasm")))]
pub mod signal;
#[cfg(feature = "task")]
pub mod task;
pub mod time;
// Its examples use dormouse-check too, which tests them.
/// [clocks]: crate::clock
/// [compare]: crate::compare
/// [design]: crate::design
/// [porting]: crate::porting
#[cfg(not(doctest))]
#[doc = include_str!("../docs/tutorial.md")]
pub mod tutorial {}

#[cfg(not(target_family = "wasm"))]
mod block_on;
#[cfg(all(
    any(feature = "task", feature = "dns", all(feature = "process", windows)),
    not(any(loom, target_family = "wasm"))
))]
mod blocking;
#[cfg_attr(all(loom, test), path = "loom_test/catch_panic.rs")]
mod catch_panic;
#[cfg_attr(target_family = "wasm", path = "context/web.rs")]
mod context;
#[cfg_attr(target_family = "wasm", path = "coop/web.rs")]
mod coop;
#[cfg_attr(not(unix), path = "fork/absent.rs")]
mod fork;
#[cfg(all(loom, test))]
mod loom_test;
#[cfg(all(
    any(feature = "tokio", feature = "smol"),
    not(any(target_family = "wasm", all(loom, test)))
))]
mod probe;
#[cfg(all(feature = "tokio", not(target_family = "wasm")))]
#[cfg_attr(all(loom, test), allow(dead_code, reason = "loom tests need a part of it"))]
mod runtimes;
#[cfg_attr(target_family = "wasm", path = "source/web.rs")]
mod source;
#[cfg(feature = "stats")]
pub mod stats;
#[cfg(not(feature = "stats"))]
#[path = "stats/absent.rs"]
mod stats;
#[cfg(not(target_family = "wasm"))]
#[cfg_attr(windows, path = "stdio/absent.rs")]
mod stdio;
#[cfg_attr(all(loom, test), path = "loom_test/sync.rs")]
mod sync;
mod system_clock;
mod timer;
#[cfg_attr(not(feature = "tracing"), path = "trace/absent.rs")]
mod trace;
#[cfg(all(
    any(feature = "dns", all(feature = "process", windows)),
    not(any(loom, target_family = "wasm"))
))]
mod unblock;
#[cfg(feature = "test-util")]
mod virtual_clock;
#[cfg(not(feature = "test-util"))]
#[path = "virtual_clock/absent.rs"]
mod virtual_clock;
#[cfg(feature = "test-util")]
pub mod virtual_time;
mod wheel;

#[cfg(not(target_family = "wasm"))]
pub use block_on::block_on;
#[cfg(feature = "task")]
#[doc(inline)]
pub use task::spawn;
#[doc(inline)]
pub use time::{interval, interval_at, sleep, sleep_until, timeout, timeout_at};
#[cfg(feature = "test-util")]
#[doc(inline)]
pub use virtual_time::VirtualTime;

/// Entry points for the fuzzer.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub fn wheel(program: &[u8]) {
        crate::wheel::oracle::check(program);
    }
}

/// Starts the builtin reactor now, with its thread, and returns an error if it cannot start.
///
/// Calling this is optional. The reactor and its thread start [when they are needed](block_on()#threads), and timers fire
/// even if some of its resources are not available. Call it to detect such a failure at program start, or on a thread of
/// normal priority: the reactor's thread inherits the scheduling class and the nice value of the thread that starts it.
/// After the call, the process has more than one thread.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// dormouse::init()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the thread of the reactor cannot be started, the process has no file descriptors left for it, or a sandbox
/// refuses a system call that it needs. The error names what failed.
#[cfg(not(target_family = "wasm"))]
pub fn init() -> std::io::Result<()> {
    let started = reactor::start();
    trace::emit_pending();
    started
}

/// What the timers and reactors of this process have done so far.
///
/// Reading it takes the lock of each timer queue for a moment, and starts nothing. The child of a fork begins with
/// counts of its own.
///
/// ```
/// use std::time::Duration;
///
/// dormouse::block_on(dormouse::sleep(Duration::from_millis(1)));
/// let stats = dormouse::stats();
/// let fired: u64 = stats.timers().map(|timers| timers.fired).sum();
/// println!("{fired} timers have fired");
/// println!("{stats}");
/// ```
#[cfg(feature = "stats")]
pub fn stats() -> stats::Stats {
    stats::Stats { reactors: timer::stats::reactors(), reactor_thread_runs: reactor::has_thread() }
}
