//! Drops the future after each number of polls: that must not panic, block or hang.
//!
//! [`leak_after_drop`](super::leak_after_drop) looks for what the future leaves behind.

use crate::driver::Drive;
use crate::drop_point::DropPoint;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process::{ThreadTime, ThreadTimer};
use crate::task::Task;
use crate::timeline::Entry;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let mut completed = false;
    for point in DropPoint::all(context.settings.max_polls) {
        if completed && !point.back_to_back {
            continue;
        }
        match drop_at(context, point) {
            Ok(Dropped { time, .. }) if time.blocked() > context.settings.blocking_limit => {
                let blocking = context.confirmed(|_| blocking_drop(context, point));
                if blocking.is_some() {
                    return blocking;
                }
            }
            Ok(dropped) => completed |= dropped.completed,
            Err(finding) => return Some(finding),
        }
    }
    None
}

/// Does the destructor block its thread? The measured time is a lower bound.
fn blocking_drop(context: &ProbeContext, point: DropPoint) -> Option<Finding> {
    let Dropped { time, log, .. } = drop_at(context, point).ok()?;
    if time.blocked() <= context.settings.blocking_limit {
        return None;
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let headline = format!(
        "{}, its destructor blocks its thread: {:.1} ms asleep, {:.1} ms of CPU time",
        after(point),
        ms(time.asleep),
        ms(time.cpu)
    );
    let limit = format!("the limit is {:.0} ms", ms(context.settings.blocking_limit));
    Some(Finding::new(Kind::BlockingPoll, headline).with_log(&log).with_detail(limit))
}

/// An instance that was dropped.
#[derive(Default)]
struct Dropped {
    /// It had completed by then.
    completed: bool,
    /// How its destructor spent its time.
    time: ThreadTime,
    log: Vec<Entry>,
}

fn after(point: DropPoint) -> String {
    match point.polls {
        0 => "dropped before its first poll".to_owned(),
        1 => "dropped after 1 poll".to_owned(),
        polls => format!("dropped after {polls} polls"),
    }
}

fn drop_at(context: &ProbeContext, point: DropPoint) -> Result<Dropped, Finding> {
    let timeout = context.wake_timeout(0);
    let task = Task::new();
    let dropping = Arc::new(AtomicBool::new(false));
    let outcome = context.run(&task, {
        let dropping = dropping.clone();
        move |factory, task| {
            let (mut instance, mut events) = factory.create(task).ok()?;
            let completed = instance.poll_until(&task.waker(), &mut events, timeout, point);
            dropping.store(true, SeqCst);
            let timer = ThreadTimer::start();
            let dropped = instance.drop_inner().map(|()| timer.time_spent());
            dropping.store(false, SeqCst);
            // The remaining events must tolerate that the future no longer exists.
            while events.fire(timeout, || false) {}
            Some((completed, dropped))
        }
    });
    let after = after(point);
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
        Outcome::Done(Some((completed, Ok(time)))) => {
            Ok(Dropped { completed, time, log: task.log() })
        }
        _ => Ok(Dropped { completed: true, ..Dropped::default() }),
    }
}
