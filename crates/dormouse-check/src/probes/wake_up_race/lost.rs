//! Decides whether the wake-up of an event is lost.

use crate::finding::Finding;
use crate::instance::LocalInstance;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::task::{Task, TaskWaker};
use crate::timeout::Timeout;
use std::sync::Arc;
use std::thread;

/// How long to wait for a wake-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostCheck {
    timeout: Timeout,
    /// How many times to check beyond that, as long as some other thread is not asleep.
    extra_checks: u32,
    caller: Option<u32>,
}

impl LostCheck {
    pub(super) fn new(context: &ProbeContext) -> LostCheck {
        let (timeout, extra_checks) = (context.wake_timeout(2), context.wake_timeout(3).0);
        LostCheck { timeout, extra_checks, caller: context.caller }
    }

    /// To be called after an event and a poll that returned Pending. Returns whether no wake-up comes, though a forced
    /// poll makes progress. `probe_task` is the task that the watchdog observes.
    pub(super) fn is_lost(
        &self,
        instance: &mut LocalInstance,
        waker: &Arc<TaskWaker>,
        probe_task: &Task,
    ) -> bool {
        let woken = || {
            probe_task.heartbeat();
            waker.woken()
        };
        // If another thread forwards the event, the wake-up takes some time.
        if waker.task.wait(self.timeout, woken) {
            return false;
        }
        // On a busy machine it takes longer, but only while a thread that might forward it is not asleep.
        for _ in 0..self.extra_checks {
            let before = process::threads();
            thread::sleep(SNAPSHOT_INTERVAL);
            let asleep = process::all_stayed_asleep(&before, &process::threads(), self.caller);
            if woken() {
                return false;
            }
            if asleep {
                break;
            }
        }
        waker.task.comment(format!("nothing wakes {}", waker.id));
        instance.poll(&waker.task.waker(), true).made_progress()
    }
}

/// The finding of a lost wake-up.
pub(super) fn finding(task: &Task) -> Finding {
    let headline = "an event in the middle of a poll that returns Pending causes no wake-up, but a forced poll then \
                    makes progress";
    Finding::new(Kind::WakeUpRace, headline).with_log(&task.log())
}
