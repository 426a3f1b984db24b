//! What the attribute `every_executor` expands to. Not part of the public interface.
//!
//! A macro for each feature chooses between two blocks, one for each state of the feature: this crate knows whether the
//! feature is enabled, the crate that uses the attribute does not.

pub use crate::every_executor::awaits::{await_point, awaited};
#[cfg(feature = "futures")]
pub use crate::every_executor::run_on_thread_pool;
pub use crate::every_executor::{Test, run};
#[cfg(feature = "async-std")]
pub use crate::executors::ASYNC_STD;
#[cfg(feature = "futures")]
pub use crate::executors::FUTURES_LOCAL_POOL;
#[cfg(feature = "pollster")]
pub use crate::executors::POLLSTER;
#[cfg(feature = "smol")]
pub use crate::executors::SMOL;
pub use crate::executors::{Executor, LocalBoxFuture, STD};
#[cfg(feature = "tokio")]
pub use crate::executors::{TOKIO_CURRENT_THREAD, TOKIO_MULTI_THREAD};

/// `{ a } else { b }`: keeps `a`.
#[doc(hidden)]
#[macro_export]
macro_rules! __compiled_in {
    ({ $($compiled_in:tt)* } else { $($left_out:tt)* }) => { $($compiled_in)* };
}

/// `{ a } else { b }`: keeps `b`.
#[doc(hidden)]
#[macro_export]
macro_rules! __left_out {
    ({ $($compiled_in:tt)* } else { $($left_out:tt)* }) => { $($left_out)* };
}

/// Keeps the first block if any executor beside std is compiled in.
#[cfg(any(
    feature = "async-std",
    feature = "futures",
    feature = "pollster",
    feature = "smol",
    feature = "tokio"
))]
pub use crate::__compiled_in as any;
#[cfg(not(any(
    feature = "async-std",
    feature = "futures",
    feature = "pollster",
    feature = "smol",
    feature = "tokio"
)))]
pub use crate::__left_out as any;

#[cfg(feature = "async-std")]
pub use crate::__compiled_in as async_std;
#[cfg(not(feature = "async-std"))]
pub use crate::__left_out as async_std;

#[cfg(feature = "futures")]
pub use crate::__compiled_in as futures;
#[cfg(not(feature = "futures"))]
pub use crate::__left_out as futures;

#[cfg(feature = "pollster")]
pub use crate::__compiled_in as pollster;
#[cfg(not(feature = "pollster"))]
pub use crate::__left_out as pollster;

#[cfg(feature = "smol")]
pub use crate::__compiled_in as smol;
#[cfg(not(feature = "smol"))]
pub use crate::__left_out as smol;

#[cfg(feature = "tokio")]
pub use crate::__compiled_in as tokio;
#[cfg(not(feature = "tokio"))]
pub use crate::__left_out as tokio;
