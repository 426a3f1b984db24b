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

use std::future::Future;
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

            $crate::on_tokio! { $promise }

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

    /// A future that is never ready, and owns a clone.
    fn pending(&self) -> impl Future<Output = ()> + Send + use<> {
        let guard = self.clone();
        async {
            let _guard = guard;
            std::future::pending().await
        }
    }
}

impl Drop for CountDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
