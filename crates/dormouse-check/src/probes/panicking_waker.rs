//! A waker panics, as foreign code may. The next future of the same type has to work all the same.
//!
//! # Invariants
//! A panic may abort the process. So a waker does not panic
//! - while its thread unwinds from another panic,
//! - inside a poll, where a panic also unwinds through the future, and
//! - on a thread of tokio or async-task. These abort the process by design: tokio, if it is built with debug assertions,
//!   and async-task always. Without debug assertions, tokio's thread ends; the result must not depend on that.
//!
//! The future is known to work before the first panic. Once a waker has panicked, the future may no longer work, so that is
//! not checked again.

use crate::driver::{Drive, DriveOutcome};
use crate::drop_point::DropPoint;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics::{self, AbortNotice};
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::process::CHECKER_THREAD;
use crate::task::{self, Task};
use crate::watchdog::Outcome;
use std::backtrace::Backtrace;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    if cfg!(panic = "abort") {
        return None;
    }
    let notice = Arc::new(AbortNotice::new(format!(
        "dormouse-check: the check of `{}` makes a waker panic, to see whether the next future still works. If this \
         aborts the process, add `.allow(Kind::BrokenByPanic)` to the check.",
        context.settings.name
    )));
    // In all attempts: the panic of an earlier attempt may come late.
    let panics = Arc::new(AtomicU32::new(0));
    context.confirmed(|attempt| {
        let panicked = || panics.load(SeqCst) > 0;
        // A future that does not work before the panic is not broken by it.
        if !panicked() && !works(context) {
            return Attempt::Inconclusive;
        }
        run_with_panicking_waker(context, &notice, &panics, attempt);
        if !panicked() {
            return Attempt::Inconclusive;
        }
        next_future(context, attempt).into()
    })
}

fn works(context: &ProbeContext) -> bool {
    let outcome = context.drive(&Task::without_backtraces(), context.drive_options(1));
    matches!(outcome, Outcome::Done(Ok(DriveOutcome::Ready)))
}

/// Runs another future, after a waker has panicked.
fn next_future(context: &ProbeContext, attempt: u32) -> Option<Finding> {
    let task = Task::new();
    task.comment("the waker of an earlier future has panicked");
    let effect = match context.drive(&task, context.drive_options(attempt)) {
        Outcome::Done(Ok(DriveOutcome::Panicked(panic))) => {
            format!("the next future panics: {panic}")
        }
        Outcome::Done(Ok(DriveOutcome::WrongOutput)) => "the next future has a wrong output".into(),
        Outcome::Done(Ok(DriveOutcome::LostWakeUp { .. })) => {
            "the next future is never woken".into()
        }
        Outcome::Done(Ok(DriveOutcome::NeverReady)) => "the next future is never ready".into(),
        Outcome::Done(Ok(DriveOutcome::Ready | DriveOutcome::BusyWake(_))) | Outcome::OutOfTime => {
            return None;
        }
        Outcome::Done(Err(panic)) | Outcome::Panicked(panic) => {
            format!("creating the next future panics: {panic}")
        }
        Outcome::Hung => "the next future never returns from a poll".into(),
    };
    let headline = format!("after a waker has panicked, {effect}");
    Some(Finding::new(Kind::BrokenByPanic, headline).with_log(&task.log()))
}

/// Runs an instance whose waker panics. The instance may panic as well: its result does not matter. Adds to `panics` how often
/// the waker has panicked.
fn run_with_panicking_waker(
    context: &ProbeContext,
    notice: &Arc<AbortNotice>,
    panics: &Arc<AtomicU32>,
    attempt: u32,
) {
    let timeout = context.wake_timeout(attempt);
    let decided = Arc::new(AtomicU32::new(0));
    let (panics, deciding, notice) = (panics.clone(), decided.clone(), notice.clone());
    let task = Task::new();
    let _ = context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let waker = task.waker_with(Some(Box::new(move |_| {
            let may_panic = !thread::panicking() && task::current_poll().is_none();
            let own_thread = thread::current().name() == Some(CHECKER_THREAD);
            let panics_now = may_panic && (own_thread || !aborts_by_design());
            panics.fetch_add(u32::from(panics_now), SeqCst);
            deciding.fetch_add(1, SeqCst);
            if !panics_now {
                return;
            }
            if !own_thread {
                notice.print_once();
            }
            panics::panic_deliberately();
        })));
        let point = DropPoint { polls: 2, back_to_back: false };
        instance.poll_until(&waker, &mut events, timeout, point);
        Some(())
    });
    // The instance is polled as soon as its waker is called, which may be before the waker panics. The first backtrace of a
    // process takes long.
    context.run_limit().wait_until(|| decided.load(SeqCst) >= task.wakes());
}

/// Whether a panic on this thread would reach code that aborts the process. Also true if the backtrace has no names.
fn aborts_by_design() -> bool {
    let backtrace = Backtrace::force_capture().to_string();
    let has_names = backtrace.contains("dormouse_check");
    !has_names || backtrace.contains("tokio::runtime::") || backtrace.contains("async_task::")
}
