//! How deadlines that may be met late fall together.
//!
//! A sleep with slack fires at the next multiple of a *granule* of time, the largest of 78,125 ns * 2^n that is no
//! longer than the slack. So sleeps of one slack meet on the same multiples, and those of a longer slack on some of
//! them; and nobody has to search for company. (The unit is 10 ms / 128, so that slacks of 5, 10 and 20 ms are
//! granules themselves.)

use crate::time::to_ns;
use std::time::Duration;

const UNIT_NS: u64 = 78_125;

/// See the [module](self). In ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slack {
    granule: u64,
}

impl Slack {
    pub(crate) const NONE: Slack = Slack { granule: 1 };

    pub(crate) fn new(slack: Duration) -> Slack {
        match (to_ns(slack).unwrap_or(u64::MAX) / UNIT_NS).checked_ilog2() {
            // Shorter than the timers can make use of.
            None => Slack::NONE,
            Some(doublings) => Slack { granule: UNIT_NS << doublings },
        }
    }

    /// When to fire, for a deadline.
    #[inline]
    pub(crate) fn after(self, deadline: u64) -> u64 {
        if self.granule == 1 {
            return deadline;
        }
        deadline.checked_next_multiple_of(self.granule).unwrap_or(u64::MAX)
    }

    /// How much later than its deadline a sleep may fire.
    pub(crate) fn most(self) -> Duration {
        Duration::from_nanos(self.granule - 1)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_early_and_never_later_than_allowed(deadline: u64, slack: u64) {
            let at = Slack::new(Duration::from_nanos(slack)).after(deadline);
            prop_assert!(at >= deadline);
            prop_assert!(at - deadline <= slack);
        }

        #[test]
        fn a_longer_slack_meets_on_the_multiples_of_a_shorter(deadline in 0..u64::MAX / 2, slack in 0..1u64 << 40, more: u32) {
            let at = Slack::new(Duration::from_nanos(slack + u64::from(more))).after(deadline);
            prop_assert_eq!(Slack::new(Duration::from_nanos(slack)).after(at), at);
        }
    }

    #[test]
    fn round_slacks_are_used_whole() {
        for ms in [5, 10, 20, 40] {
            let slack = Duration::from_millis(ms);
            assert_eq!(Slack::new(slack).most() + Duration::from_nanos(1), slack);
        }
        assert_eq!(Slack::new(Duration::ZERO), Slack::NONE);
        assert_eq!(Slack::new(Duration::MAX).after(u64::MAX), u64::MAX);
    }
}
