//! One task of the hostile executor: its wakers, and the log of what happened to it.
//!
//! A task has as many wakers as a probe needs. Each is a separate `Arc`. So `Waker::will_wake` tells two of them apart,
//! and the reference count is the number of clones.
//!
//! # Invariants
//! - No foreign code runs while the log is locked.
//! - [`Task::wait`] misses no wake-up. A waker (1) sets its flag, (2) locks the log and adds an entry, (3) notifies.
//!   `wait` (1) locks the log, (2) checks the flag, (3) releases the lock and blocks, in one step. The lock orders the
//!   two: either `wait` sees the flag, or it blocks before the waker notifies.

use crate::sync::lock;
use crate::timeline::{Action, Entry, PollResult, WakerId};
use crate::timeout::{SLICE, Timeout};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Instant;

/// How many wake-ups of a task have a backtrace: capturing one is slow, and the first few are enough.
const MAX_BACKTRACES: u32 = 3;
/// The maximum length of a log.
const MAX_ENTRIES: usize = 4096;

thread_local! {
    /// The poll that is running on this thread, if there is one.
    static POLLING: Cell<Option<RunningPoll>> = const { Cell::new(None) };
}

/// How many polls have begun in this process.
static POLLS: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Copy, Debug)]
struct RunningPoll {
    /// The address of the task.
    task: usize,
    /// Unique in this process.
    id: u64,
}

/// The id of the poll by the checker that is running on this thread.
pub(crate) fn current_poll() -> Option<u64> {
    POLLING.get().map(|poll| poll.id)
}

/// The current thread, as named in reports.
fn thread_name() -> String {
    let thread = thread::current();
    match thread.name() {
        Some(name) => format!("thread `{name}`"),
        None => format!("a thread without a name ({:?})", thread.id()),
    }
}

#[derive(Debug)]
pub(crate) struct Task {
    started: Instant,
    log: Mutex<Vec<Entry>>,
    log_changed: Condvar,
    wakers: AtomicU32,
    /// How many backtraces may still be captured.
    backtraces: AtomicU32,
    /// How often any of the wakers was called.
    wakes: AtomicU32,
    /// The largest number of polls in a row in which the task woke itself.
    max_self_wakes: AtomicU32,
    /// Counts log entries and calls of `heartbeat`.
    heartbeats: AtomicUsize,
    /// The watchdog no longer waits for the thread that polls it.
    abandoned: AtomicBool,
}

impl Task {
    pub(crate) fn new() -> Arc<Task> {
        Task::with_max_backtraces(MAX_BACKTRACES)
    }

    /// A task without backtraces of wake-ups: capturing them is slow.
    pub(crate) fn without_backtraces() -> Arc<Task> {
        Task::with_max_backtraces(0)
    }

    fn with_max_backtraces(backtraces: u32) -> Arc<Task> {
        Arc::new(Task {
            started: Instant::now(),
            log: Mutex::new(Vec::new()),
            log_changed: Condvar::new(),
            wakers: AtomicU32::new(0),
            backtraces: AtomicU32::new(backtraces),
            wakes: AtomicU32::new(0),
            max_self_wakes: AtomicU32::new(0),
            heartbeats: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
        })
    }

    /// Creates a waker that only records its calls.
    pub(crate) fn waker(self: &Arc<Task>) -> Arc<TaskWaker> {
        self.waker_with(None)
    }

    /// Creates a waker that calls `on_wake` after it has recorded a call, with no lock held.
    pub(crate) fn waker_with(self: &Arc<Task>, on_wake: OnWake) -> Arc<TaskWaker> {
        let id = WakerId(self.wakers.fetch_add(1, SeqCst) as usize);
        Arc::new(TaskWaker {
            id,
            task: self.clone(),
            woken: AtomicBool::new(false),
            inside_poll: AtomicBool::new(false),
            wakes: AtomicU32::new(0),
            on_wake,
        })
    }

    pub(crate) fn record(&self, action: Action) {
        self.record_at(Instant::now(), action);
    }

    /// Records something that happened earlier.
    pub(crate) fn record_at(&self, when: Instant, action: Action) {
        let at = when.saturating_duration_since(self.started);
        self.heartbeat();
        let mut log = lock(&self.log);
        if log.len() < MAX_ENTRIES {
            let index = log.partition_point(|entry| entry.at <= at);
            log.insert(index, Entry { at, action });
        }
        drop(log);
        self.log_changed.notify_all();
    }

    pub(crate) fn comment(&self, comment: impl Into<String>) {
        self.record(Action::Comment(comment.into()));
    }

    pub(crate) fn event_fired(&self, number: u32) {
        self.record(Action::EventFired(number));
    }

    pub(crate) fn log(&self) -> Vec<Entry> {
        lock(&self.log).clone()
    }

    /// Whether a recorded poll has returned Pending.
    pub(crate) fn was_pending(&self) -> bool {
        lock(&self.log).iter().any(|entry| {
            matches!(entry.action, Action::PollEnds { result: PollResult::Pending, .. })
        })
    }

