//! dormouse, on each of its reactors.
//!
//! Outside tokio its feature `smol` decides between async-io and the builtin reactor, for the whole
//! program; so it takes two builds to measure both.

use super::tokio::{Flavor, spawn};
use super::{Build, Peer};
use crate::workload::{Case, Outcome, task};
use dormouse::reactor::Reactor;
use dormouse::time::{Instant, Sleep};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Which dormouse this program was built with.
pub(super) fn build() -> Build {
    // Asked of the library: cargo may have turned the feature on for another crate's sake.
    if Reactor::current().name() == "builtin" { Build::Plain } else { Build::Smol }
}

/// The timer is the same everywhere; the executor is what differs.
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

pub(super) struct OnTokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Peer for OnTokio<K> {
    timer!();

    fn start() -> Result<Self, String> {
        Ok(OnTokio(K::runtime()?, PhantomData))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn run(&self, case: &Case) -> Outcome {
        spawn(&self.0, task::<Self>(case.clone()))
    }
}

pub(super) struct OnAsyncIo;

impl Peer for OnAsyncIo {
    timer!();

    fn start() -> Result<Self, String> {
        match build() {
            Build::Smol => Ok(OnAsyncIo),
            _ => Err("this build has no async-io reactor".into()),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_io::block_on(future)
    }
}

pub(super) struct Builtin;

impl Peer for Builtin {
    timer!();

    fn start() -> Result<Self, String> {
        match build() {
            Build::Plain => Ok(Builtin),
            _ => Err("this build prefers async-io to the builtin reactor".into()),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        dormouse::block_on(future)
    }
}
