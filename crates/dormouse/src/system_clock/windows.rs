//! Windows. std's `Instant` reads the performance counter, which counts the time that the machine is suspended. Windows has
//! a clock that does not, the unbiased interrupt time, but std cannot read it. So `Boottime` and `Monotonic` are one clock
//! here, and `Monotonic` counts suspend too.

use super::ClockId;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// What the clock shows when it is read first: a year. So an instant can be earlier than that.
const BEGINNING: Duration = Duration::from_secs(365 * 86_400);
/// See [`Offset`](super::Offset).
pub(super) const CLOCK_ERROR_NS: u64 = 1_000;

pub(super) fn read(clock: ClockId) -> u64 {
    static FIRST_READING: OnceLock<Instant> = OnceLock::new();
    let time = match clock {
        ClockId::Boottime | ClockId::Monotonic => {
            BEGINNING + FIRST_READING.get_or_init(Instant::now).elapsed()
        }
        // The wall clock can be set to before 1970.
        ClockId::Realtime => {
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
        }
    };
    time.as_nanos() as u64
}

/// There is no cheaper clock in std.
pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
