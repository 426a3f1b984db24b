//! dormouse, on each of its reactors.
//!
//! dormouse's feature `smol` selects async-io on executors other than tokio and dormouse's `block_on`, for the
//! whole program. So it takes a build of its own to measure it.

use super::runtime::{self, Flavor};
use super::{Peer, Spawn};
use dormouse::reactor::Reactor;
use dormouse::time::{Instant, Sleep};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Whether dormouse uses async-io in this build.
pub(crate) fn has_async_io_reactor() -> bool {
    // Queries the library, not a feature of this crate: cargo may have enabled `smol` for another crate.
    Reactor::current().name() == "async-io"
}

/// The timer, which is the same on all executors.
macro_rules! timer {
    () => {
        type Sleep = Sleep;

        fn sleep(duration: Duration) -> Sleep {
            dormouse::sleep(duration)
        }

        fn reset(mut sleep: Pin<&mut Sleep>, duration: Duration) -> bool {
            sleep.reset(Instant::now() + duration);
            true
        }

        fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
            let timeout = dormouse::timeout(duration, future);
            async { timeout.await.is_ok() }
        }
    };
}

pub(crate) struct OnTokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Peer for OnTokio<K> {
    timer!();

    fn start() -> Result<Self, String> {
        Ok(OnTokio(K::build()?, PhantomData))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl<K: Flavor> Spawn for OnTokio<K> {
    fn spawn<F>(&self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtime::spawn(&self.0, future)
    }
}

pub(crate) struct OnAsyncIo;

impl Peer for OnAsyncIo {
    timer!();

    fn start() -> Result<Self, String> {
        if !has_async_io_reactor() {
            return Err("this build has no async-io reactor".into());
        }
        Ok(OnAsyncIo)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_io::block_on(future)
    }
}

pub(crate) struct Builtin;

impl Peer for Builtin {
    timer!();

    fn start() -> Result<Self, String> {
        Ok(Builtin)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        dormouse::block_on(future)
    }
}
