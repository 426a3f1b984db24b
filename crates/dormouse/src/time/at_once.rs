//! Reads two clocks at the same time, as nearly as possible: one after the other, and again if the thread was
//! interrupted between the two.

const ATTEMPTS: usize = 5;
/// An error of no more than this needs no further attempt.
pub(super) const GOOD_NS: u64 = 1_000;

/// Makes a few attempts, each of which returns its possible error in ns and its result. Returns the best one.
pub(super) fn at_once<R>(attempt: impl Fn() -> (u64, R)) -> (u64, R) {
    let mut best = attempt();
    for _ in 1..ATTEMPTS {
        if best.0 <= GOOD_NS {
            break;
        }
        let next = attempt();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}
