//! Repeats an observation before it is reported.
//!
//! # Invariants
//! - A finding was seen in each of [`ATTEMPTS`] attempts, with longer timeouts each time, and nothing else was seen.
//! - If the attempts disagree, the checker is not sure. Neither result is a finding; the first one is listed in the report as
//!   not confirmed.

use crate::finding::Finding;
use std::cell::RefCell;

/// How many attempts have to agree.
const ATTEMPTS: u32 = 3;
/// How many attempts may be inconclusive, before and after the first one with a finding.
const MAX_INCONCLUSIVE: u32 = 3;
const MAX_INCONCLUSIVE_AFTER_FINDING: u32 = 20;

/// The result of one attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    Found(Finding),
    /// Needs no further attempt.
    Certain(Finding),
    Fine,
    /// It did not come to what it was to observe: the instance was ready at its first poll, for example.
    Inconclusive,
}

impl From<Option<Finding>> for Attempt {
    fn from(found: Option<Finding>) -> Attempt {
        found.map_or(Attempt::Fine, Attempt::Found)
    }
}

/// Calls `attempt` with 0, 1, 2 as long as it finds the same kind of defect. Repeats an inconclusive attempt. Returns the
/// last finding if all attempts agree; otherwise adds the first one to `unconfirmed`.
pub(super) fn confirmed<A: Into<Attempt>>(
    unconfirmed: &RefCell<Vec<Finding>>,
    mut attempt: impl FnMut(u32) -> A,
) -> Option<Finding> {
    let mut found: Option<Finding> = None;
    let (mut number, mut inconclusive) = (0, 0);
    while number < ATTEMPTS {
        let finding = match attempt(number).into() {
            Attempt::Found(finding) => Some(finding),
            Attempt::Certain(finding) => return Some(finding),
            Attempt::Fine => None,
            Attempt::Inconclusive => {
                inconclusive += 1;
                let limit = match found {
                    Some(_) => MAX_INCONCLUSIVE_AFTER_FINDING,
                    None => MAX_INCONCLUSIVE,
                };
                if inconclusive < limit {
                    continue;
                }
                None
            }
        };
        let agrees = match (&found, &finding) {
            (_, None) => false,
            (Some(found), Some(finding)) => found.kind() == finding.kind(),
            (None, Some(_)) => true,
        };
        if !agrees {
            let detail = format!("seen in {number} of {} attempts", number + 1);
            unconfirmed.borrow_mut().extend(found.map(|found| found.with_detail(detail)));
            return None;
        }
        found = finding;
        number += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    /// The kind of the finding, the kinds that are not confirmed, and the number of attempts.
    fn confirm(mut attempts: Vec<Attempt>) -> (Option<Kind>, Vec<Kind>, usize) {
        let unconfirmed = RefCell::default();
        let all = attempts.len();
        attempts.reverse();
        let found = confirmed(&unconfirmed, |_| attempts.pop().unwrap_or(Attempt::Fine));
        let unconfirmed = unconfirmed.borrow().iter().map(Finding::kind).collect();
        (found.map(|found| found.kind()), unconfirmed, all - attempts.len())
    }

    fn found(kind: Kind) -> Attempt {
        Attempt::Found(Finding::new(kind, ""))
    }

    #[test]
    fn a_finding_needs_attempts_that_agree() {
        let agreeing = (0..3).map(|_| found(Kind::StaleWaker)).collect();
        assert_eq!(confirm(agreeing), (Some(Kind::StaleWaker), vec![], 3));
        assert_eq!(confirm(vec![Attempt::Fine]), (None, vec![], 1));
    }

    #[test]
    fn attempts_that_disagree_are_no_finding_and_the_first_is_listed() {
        for other in [Attempt::Fine, found(Kind::LostWakeUp)] {
            let attempts = vec![found(Kind::StaleWaker), other];
            assert_eq!(confirm(attempts), (None, vec![Kind::StaleWaker], 2));
        }
    }

    #[test]
    fn an_inconclusive_attempt_is_repeated() {
        let attempts = vec![
            Attempt::Inconclusive,
            found(Kind::ThreadBound),
            Attempt::Inconclusive,
            Attempt::Inconclusive,
            found(Kind::ThreadBound),
            found(Kind::ThreadBound),
        ];
        assert_eq!(confirm(attempts), (Some(Kind::ThreadBound), vec![], 6));
        let never = (0..100).map(|_| Attempt::Inconclusive).collect();
        assert_eq!(confirm(never), (None, vec![], 3));
    }

    #[test]
    fn a_certain_finding_needs_one_attempt() {
        let attempts = vec![Attempt::Certain(Finding::new(Kind::BlockingPoll, ""))];
        assert_eq!(confirm(attempts), (Some(Kind::BlockingPoll), vec![], 1));
    }
}
