//! The probes that can end the process, or permanently damage what the instances share.
//!
//! Each runs in a child process if that is possible, and otherwise in this one. In both it does nothing that is known to abort
//! a process.

use super::{panicking_waker, reentrant_wake};
use crate::child::{self, Job};
use crate::driver::DriveOutcome;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::watchdog::Outcome;

/// One of these probes.
#[derive(Clone, Copy)]
pub(super) struct DamagingProbe {
    pub(super) name: &'static str,
    /// The kind that it looks for.
    pub(super) kind: Kind,
    /// What it does, in the finding of an abort.
    action: &'static str,
    probe: fn(&ProbeContext) -> Option<Finding>,
}

pub(super) const REENTRANT_WAKE: DamagingProbe = DamagingProbe {
    name: "re-entrant wake",
    kind: Kind::WakeUnderLock,
    action: "a waker polls, drops or creates a future inside `wake`",
    probe: reentrant_wake::probe,
};

pub(super) const PANICKING_WAKER: DamagingProbe = DamagingProbe {
    name: "panicking waker",
    kind: Kind::BrokenByPanic,
    action: "a waker panics",
    probe: panicking_waker::probe,
};

impl DamagingProbe {
    /// Runs it.
    pub(super) fn run(self, context: &ProbeContext) -> Option<Finding> {
        match self.run_in_child(context) {
            Some(found) => found,
            None => (self.probe)(context),
        }
    }

    /// Runs it in a child process; `None` if that is not possible.
    fn run_in_child(self, context: &ProbeContext) -> Option<Option<Finding>> {
        if context.no_child.get() {
            return None;
        }
        let mut aborted = None;
        // If the first child aborts, a second one confirms that.
        for _ in 0..2 {
            let job = Job {
                probe: self.name.to_owned(),
                max_ready_time: context.max_ready_time.get(),
                min_ready_time: context.min_ready_time.get(),
                remaining: context.budget.remaining(),
            };
            match child::run(&context.place, &job, self.kind, &context.budget) {
                child::Outcome::Done(finding) => return Some(finding),
                child::Outcome::Aborted(errors) if aborted.is_some() => {
                    return Some(Some(self.aborts(&errors)));
                }
                child::Outcome::Aborted(errors) => aborted = Some(errors),
                child::Outcome::Unavailable => break,
            }
        }
        context.no_child.set(true);
        // Not in this process, which would be aborted, too.
        let errors = aborted?;
        let unsure = self.aborts(&errors).with_detail("seen in 1 child process");
        context.unconfirmed.borrow_mut().push(unsure);
        Some(None)
    }

    fn aborts(self, errors: &[String]) -> Finding {
        let headline = format!("the process is aborted if {}", self.action);
        let seen = match errors {
            [] => "seen in a child process",
            _ => "seen in a child process, which wrote to its standard error:",
        };
        let finding = Finding::new(self.kind, headline).with_detail(seen);
        errors.iter().fold(finding, |finding, line| finding.with_detail(line))
    }
}

/// In a child: runs the probe of its job, and exits.
pub(super) fn run_job(context: ProbeContext, job: &Job) -> ! {
    context.max_ready_time.set(job.max_ready_time);
    context.min_ready_time.set(job.min_ready_time);
    context.budget.set(job.remaining);
    let damaging = [REENTRANT_WAKE, PANICKING_WAKER];
    let Some(damaging) = damaging.into_iter().find(|damaging| damaging.name == job.probe) else {
        std::process::exit(0);
    };
    // The probe gives no result if the future does not work here, because the test runs in two processes.
    let outcome = context.drive(&Task::new(), context.drive_options(1));
    if !matches!(outcome, Outcome::Done(Ok(DriveOutcome::Ready))) {
        std::process::exit(0);
    }
    child::run_probe(&context.budget, || (damaging.probe)(&context))
}
