//! Each poll on another thread, as executors that steal work may do it.

use crate::drive::{Drivable, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::run::SendRun;
use crate::stage::{self, Around, Staged};
use crate::task::{Task, TaskWaker};
use crate::timeline::Polled;
use std::sync::Arc;

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    probing.factory.make_send.as_ref()?;
    probing.confirmed(|probing, attempt| {
        let (drive, around) = (probing.fair(attempt), probing.settings.around.clone());
        let task = Task::new();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| {
                let (run, mut events) = factory.send(&task)?.ok()?;
                let mut moving = Moving { run: Some(run), task, around };
                Some(moving.drive(&mut events, drive))
            }
        });
        let Staged::Done(Some(end)) = staged else { return None };
        let headline = match end {
            End::Panicked(panic) => {
                format!("polled on another thread each time, it panics: {panic}")
            }
            End::Wrong => "polled on another thread each time, it comes to another output".into(),
            End::Lost { .. } => "polled on another thread each time, nobody wakes it".into(),
            End::Ready | End::Never | End::Busy(_) => return None,
        };
        Some(Finding::new(Kind::ThreadBound, headline).log(&task.log()))
    })
}

/// A copy that is polled on a fresh thread each time.
struct Moving {
    run: Option<SendRun>,
    task: Arc<Task>,
    around: Around,
}

impl Drivable for Moving {
    fn task(&self) -> &Arc<Task> {
        &self.task
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled {
        let Some(mut run) = self.run.take() else { return Polled::Pending };
        let (waker, around) = (waker.clone(), self.around.clone());
        let thread = stage::spawn(move || {
            let polled = stage::inside(&around, || run.poll(&waker, forced));
            (run, polled.unwrap_or(Polled::Pending))
        });
        // If the thread is gone, so is the copy; it is taken for one that is pending, and no finding.
        match thread.map(std::thread::JoinHandle::join) {
            Some(Ok((run, polled))) => {
                self.run = Some(run);
                polled
            }
            _ => Polled::Pending,
        }
    }
}
