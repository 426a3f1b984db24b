//! What `run.mjs` offers to the tests.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use wasm_bindgen::prelude::*;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = host, js_name = panicked)]
    fn panicked(message: &str);
    /// A panic is part of the test.
    #[wasm_bindgen(js_namespace = host, js_name = expectPanic)]
    pub(crate) fn expect_panic();
    /// Whether a panic has happened.
    #[wasm_bindgen(js_namespace = host, js_name = hasPanicked)]
    fn has_panicked() -> bool;
    /// How many timeouts are set.
    #[wasm_bindgen(js_namespace = host, js_name = timeouts)]
    pub(crate) fn timeouts() -> usize;
    /// How many were set since the beginning of the test.
    #[wasm_bindgen(js_namespace = host, js_name = timeoutsSet)]
    pub(crate) fn timeouts_set() -> usize;
    /// The longest that was set, in ms.
    #[wasm_bindgen(js_namespace = host, js_name = longestTimeout)]
    pub(crate) fn longest_timeout() -> f64;
    /// Calls each timeout now, although its time has not come.
    #[wasm_bindgen(js_namespace = host, js_name = callTimeoutsEarly)]
    pub(crate) fn call_timeouts_early();
    /// Sets the wall clock forward, or back.
    #[wasm_bindgen(js_namespace = host, js_name = stepWallClock)]
    pub(crate) fn step_wall_clock(ms: f64);
    /// Rounds `performance.now()` down to multiples of `ms`.
    #[wasm_bindgen(js_namespace = host, js_name = roundMonotonicClock)]
    pub(crate) fn round_monotonic_clock(ms: f64);
    /// A sleep that does without dormouse.
    #[wasm_bindgen(js_namespace = host, js_name = pause)]
    async fn pause_ms(ms: f64);
}

/// Called when an instance is created.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| panicked(&info.to_string())));
}

/// A sleep that does without dormouse.
pub(crate) async fn pause(duration: Duration) {
    pause_ms(duration.as_secs_f64() * 1000.0).await;
}

/// Waits until a panic has happened, without dormouse.
pub(crate) async fn panic_has_happened() {
    while !has_panicked() {
        pause(MS).await;
    }
}

/// Polls once.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// Whether a future is still pending after `duration`. It is polled meanwhile.
pub(crate) async fn is_pending_after(duration: Duration, future: impl Future) -> bool {
    let pause = pin!(pause(duration));
    let future = pin!(future);
    matches!(futures::future::select(future, pause).await, futures::future::Either::Right(_))
}
