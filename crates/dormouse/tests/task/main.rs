//! Tasks: what holds on each executor, and what is particular to one.
#![allow(clippy::async_yields_async, reason = "a task is spawned where its handle is not awaited")]

mod abort;
mod blocking;
#[path = "../common/mod.rs"]
mod common;
mod default_executor;
mod join;
mod join_set;
mod panics;
#[cfg(feature = "tokio")]
mod tokio_runtime;
#[cfg(feature = "test-util")]
mod virtual_time;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Generates one test per executor from an async fn, in a module with the name of that fn.
macro_rules! on_every_executor {
    ($($promise:ident)*) => {$(
        mod $promise {
            #[test]
            fn on_the_default_executor() {
                $crate::common::within_time(|| dormouse::block_on(super::$promise()));
            }

            #[test]
            fn on_the_default_executor_from_another_executor() {
                $crate::common::within_time(|| futures::executor::block_on(super::$promise()));
            }

            #[test]
            #[cfg(feature = "tokio")]
            fn on_tokio_current_thread() {
                $crate::common::within_time(|| {
                    $crate::common::current_thread().block_on(super::$promise())
                });
            }

            #[test]
            #[cfg(feature = "tokio")]
            fn on_tokio_multi_thread() {
                $crate::common::within_time(|| {
                    $crate::common::multi_thread().block_on(super::$promise())
                });
            }

            #[test]
            #[cfg(feature = "test-util")]
            fn in_virtual_time() {
                $crate::common::within_time(|| {
                    dormouse::VirtualTime::new().block_on(async { super::$promise().await })
                });
            }
        }
    )*};
}
pub(crate) use on_every_executor;

/// Counts how often its clones, and it itself, are dropped.
#[derive(Clone, Default)]
struct CountDrops(Arc<AtomicUsize>);

impl CountDrops {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for CountDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