    /// How often any of the wakers was called.
    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.load(SeqCst)
    }

    /// The largest number of polls in a row in which the task woke itself.
    pub(crate) fn max_self_wakes(&self) -> u32 {
        self.max_self_wakes.load(SeqCst)
    }

    /// Records that the task woke itself in `count` polls in a row.
    pub(crate) fn record_self_wakes(&self, count: u32) {
        self.max_self_wakes.fetch_max(count, SeqCst);
    }

    /// Changes whenever something happens, or the probe calls [`heartbeat`](Task::heartbeat).
    pub(crate) fn heartbeats(&self) -> usize {
        self.heartbeats.load(SeqCst)
    }

    /// Shows the watchdog that the probe makes progress.
    pub(crate) fn heartbeat(&self) {
        self.heartbeats.fetch_add(1, SeqCst);
    }

    /// Ends the thread that polls the task, at its next poll.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(SeqCst)
    }

    /// Waits until `done`, which is checked whenever an entry is added to the log. Returns whether it became true.
    pub(crate) fn wait(&self, timeout: Timeout, mut done: impl FnMut() -> bool) -> bool {
        let mut log = lock(&self.log);
        let (mut slices, mut slice_began) = (0, Instant::now());
        while !done() {
            if slices >= timeout.0 {
                return false;
            }
            self.heartbeat();
            log =
                self.log_changed.wait_timeout(log, SLICE).unwrap_or_else(PoisonError::into_inner).0;
            // By the clock, because the wait may also end early, again and again: the task may be woken endlessly.
            if slice_began.elapsed() >= SLICE {
                slices += 1;
                slice_began = Instant::now();
            }
        }
        true
    }

    /// Marks that this thread polls this task, until the guard is dropped.
    pub(crate) fn enter_poll(self: &Arc<Task>) -> PollGuard {
        let poll = RunningPoll { task: Arc::as_ptr(self) as usize, id: POLLS.fetch_add(1, SeqCst) };
        PollGuard { outer: POLLING.replace(Some(poll)) }
    }
}

/// See [`Task::enter_poll`].
#[derive(Debug)]
pub(crate) struct PollGuard {
    outer: Option<RunningPoll>,
}

impl Drop for PollGuard {
    fn drop(&mut self) {
        POLLING.set(self.outer);
    }
}

/// An additional effect of a waker.
pub(crate) type OnWake = Option<Box<dyn Fn(&Arc<TaskWaker>) + Send + Sync>>;

/// One waker of a task.
pub(crate) struct TaskWaker {
    pub(crate) id: WakerId,
    pub(crate) task: Arc<Task>,
    woken: AtomicBool,
    inside_poll: AtomicBool,
    wakes: AtomicU32,
    on_wake: OnWake,
}

impl fmt::Debug for TaskWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskWaker").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TaskWaker {
    /// Whether it was called since the last [`reset`](TaskWaker::reset).
    pub(crate) fn woken(&self) -> bool {
        self.woken.load(SeqCst)
    }

    /// Whether the last call came from inside a poll of the same task.
    pub(crate) fn woken_inside_poll(&self) -> bool {
        self.inside_poll.load(SeqCst)
    }

    /// Clears the flag, as an executor does before a poll.
    pub(crate) fn reset(&self) {
        self.woken.store(false, SeqCst);
        self.inside_poll.store(false, SeqCst);
    }

    /// How often it was called since it was created.
    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.load(SeqCst)
    }

    pub(crate) fn to_waker(self: &Arc<TaskWaker>) -> Waker {
        Waker::from(self.clone())
    }

    /// How many references exist beyond the `own` ones that the caller holds: the clones in the future.
    pub(crate) fn clones_beyond(self: &Arc<TaskWaker>, own: usize) -> usize {
        Arc::strong_count(self).saturating_sub(own)
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<TaskWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<TaskWaker>) {
        let task = Arc::as_ptr(&self.task) as usize;
        let inside_poll = POLLING.get().is_some_and(|poll| poll.task == task);
        let decrement = |remaining: u32| remaining.checked_sub(1);
        let backtrace = self.task.backtraces.fetch_update(SeqCst, SeqCst, decrement).ok();
        let backtrace = backtrace.map(|_| Arc::new(Backtrace::force_capture()));
        self.inside_poll.store(inside_poll, SeqCst);
        self.wakes.fetch_add(1, SeqCst);
        self.task.wakes.fetch_add(1, SeqCst);
        // Last, so that a thread that sees it also sees the counts.
        self.woken.store(true, SeqCst);
        let (waker, thread) = (self.id, thread_name());
        self.task.record(Action::Wake { waker, inside_poll, thread, backtrace });
        if let Some(on_wake) = &self.on_wake {
            on_wake(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn will_wake_tells_the_wakers_of_a_task_apart() {
        let task = Task::new();
        let (a, b) = (task.waker(), task.waker());
        assert!(!a.to_waker().will_wake(&b.to_waker()));
        assert!(a.to_waker().will_wake(&a.to_waker()));
    }

    #[test]
    fn clones_are_counted_while_they_exist() {
        let task = Task::new();
        let waker = task.waker();
        assert_eq!(waker.clones_beyond(1), 0);
        let clone = waker.to_waker();
        assert_eq!(waker.clones_beyond(1), 1);
        drop(clone);
        assert_eq!(waker.clones_beyond(1), 0);
    }

    #[test]
    fn a_wake_inside_a_poll_of_the_task_is_distinguished_from_others() {
        let task = Task::new();
        let waker = task.waker();
        {
            let _polling = task.enter_poll();
            waker.to_waker().wake();
        }
        assert!(waker.woken() && waker.woken_inside_poll());
        waker.to_waker().wake();
        assert!(!waker.woken_inside_poll());
    }

    #[test]
    fn wait_sees_a_wake_from_another_thread() {
        let task = Task::new();
        let waker = task.waker();
        let clone = waker.to_waker();
        let other = thread::spawn(move || clone.wake());
        assert!(task.wait(Timeout(500), || waker.woken()));
        other.join().expect("waking does not panic");
    }
}
