//! What the attribute `every_executor` expands to. Not part of the public interface.
//!
//! A macro for each feature keeps the tests of its executors, or drops them: this crate knows whether the feature is
//! enabled, the crate that uses the attribute does not.

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
pub use crate::executors::STD;
#[cfg(feature = "tokio")]
pub use crate::executors::{TOKIO_CURRENT_THREAD, TOKIO_MULTI_THREAD};

/// Keeps what it is given.
#[doc(hidden)]
#[macro_export]
macro_rules! __compiled_in {
    ($($item:tt)*) => { $($item)* };
}

/// Drops what it is given.
#[doc(hidden)]
#[macro_export]
macro_rules! __left_out {
    ($($item:tt)*) => {};
}

pub use crate::__compiled_in as std_only;

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
