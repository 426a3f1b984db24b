//! Spaces the wake-ups of a queue whose timers come densely, to limit their CPU time.
//!
//! A wake-up costs 10 to 20 us of CPU time with its interrupt, and one more timer in it less than 1 us. So wake-ups have
//! a budget, a leaky bucket: each takes [`CHARGE_NS`] from it, and it refills as time passes. While it lasts, each
//! deadline has a wake-up of its own. A full one lasts for [`BURST`] wake-ups at once, and it is never exhausted by fewer
//! than 12,500 a second, which take at most a quarter of a processor. An interval of 100 us needs 10,000. Once it is
//! exhausted, the next wake-up comes when it has recovered, but no later than [`MAX_SPACING_NS`] after the last one.
//!
//! Not the wake-ups that have taken place are charged, but those that the expired timers would have had without spacing.
//! Otherwise spaced wake-ups would restore the budget, and the rate would stay at 12,500. As it is, dense timers keep the
//! budget exhausted, and 2,000 wake-ups a second serve them all. A wake-up that finds no timer, because its timer was
//! cancelled or reset, is charged too: it takes as much CPU time, and a stream of such timers has no other limit.
//!
//! Time is a number of nanoseconds that the caller passes in.
//!
//! # Invariants
//! - `not_before` is no later than `MAX_SPACING_NS` after the last call of `charge`, by the clock at that call.
//! - If the clock has been moved back since, `delay` limits the value to `MAX_SPACING_NS` from the present.

use crate::sync::loom_const_fn;

/// What a wake-up takes from the budget, and what the budget gains in this time.
const CHARGE_NS: u64 = 80_000;
/// The wake-ups that a full budget allows at once.
const BURST: u64 = 64;
pub(super) const MAX_SPACING_NS: u64 = 500_000;

/// Timers whose deadlines are no further apart than this share a wake-up anyway: the first one takes longer to fire.
const SHARED_NS: u64 = 10_000;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Spacing {
    /// When the budget is full again.
    full_at: u64,
}

impl Spacing {
    loom_const_fn! {
        pub(super) const fn new() -> Spacing {
            Spacing { full_at: 0 }
        }
    }

    /// Charges the budget for a wake-up at `now` that has found timers which have `wake_ups` of them without spacing.
    pub(super) fn charge(&mut self, now: u64, wake_ups: u64) {
        let charge = wake_ups.max(1) * CHARGE_NS;
        let lowest = now.saturating_add(BURST * CHARGE_NS + MAX_SPACING_NS);
        self.full_at = self.full_at.max(now).saturating_add(charge).min(lowest);
    }

    /// The earliest time of the next wake-up.
    pub(super) fn not_before(&self) -> u64 {
        self.full_at.saturating_sub(BURST * CHARGE_NS)
    }

    /// When a timer with this deadline can fire: then, or at `not_before` if that is later.
    pub(super) fn delay(&self, deadline: u64, now: impl FnOnce() -> u64) -> u64 {
        let not_before = self.not_before();
        if deadline >= not_before {
            return deadline;
        }
        // A value that is further off dates from before the clock was moved back.
        not_before.min(now().saturating_add(MAX_SPACING_NS)).max(deadline)
    }
}

/// How many wake-ups timers with these deadlines, in ascending order, have without spacing.
pub(super) fn wake_ups(deadlines: impl Iterator<Item = u64>) -> u64 {
    let (mut count, mut shared_until) = (0, 0);
    for deadline in deadlines {
        if count == 0 || deadline > shared_until {
            count += 1;
            shared_until = deadline.saturating_add(SHARED_NS);
        }
    }
    count
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const SECOND: u64 = 1000 * MS;
    /// How long after its deadline a wake-up reads the clock.
    const LATENCY: u64 = 20_000;

    /// Fires timers with these deadlines, in ascending order, and returns the number of wake-ups and the greatest delay.
    fn fire(spacing: &mut Spacing, deadlines: impl Iterator<Item = u64>) -> (u64, u64) {
        let deadlines: Vec<u64> = deadlines.collect();
        let (mut pending, mut wake_ups, mut longest) = (&deadlines[..], 0, 0);
        while let Some(&first) = pending.first() {
            let at = first.max(spacing.not_before());
            let now = at + LATENCY;
            let (due, rest) =
                pending.split_at(pending.partition_point(|&deadline| deadline <= now));
            spacing.charge(now, super::wake_ups(due.iter().copied()));
            (pending, wake_ups, longest) = (rest, wake_ups + 1, longest.max(at - first));
        }
        (wake_ups, longest)
    }

    /// One second of timers at even distances.
    fn even(distance: u64) -> impl Iterator<Item = u64> {
        (SECOND..2 * SECOND).step_by(distance as usize)
    }

    #[test]
    fn an_interval_of_100_us_is_not_delayed() {
        assert_eq!(fire(&mut Spacing::new(), even(100_000)), (10_000, 0));
    }

    #[test]
    fn timers_50_us_apart_have_some_2000_wake_ups_a_second() {
        let (wake_ups, longest) = fire(&mut Spacing::new(), even(50_000));
        assert!((1_900..2_500).contains(&wake_ups), "{wake_ups}");
        assert!(longest <= MAX_SPACING_NS, "{longest}");
    }

    #[test]
    fn sixty_sleeps_are_not_delayed_however_dense() {
        for distance in [11_000, 25_000, 50_000] {
            let sleeps = even(distance).take(60);
            assert_eq!(fire(&mut Spacing::new(), sleeps).1, 0, "{distance}");
        }
    }

    #[test]
    fn timers_that_fire_together_are_charged_for_one_wake_up() {
        let batches = even(MS).flat_map(|at| (0..100).map(move |nth| at + nth * 100));
        assert_eq!(fire(&mut Spacing::new(), batches), (1_000, 0));
    }

    #[test]
    fn a_full_budget_is_restored_within_6_ms() {
        let mut spacing = Spacing::new();
        fire(&mut spacing, even(1_000));
        assert!(spacing.not_before() > 2 * SECOND);
        let later = even(11_000).map(|at| at + SECOND + 6 * MS).take(60);
        assert_eq!(fire(&mut spacing, later).1, 0);
    }

    #[test]
    fn after_the_clock_was_moved_back_a_timer_is_delayed_by_no_more_than_500_us() {
        let mut spacing = Spacing::new();
        fire(&mut spacing, even(1_000));
        assert!(spacing.not_before() > 2 * SECOND);
        assert_eq!(spacing.delay(0, || MS), MS + MAX_SPACING_NS);
        assert_eq!(spacing.delay(SECOND, || MS), SECOND);
        spacing.charge(MS, 0);
        assert!(spacing.not_before() <= MS + MAX_SPACING_NS);
    }

    #[test]
    fn the_end_of_the_clock_overflows_nothing() {
        let mut spacing = Spacing::new();
        spacing.charge(u64::MAX, 2);
        assert_eq!(spacing.delay(u64::MAX, || u64::MAX), u64::MAX);
    }
}
