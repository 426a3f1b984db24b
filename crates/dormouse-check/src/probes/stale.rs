//! Polled with one waker and then with another: the latter has to be woken.
//!
//! After each poll, the copy is polled once more with a fresh waker, as if it had moved to another task; or with a
//! fresh one and then the first again, as if it had come back.

use crate::drive::{Drivable, Drive, End, Wakers};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::stage::Staged;
use crate::task::Task;
use crate::timeline::What;

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    [Wakers::Two, Wakers::ThereAndBack].into_iter().find_map(|wakers| {
        probing.confirmed(|probing, attempt| attempt_with(wakers, probing, attempt))
    })
}

fn attempt_with(wakers: Wakers, probing: &Probing, attempt: u32) -> Option<Finding> {
    let drive = Drive { wakers, ..probing.fair(attempt) };
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task).ok()?;
            Some(run.drive(&mut events, drive))
        }
    });
    let Staged::Done(Some(End::Lost { other_woken })) = staged else { return None };
    let log = task.log();
    let finding = match (other_woken, wakers) {
        (true, Wakers::ThereAndBack) => Finding::new(
            Kind::StaleWaker,
            "polled with A, with B, and with A again, it wakes B and not A",
        ),
        (true, _) => {
            Finding::new(Kind::StaleWaker, "polled with A and then with B, it wakes A and not B")
        }
        (false, _) => Finding::new(
            Kind::LostWakeUp,
            "woken as long as it is polled with one waker; polled with another one, never",
        ),
    };
    let last_poll = log.iter().rev().find_map(|entry| match entry.what {
        What::PollEnds { number, .. } => Some(number.saturating_sub(1)),
        _ => None,
    });
    let finding = match last_poll {
        Some(poll) => finding.at_poll(poll),
        None => finding,
    };
    Some(finding.log(&log).blame(&log, |what| matches!(what, What::Wake { .. })))
}
