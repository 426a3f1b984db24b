//! A waker panics, as foreign code may. The next future of the same type has to work all the same.
//!
//! tokio, if it is built with debug assertions, aborts the process when a waker panics on a thread of its runtime. So the
//! waker does not panic there.

use crate::driver::{Drive, DriveOutcome};
use crate::drop_point::DropPoint;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::process::CHECKER_THREAD;
use crate::task::Task;
use crate::watchdog::Outcome;
use std::backtrace::Backtrace;
use std::thread;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    context.confirmed(|attempt| {
        run_with_panicking_waker(context, attempt);
        let task = Task::new();
        task.comment("the waker of an earlier future has panicked");
        let effect = match context.drive(&task, context.drive_options(attempt)) {
            Outcome::Done(Ok(DriveOutcome::Panicked(panic))) => {
                format!("the next future panics: {panic}")
            }
            Outcome::Done(Ok(DriveOutcome::WrongOutput)) => {
                "the next future has a wrong output".into()
            }
            Outcome::Done(Ok(DriveOutcome::LostWakeUp { .. })) => {
                "the next future is never woken".into()
            }
            Outcome::Done(Ok(DriveOutcome::NeverReady)) => "the next future is never ready".into(),
            Outcome::Done(Ok(DriveOutcome::Ready | DriveOutcome::BusyWake(_)))
            | Outcome::OutOfTime => return None,
            Outcome::Done(Err(panic)) | Outcome::Panicked(panic) => {
                format!("creating the next future panics: {panic}")
            }
            Outcome::Hung => "the next future never returns from a poll".into(),
        };
        let headline = format!("after a waker has panicked, {effect}");
        Some(Finding::new(Kind::BrokenByPanic, headline).with_log(&task.log()))
    })
}

/// Runs an instance whose waker panics. The instance may panic as well: its result does not matter.
fn run_with_panicking_waker(context: &ProbeContext, attempt: u32) {
    let timeout = context.wake_timeout(attempt);
    let _ = context.run(&Task::new(), move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let waker = task.waker_with(Some(Box::new(|_| {
            if !is_tokio_thread() {
                panics::panic_deliberately();
            }
        })));
        let point = DropPoint { polls: 2, back_to_back: false };
        instance.poll_until(&waker, &mut events, timeout, point);
        Some(())
    });
}

fn is_tokio_thread() -> bool {
    thread::current().name() != Some(CHECKER_THREAD)
        && Backtrace::force_capture().to_string().contains("tokio::runtime::")
}
