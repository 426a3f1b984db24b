//! One observation: creates an instance, drops it, and lists what appeared meanwhile and is still there.

use crate::driver::Drive;
use crate::drop_point::DropPoint;
use crate::instance::Factory;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL, Threads};
use crate::task::Task;
use crate::timeline::Entry;
use crate::timeout::Timeout;
use crate::watchdog::Outcome;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A task that is woken at least this often after the drop is woken endlessly.
pub(super) const ENDLESS_WAKES: u32 = 3;
/// Within this time after the beginning of a poll, threads that the poll has started are assumed to exist still.
const PROMPT: Duration = Duration::from_millis(2);
/// How many times to look for new threads, if other threads keep running.
const THREAD_CHECKS: u32 = 50;

/// What was found after an instance had been dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct Leftovers {
    pub(super) threads: Vec<String>,
    pub(super) fds: Vec<String>,
    /// Clones of the waker.
    pub(super) wakers: usize,
    /// How often the waker was called after the drop.
    pub(super) wakes: u32,
    /// The instance had completed before the drop.
    pub(super) completed: bool,
    /// The observation came too late: a thread that is not listed may have existed.
    pub(super) inconclusive: bool,
}

/// How to observe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    /// How long a thread has to stay asleep.
    pub(super) sleep_time: Duration,
    /// How long to wait for the last waker to be dropped, and the last descriptor to be closed.
    pub(super) timeout: Timeout,
    /// Whether to count wakers, and to wait for descriptors even if all threads are asleep.
    pub(super) thorough: bool,
}

impl Observation {
    /// With a shorter sleep after inconclusive observations: on a busy machine a thread gets less time to sleep.
    pub(super) fn shortened(self, inconclusive: u32) -> Observation {
        let sleep_time = self.sleep_time / (1 << (inconclusive % 3));
        Observation { sleep_time: sleep_time.max(SNAPSHOT_INTERVAL), ..self }
    }
}

/// The threads and descriptors that exist before an instance is created, to compare with those that exist later.
struct Baseline {
    threads: Threads,
    fds: BTreeMap<i32, String>,
    observation: Observation,
    caller: Option<u32>,
}

/// Creates an instance, polls it and drops it; without a `point`, creates none. Returns what exists afterwards and did
/// not exist before.
pub(super) fn observe(
    context: &ProbeContext,
    point: Option<DropPoint>,
    observation: Observation,
) -> Option<(Leftovers, Vec<Entry>)> {
    let (wake_timeout, caller) = (context.wake_timeout(0), context.caller);
    let lifetime = Timeout::at_least(context.max_ready_time.get()).times(2);
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (fds, threads) = (process::open_fds(), process::threads());
        let baseline = Baseline { threads, fds, observation, caller };
        let Some(point) = point else {
            let threads = baseline.new_sleeping_threads();
            let fds = baseline.new_fds(task);
            return Some(Leftovers { threads, fds, ..Leftovers::default() });
        };
        let leftovers = baseline.run_instance(factory, task, point, wake_timeout)?;
        // A thread that ends by itself must not disturb the next observation.
        if !leftovers.threads.is_empty() {
            task.wait(lifetime, || {
                process::threads().keys().all(|id| baseline.threads.contains_key(id))
            });
        }
        Some(leftovers)
    });
    match outcome {
        Outcome::Done(Some(leftovers)) => Some((leftovers, task.log())),
        _ => None,
    }
}

impl Baseline {
    fn run_instance(
        &self,
        factory: &Factory,
        task: &Arc<Task>,
        point: DropPoint,
        wake_timeout: Timeout,
    ) -> Option<Leftovers> {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let waker = task.waker();
        let completed = instance.poll_until(&waker, &mut events, wake_timeout, point);
        let _ = instance.drop_inner();
        let wakes_before = waker.wakes();
        let threads = self.new_sleeping_threads();
        // A thread that sleeps until the future would be ready may have ended by now.
        let inconclusive = threads.is_empty() && instance.last_poll_began.elapsed() > PROMPT;
        let (mut wakers, mut wakes) = (0, 0);
        if self.observation.thorough {
            let new_wakes = || waker.wakes() - wakes_before;
            task.wait(self.observation.timeout, || {
                waker.clones_beyond(1) == 0 || new_wakes() >= ENDLESS_WAKES
            });
            (wakers, wakes) = (waker.clones_beyond(1), new_wakes());
        }
        // The remaining events may own descriptors, which do not belong to the future.
        drop(events);
        let fds = self.new_fds(task);
        Some(Leftovers { threads, fds, wakers, wakes, completed, inconclusive })
    }

    /// The names of the new threads that stay asleep.
    fn new_sleeping_threads(&self) -> Vec<String> {
        let Observation { sleep_time, .. } = self.observation;
        for _ in 0..THREAD_CHECKS {
            let before = process::threads();
            let is_new = |id: &u32| !self.threads.contains_key(id);
            let mut new = before.iter().filter(|(id, _)| is_new(id)).peekable();
            if new.peek().is_none() {
                return Vec::new();
            }
            // A thread that was just started, or just signalled to end, needs some time.
            if new.any(|(_, state)| !state.asleep) {
                thread::sleep(SNAPSHOT_INTERVAL / 4);
                continue;
            }
            thread::sleep(sleep_time);
            let now = process::threads();
            let sleeping = process::new_sleeping_threads(&self.threads, &before, &now);
            if !sleeping.is_empty() && process::all_stayed_asleep(&before, &now, self.caller) {
                return sleeping;
            }
        }
        // Some thread of the process is always running, so only the state of the new threads counts.
        let before = process::threads();
        thread::sleep(sleep_time.max(Duration::from_millis(20)));
        process::new_sleeping_threads(&self.threads, &before, &process::threads())
    }

    /// The new descriptors that stay open.
    fn new_fds(&self, task: &Task) -> Vec<String> {
        let new = || -> Vec<String> {
            let mut fds = process::open_fds();
            fds.retain(|number, target| self.fds.get(number) != Some(target));
            fds.into_iter().map(|(number, target)| format!("{number}, {target}")).collect()
        };
        let (mut open, mut before) = (new(), process::threads());
        if !open.is_empty() {
            task.wait(self.observation.timeout, || {
                open = new();
                let now = process::threads();
                let asleep = process::all_stayed_asleep(&before, &now, self.caller);
                before = now;
                open.is_empty() || !self.observation.thorough && asleep
            });
        }
        open
    }
}
