//! Slack: rounds deadlines so that sleeps which may be late fire together.
//!
//! A sleep with slack fires at the next multiple of a *granule*: the longest of 78,125 ns * 2^n that is no longer than
//! the slack. So the sleeps with one slack fire at the same multiples, those with a longer slack at some of them, and no
//! search for nearby deadlines is needed. (78,125 ns is 10 ms / 128, so slacks of 5, 10 and 20 ms are granules.)

use crate::clock::to_ns_saturating;
use std::time::Duration;

const UNIT_NS: u64 = 78_125;

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slack {
    granule_ns: u64,
}

impl Slack {
    pub(crate) const NONE: Slack = Slack { granule_ns: 1 };

    pub(crate) fn new(slack: Duration) -> Slack {
        match (to_ns_saturating(slack) / UNIT_NS).checked_ilog2() {
            // Too short to be of use.
            None => Slack::NONE,
            Some(doublings) => Slack { granule_ns: UNIT_NS << doublings },
        }
    }

    /// The time at which the timer of a sleep until `deadline` fires, in ns: the next multiple of the granule.
    #[inline]
    pub(crate) fn fires_at(self, deadline: u64) -> u64 {
        if self.granule_ns == 1 {
            return deadline;
        }
        deadline.checked_next_multiple_of(self.granule_ns).unwrap_or(u64::MAX)
    }

    /// How much later than its deadline a sleep can fire.
    pub(crate) fn max_delay(self) -> Duration {
        Duration::from_nanos(self.granule_ns - 1)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sleep_with_slack_is_never_early_and_never_later_than_its_slack(deadline: u64, slack: u64) {
            let at = Slack::new(Duration::from_nanos(slack)).fires_at(deadline);
            prop_assert!(at >= deadline);
            prop_assert!(at - deadline <= slack);
        }

        #[test]
        fn multiples_of_a_longer_slack_are_multiples_of_a_shorter_one(deadline in 0..u64::MAX / 2, slack in 0..1u64 << 40, more: u32) {
            let at = Slack::new(Duration::from_nanos(slack + u64::from(more))).fires_at(deadline);
            prop_assert_eq!(Slack::new(Duration::from_nanos(slack)).fires_at(at), at);
        }
    }

    #[test]
    fn slacks_of_5_ms_times_a_power_of_two_are_used_in_full() {
        for ms in [5, 10, 20, 40] {
            let slack = Duration::from_millis(ms);
            assert_eq!(Slack::new(slack).max_delay() + Duration::from_nanos(1), slack);
        }
        assert_eq!(Slack::new(Duration::ZERO), Slack::NONE);
        assert_eq!(Slack::new(Duration::MAX).fires_at(u64::MAX), u64::MAX);
    }
}
