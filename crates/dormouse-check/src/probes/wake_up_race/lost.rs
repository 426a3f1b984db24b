//! Waits for the wake-up of a raced event.

use super::Waits;
use crate::driver::DriveOptions;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::task::{Task, TaskWaker};
use std::thread;

/// How long to wait for a wake-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostCheck {
    pub(super) waits: Waits,
    /// The options of a correct executor; the timeout is that of the last attempt.
    pub(super) options: DriveOptions,
    /// How many times to check beyond the timeout, as long as some other thread is not asleep.
    extra_checks: u32,
    caller: Option<u32>,
}

impl LostCheck {
    /// With the timeout of the last attempt.
    pub(super) fn new(context: &ProbeContext, waits: Waits) -> LostCheck {
        LostCheck {
            waits,
            options: context.drive_options(2),
            extra_checks: context.wake_timeout(3).0,
            caller: context.caller,
        }
    }

    /// With the timeout of another attempt. Only the last one has to be right on a busy machine.
    pub(super) fn with_attempt(self, context: &ProbeContext, attempt: u32) -> LostCheck {
        let extra_checks = if attempt < 2 { 0 } else { self.extra_checks };
        LostCheck { options: context.drive_options(attempt), extra_checks, ..self }
    }

    /// Waits for a wake-up. `probe_task` is the task that the watchdog observes.
    pub(super) fn wait(&self, waker: &TaskWaker, probe_task: &Task) -> bool {
        let woken = || {
            probe_task.heartbeat();
            waker.woken()
        };
        // If another thread forwards the event, the wake-up takes some time. On a busy machine it takes longer, but
        // only while a thread that might forward it is not asleep.
        waker.task.wait(self.options.wake_timeout, woken)
            || self.wait_until_quiet(waker, probe_task, self.extra_checks)
    }

    /// Waits until there is a wake-up, or all other threads are asleep.
    pub(super) fn wait_until_quiet(
        &self,
        waker: &TaskWaker,
        probe_task: &Task,
        max_checks: u32,
    ) -> bool {
        for _ in 0..max_checks {
            if waker.woken() {
                return true;
            }
            let before = process::threads();
            thread::sleep(SNAPSHOT_INTERVAL);
            probe_task.heartbeat();
            if process::all_stayed_asleep(&before, &process::threads(), self.caller) {
                break;
            }
        }
        waker.woken()
    }
}
