//! A waker panics, as a stranger's code may. The next future of the kind has to work all the same.
//!
//! tokio ends the process where a waker panics on a thread of its runtime (if it was built with debug assertions). So it
//! does not panic there.

use crate::drive::{Drivable, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics;
use crate::probes::Probing;
use crate::process::OWN_THREAD;
use crate::stage::Staged;
use crate::task::Task;
use std::backtrace::Backtrace;
use std::thread;

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    probing.confirmed(|probing, attempt| {
        plant(probing, attempt);
        let drive = probing.fair(attempt);
        let task = Task::new();
        task.remark("the waker of an earlier future has panicked");
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| {
                let (mut run, mut events) = factory.local(&task)?;
                Ok::<_, String>(run.drive(&mut events, drive))
            }
        });
        let how = match staged {
            Staged::Done(Ok(End::Panicked(panic))) => format!("the next future panics: {panic}"),
            Staged::Done(Ok(End::Wrong)) => "the next future comes to another output".into(),
            Staged::Done(Ok(End::Lost { .. })) => "nobody wakes the next future".into(),
            Staged::Done(Ok(End::Never)) => "the next future is never ready".into(),
            Staged::Done(Ok(End::Ready | End::Busy(_))) => return None,
            Staged::Done(Err(panic)) | Staged::Panicked(panic) => {
                format!("making the next future panics: {panic}")
            }
            Staged::Stuck => "the next future never returns from a poll".into(),
        };
        let headline = format!("after a waker has panicked, {how}");
        Some(Finding::new(Kind::BrokenByPanic, headline).log(&task.log()))
    })
}

/// Runs a copy whose waker panics.
fn plant(probing: &Probing, attempt: u32) {
    let wake = probing.wake(attempt);
    let task = Task::new();
    // Its result is nobody's business: it may well panic.
    let _ = probing.stage(&task.clone(), move |factory| {
        let (mut run, mut events) = factory.local(&task).ok()?;
        let waker = task.waker_that(Some(Box::new(|_| {
            if !on_a_thread_of_tokio() {
                panics::panic_quietly();
            }
        })));
        run.some_polls(&waker, &mut events, wake, 2, false);
        Some(())
    });
}

fn on_a_thread_of_tokio() -> bool {
    thread::current().name() != Some(OWN_THREAD)
        && Backtrace::force_capture().to_string().contains("tokio::runtime::")
}
