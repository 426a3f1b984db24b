//! What the clocks of this crate showed when std's, which tokio's follows while it is not paused, showed a certain time.

use crate::system_clock::read_pair::read_pair;
use crate::system_clock::{ClockId, to_ns_saturating};
use crate::virtual_clock::clocks::END_NS;
use std::time::Instant as StdInstant;

/// Two points in time that count as the same: one on std's clock, and one on each clock of this crate.
///
/// So the time by a paused clock begins with the time at which it was paused, whenever that is noticed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    std: StdInstant,
    /// By clock.
    shown: [u64; ClockId::ALL.len()],
}

impl Anchor {
    /// Reads the clocks. std's is read first: so a converted time is never earlier than the clock has shown.
    pub(super) fn read() -> Anchor {
        let (_error, anchor) = read_pair(|| {
            let std = StdInstant::now();
            let anchor = Anchor { std, shown: ClockId::ALL.map(ClockId::now_ns) };
            (to_ns_saturating(std.elapsed()), anchor)
        });
        anchor
    }

    /// What `clock` shows at `std`.
    pub(super) fn at(&self, std: StdInstant, clock: ClockId) -> u64 {
        let shown = self.shown[clock as usize];
        match std.checked_duration_since(self.std) {
            Some(later) => shown.saturating_add(to_ns_saturating(later)).min(END_NS),
            None => shown.saturating_sub(to_ns_saturating(self.std.saturating_duration_since(std))),
        }
    }
}
