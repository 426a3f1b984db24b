//! How long a poll holds its thread, asleep or at work.
//!
//! A poll can take long because the machine is busy: then the thread waits for a CPU. That is counted as neither, and a
//! poll is to blame only if in each of three runs one has been over the limit.

use crate::drive::Drivable;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::process::Spent;
use crate::stage::Staged;
use crate::task::Task;

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let mut least: Option<(Spent, u32)> = None;
    let finding = probing.confirmed(|probing, attempt| {
        let limit = probing.settings.blocking_limit;
        let drive = probing.fair(attempt);
        let task = Task::new();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| {
                let (mut run, mut events) = factory.local(&task).ok()?;
                run.measure();
                let _ = run.drive(&mut events, drive);
                Some(run.spent().to_vec())
            }
        });
        let Staged::Done(Some(polls)) = staged else { return None };
        let held = |spent: &Spent| spent.asleep.max(spent.cpu);
        let (poll, worst) = (1..).zip(polls).max_by_key(|(_, spent)| held(spent))?;
        if held(&worst) <= limit {
            return None;
        }
        if least.is_none_or(|(least, _)| held(&worst) < held(&least)) {
            least = Some((worst, poll));
        }
        Some(Finding::new(Kind::BlockingPoll, "").at_poll(poll).log(&task.log()))
    })?;

    let (spent, poll) = least?;
    let (asleep, cpu) = (spent.asleep.as_secs_f64() * 1e3, spent.cpu.as_secs_f64() * 1e3);
    let how = if spent.asleep > spent.cpu { "sleeps in it" } else { "works in it" };
    let mut finding = finding.at_poll(poll);
    finding.headline = format!(
        "poll {poll} holds its thread for {:.0} ms: it {how} ({asleep:.1} ms asleep, {cpu:.1} ms of CPU time)",
        asleep + cpu
    );
    let limit = probing.settings.blocking_limit.as_secs_f64() * 1e3;
    Some(
        finding.detail(format!(
            "the limit is {limit:.0} ms, and it was exceeded in three runs of three"
        )),
    )
}
