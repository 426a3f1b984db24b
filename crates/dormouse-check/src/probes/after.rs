//! One poll more after its end.
//!
//! The contract leaves it open what happens then. So it is told as a note; only a poll that does not return is
//! a failure.

use crate::drive::{Drivable, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::stage::Staged;
use crate::task::Task;
use crate::timeline::{Polled, What};

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let drive = probing.fair(0);
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task).ok()?;
            if run.drive(&mut events, drive) != End::Ready || !run.is_over() {
                return None;
            }
            task.remark("and once more, after its end");
            Some(run.poll(&task.waker(), true))
        }
    });
    match staged {
        Staged::Done(Some(polled)) => {
            let how = match polled {
                Polled::Pending => "it is pending, for ever".to_owned(),
                Polled::Ready | Polled::Item | Polled::Wrong => "it is ready again".to_owned(),
                Polled::Panicked(panic) => format!("it panics: {panic}"),
            };
            Some(Finding::new(Kind::AfterReady, format!("polled once more after its end, {how}")))
        }
        Staged::Stuck => {
            let log = task.log();
            let in_it =
                matches!(log.last().map(|entry| &entry.what), Some(What::PollBegins { .. }))
                    && log.iter().any(|entry| matches!(&entry.what, What::Remark(_)));
            let limit = probing.settings.time_limit.as_millis();
            let headline =
                format!("polled once more after its end, it has not returned after {limit} ms");
            in_it.then(|| Finding::new(Kind::HangsAfterReady, headline).log(&log))
        }
        Staged::Done(None) | Staged::Panicked(_) => None,
    }
}
