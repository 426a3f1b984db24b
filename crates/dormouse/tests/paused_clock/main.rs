//! Inside a tokio runtime whose clock is paused, clocks and sleeps follow it.

#[path = "../common/mod.rs"]
mod common;

mod edges;
mod follow;
mod limits;
mod switch;
mod tokio_cases;

use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A runtime whose clock is paused from its start.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Runs a test that takes hours by the paused clock, and fails if it takes longer than a test may in real time.
fn on_paused<R: Send>(test: impl Future<Output = R> + Send) -> R {
    common::within_time(|| paused().block_on(test))
}
