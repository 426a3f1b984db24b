//! JavaScript hosts: browsers and their workers, and Node.js. They have one monotonic clock, `performance.now()`, which
//! `Boottime` and `Monotonic` both read. Whether it counts suspend depends on the host. It begins with each page, worker or
//! process. Browsers round it down to a multiple of 5 us to 1 ms, or of 100 ms if they resist
//! fingerprinting. The wall clock is `Date`, in whole milliseconds.

use super::ClockId;
use wasm_bindgen::prelude::wasm_bindgen;

/// What the monotonic clock shows at its beginning: a year. So an instant can be earlier than the page.
const BEGINNING_NS: u64 = 365 * 86_400 * 1_000_000_000;
const NS_PER_MS: u64 = 1_000_000;
/// See [`Offset`](super::Offset). Hosts that resist fingerprinting round to 100 ms.
pub(super) const CLOCK_ERROR_NS: u64 = 100 * NS_PER_MS;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the beginning, with a fraction.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    /// Milliseconds since 1970, without a fraction.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

pub(super) fn read(clock: ClockId) -> u64 {
    match clock {
        ClockId::Boottime | ClockId::Monotonic => {
            BEGINNING_NS + (performance_now() * NS_PER_MS as f64) as u64
        }
        // It is 0 if the wall clock is set to before 1970.
        ClockId::Realtime => (date_now() as u64).saturating_mul(NS_PER_MS),
    }
}

pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
