//! Virtual time, without a thread to block.

use crate::host;
use dormouse::VirtualTime;
use dormouse::clock::{Monotonic, Realtime};
use dormouse::time::{Instant, interval};
use dormouse::{sleep, timeout};
use futures::channel::{mpsc, oneshot};
use futures::{FutureExt, StreamExt};
use std::time::{Duration, UNIX_EPOCH};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

const DAY: Duration = Duration::from_secs(86_400);

#[wasm_bindgen]
pub async fn a_year_of_virtual_time_passes_at_once() {
    let (time, (ticks, mut ticked)) = (VirtualTime::new(), mpsc::unbounded());
    let start = time.now();
    spawn_local(time.scope(async move {
        let mut daily = interval(DAY);
        loop {
            let _ = ticks.unbounded_send(daily.tick().await);
        }
    }));
    time.advance(365 * DAY).await;
    assert_eq!(time.now() - start, 365 * DAY);
    let mut count = 0;
    while let Some(Some(tick)) = ticked.next().now_or_never() {
        assert_eq!(tick, start + count * DAY);
        count += 1;
    }
    assert_eq!(count, 366);
    assert_eq!(host::timeouts_set(), 0);
}

#[wasm_bindgen]
pub async fn a_timeout_in_virtual_time_ends_at_its_deadline() {
    let (time, (done, is_done)) = (VirtualTime::new(), oneshot::channel());
    let start = time.now();
    spawn_local(time.scope(async move {
        let ended = timeout(DAY, sleep(2 * DAY)).await.is_err();
        let _ = done.send((ended, Instant::now()));
    }));
    time.advance(3 * DAY).await;
    assert_eq!(is_done.await, Ok((true, start + DAY)));
}

#[wasm_bindgen]
pub fn a_suspend_and_a_step_of_the_wall_clock_are_simulated() {
    let time = VirtualTime::new();
    let _guard = time.enter();
    let (boottime, monotonic) = (Instant::now(), Monotonic::now());
    let sleep = sleep(DAY);
    time.suspend(DAY);
    assert_eq!((boottime.elapsed(), monotonic.elapsed()), (DAY, Duration::ZERO));
    assert!(sleep.is_elapsed());
    let to = UNIX_EPOCH + 20_000 * DAY;
    time.set_wall_clock(to);
    assert_eq!(Realtime::now(), to.into());
}
