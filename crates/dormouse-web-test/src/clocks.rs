//! What happens when the wall clock is set; and the wheel on a target of 32 bits.

use crate::host::{self, HOUR, MS, is_pending_after, pause};
use dormouse::clock::{Boottime, Monotonic, Realtime};
use dormouse::sleep_until;
use dormouse::time::{Alarm, Instant, Resumes, WallClockChange, WallClockChanges};
use futures::future::join;
use std::time::Duration;
use wasm_bindgen::prelude::wasm_bindgen;

const HOUR_MS: f64 = 3_600_000.0;

#[wasm_bindgen]
pub async fn the_clocks_advance() {
    let before = (Boottime::now(), Monotonic::now(), Realtime::now());
    pause(20 * MS).await;
    assert!(before.0.elapsed() >= 15 * MS);
    assert!(before.1.elapsed() >= 15 * MS);
    assert!(before.2.elapsed() >= 15 * MS);
    assert!(std::time::SystemTime::from(before.2) > std::time::UNIX_EPOCH + 20_000 * 24 * HOUR);
}

#[wasm_bindgen]
pub async fn an_instant_can_be_earlier_than_the_page() {
    let hour_ago = Instant::now() - HOUR;
    assert!(hour_ago.elapsed() >= HOUR);
    assert!(hour_ago.elapsed() < HOUR + HOUR);
}

#[wasm_bindgen]
pub async fn a_sleep_on_the_wall_clock_completes_when_that_is_set_past_its_deadline() {
    let start = Monotonic::now();
    let sleep = sleep_until(Realtime::now() + HOUR);
    join(sleep, async {
        pause(10 * MS).await;
        host::step_wall_clock(HOUR_MS);
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[wasm_bindgen]
pub async fn a_sleep_on_the_wall_clock_waits_if_that_is_set_back() {
    let deadline = Realtime::now() + 20 * MS;
    let sleep = sleep_until(deadline);
    let mut sleep = std::pin::pin!(sleep);
    let waiting = async {
        host::step_wall_clock(-1500.0);
        is_pending_after(1000 * MS, &mut sleep).await
    };
    assert!(waiting.await);
    sleep.await;
    assert!(Realtime::now() >= deadline);
}

#[wasm_bindgen]
pub async fn steps_of_the_wall_clock_are_reported() {
    let mut changes = WallClockChanges::new();
    // The rounding of the clocks is none.
    host::round_monotonic_clock(100.0);
    assert!(is_pending_after(1200 * MS, changes.next()).await);
    for (step_ms, forward) in [(HOUR_MS, true), (-2.0 * HOUR_MS, false)] {
        let (change, ()) = join(changes.next(), async {
            pause(MS).await;
            host::step_wall_clock(step_ms);
        })
        .await;
        let by = match change {
            WallClockChange::Forward(by) if forward => by,
            WallClockChange::Back(by) if !forward => by,
            other => panic!("{other:?}"),
        };
        let expected = Duration::from_secs_f64(step_ms.abs() / 1000.0);
        assert!(by.abs_diff(expected) < 1000 * MS, "{by:?}");
    }
}

#[wasm_bindgen]
pub async fn resumes_are_pending() {
    assert!(is_pending_after(50 * MS, Resumes::new().next()).await);
}

#[wasm_bindgen]
pub fn an_alarm_is_refused() {
    let refused = Alarm::new(Instant::now() + HOUR).map(drop).map_err(|err| err.kind());
    assert_eq!(refused, Err(std::io::ErrorKind::Unsupported));
}

/// With `--cfg fuzzing`, for which the library exports its programs.
#[cfg(fuzzing)]
#[wasm_bindgen]
pub fn the_wheel_matches_the_oracle() {
    // Marsaglia's xorshift64.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..2_000 {
        let length = random() % 1_000;
        let program: Vec<u8> = (0..length).map(|_| (random() >> 32) as u8).collect();
        dormouse::fuzzing::wheel(&program);
    }
}
