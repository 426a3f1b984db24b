//! Drops the future after each number of polls: that must not panic or hang.
//!
//! [`leak_after_drop`](super::leak_after_drop) looks for what the future leaves behind.

use crate::driver::Drive;
use crate::drop_point::DropPoint;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let mut completed = false;
    for point in DropPoint::all(context.settings.max_polls) {
        if completed && !point.back_to_back {
            continue;
        }
        match drop_at(context, point) {
            Ok(completed_before) => completed |= completed_before,
            Err(finding) => return Some(finding),
        }
    }
    None
}

/// Returns whether the instance had completed by then.
fn drop_at(context: &ProbeContext, point: DropPoint) -> Result<bool, Finding> {
    let timeout = context.wake_timeout(0);
    let task = Task::new();
    let dropping = Arc::new(AtomicBool::new(false));
    let outcome = context.run(&task, {
        let dropping = dropping.clone();
        move |factory, task| {
            let (mut instance, mut events) = factory.create(task).ok()?;
            let completed = instance.poll_until(&task.waker(), &mut events, timeout, point);
            dropping.store(true, SeqCst);
            let dropped = instance.drop_inner();
            dropping.store(false, SeqCst);
            // The remaining events must tolerate that the future no longer exists.
            while events.fire(timeout, || false) {}
            Some((completed, dropped))
        }
    });
    let after = match point.polls {
        0 => "dropped before its first poll".to_owned(),
        1 => "dropped after 1 poll".to_owned(),
        polls => format!("dropped after {polls} polls"),
    };
    match outcome {
        Outcome::Done(Some((_, Err(panic)))) => {
            let finding = Finding::new(Kind::PanicOnDrop, format!("{after}, it panics: {panic}"));
            Err(finding.with_log(&task.log()))
        }
        Outcome::Hung if dropping.load(SeqCst) => {
            let limit = context.run_limit().duration().as_millis();
            let headline = format!("{after}, its destructor has not returned after {limit} ms");
            Err(Finding::new(Kind::BlockingPoll, headline).with_log(&task.log()))
        }
        Outcome::Done(Some((completed, Ok(())))) => Ok(completed),
        _ => Ok(true),
    }
}
