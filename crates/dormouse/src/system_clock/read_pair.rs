//! Reads two clocks at nearly the same time: one after the other, and again if the thread was interrupted in between.

const ATTEMPTS: usize = 5;
/// With an error of no more than this, no further attempt is made.
const ACCEPTED_ERROR_NS: u64 = 1_000;

/// Makes up to `ATTEMPTS` attempts, each of which returns its possible error in ns and its result. Returns the attempt
/// with the least error.
pub(crate) fn read_pair<R>(attempt: impl Fn() -> (u64, R)) -> (u64, R) {
    let mut best = attempt();
    for _ in 1..ATTEMPTS {
        if best.0 <= ACCEPTED_ERROR_NS {
            break;
        }
        let next = attempt();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}
