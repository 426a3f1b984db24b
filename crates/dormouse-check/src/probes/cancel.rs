//! Dropped after each number of polls: no panic, and it does not take for ever.
//!
//! What it leaves behind then is counted by [`left`](super::left).

use crate::drive::Drivable;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::stage::Staged;
use crate::task::Task;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// When a copy is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// After how many polls.
    pub(crate) polls: u32,
    /// Whether they follow one another at once, instead of each when it was woken.
    pub(crate) hasty: bool,
}

impl Cut {
    /// Every cut that is to be tried. After the first one that the copy does not live to see, the others that
    /// wait for wake-ups come to nothing new.
    pub(crate) fn all(polls: u32) -> impl Iterator<Item = Cut> {
        let patient = (0..=polls).map(|polls| Cut { polls, hasty: false });
        patient.chain([Cut { polls: polls.max(2), hasty: true }])
    }
}

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let mut over = false;
    for cut in Cut::all(probing.settings.polls) {
        if over && !cut.hasty {
            continue;
        }
        match drop_after(probing, cut) {
            Ok(came_to_its_end) => over |= came_to_its_end,
            Err(finding) => return Some(finding),
        }
    }
    None
}

/// Says whether the copy had come to its end by then.
fn drop_after(probing: &Probing, cut: Cut) -> Result<bool, Finding> {
    let wake = probing.wake(0);
    let task = Task::new();
    let dropping = Arc::new(AtomicBool::new(false));
    let staged = probing.stage(&task.clone(), {
        let (task, dropping) = (task.clone(), dropping.clone());
        move |factory| {
            let (mut run, mut events) = factory.local(&task).ok()?;
            let over = run.some_polls(&task.waker(), &mut events, wake, cut.polls, cut.hasty);
            dropping.store(true, SeqCst);
            let dropped = run.drop_subject();
            dropping.store(false, SeqCst);
            // They find nobody any more, and have to get over it.
            while events.fire(wake, || false) {}
            Some((over, dropped))
        }
    });
    let after = match cut.polls {
        0 => "dropped before its first poll".to_owned(),
        1 => "dropped after 1 poll".to_owned(),
        polls => format!("dropped after {polls} polls"),
    };
    match staged {
        Staged::Done(Some((_, Err(panic)))) => {
            let finding = Finding::new(Kind::PanicOnDrop, format!("{after}, it panics: {panic}"));
            Err(finding.log(&task.log()))
        }
        Staged::Stuck if dropping.load(SeqCst) => {
            let limit = probing.settings.time_limit.as_millis();
            let headline = format!("{after}, its destructor has not returned after {limit} ms");
            Err(Finding::new(Kind::BlockingPoll, headline).log(&task.log()))
        }
        Staged::Done(Some((over, Ok(())))) => Ok(over),
        Staged::Done(None) | Staged::Panicked(_) | Staged::Stuck => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_dropped_after_each_number_of_polls() {
        let patient: Vec<u32> = Cut::all(3).filter(|cut| !cut.hasty).map(|cut| cut.polls).collect();
        assert_eq!(patient, [0, 1, 2, 3]);
        assert!(Cut::all(0).any(|cut| cut.hasty && cut.polls > 1));
    }
}
