//! Instants of std for crates whose traits have them, on the monotonic clock of dormouse.
//!
//! One pair of instants connects the two clocks for as long as the value lives. So [`now`](StdClock::now) and the deadlines
//! agree where dormouse's clock is not the real one: in virtual time, and while the clock of tokio is paused.

use dormouse::clock::Monotonic;
use dormouse::time::Instant;
use std::time::Instant as StdInstant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct StdClock {
    std: StdInstant,
    monotonic: Instant<Monotonic>,
}

impl StdClock {
    pub(crate) fn new() -> StdClock {
        StdClock { std: StdInstant::now(), monotonic: Monotonic::now() }
    }

    pub(crate) fn now(&self) -> StdInstant {
        let elapsed = Monotonic::now().saturating_duration_since(self.monotonic);
        self.std.checked_add(elapsed).unwrap_or(self.std)
    }

    pub(crate) fn deadline(&self, std: StdInstant) -> Instant<Monotonic> {
        self.monotonic + std.saturating_duration_since(self.std)
    }
}
