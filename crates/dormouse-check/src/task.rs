//! One task of the hostile executor: its wakers, and what it saw.
//!
//! A task has as many wakers as a probe likes. Each is an `Arc` of its own, so two of them never pass for
//! one another (`Waker::will_wake`), and the count of its references says how many clones somebody keeps.
//!
//! # Invariants
//! - No foreign code runs while the state is locked.
//! - A wake-up is never lost: it is noted before anybody who waits can have looked.

use crate::patience::{Patience, SLICE};
use crate::timeline::{Entry, Name, What};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Instant;

/// Backtraces are dear; the first few culprits will do.
const TRACES: u32 = 3;
/// A time line holds no more than this.
const ENTRIES: usize = 4096;

thread_local! {
    /// The task that is being polled on this thread, by its address.
    static POLLING: Cell<usize> = const { Cell::new(0) };
}

/// Locks, whatever panicked before.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the current thread, for people.
pub(crate) fn thread_name() -> String {
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
    changed: Condvar,
    wakers: AtomicU32,
    traces: AtomicU32,
    /// How often any of its wakers was woken.
    wakes: AtomicU32,
    /// How often in a row it has woken itself inside `poll`, at most.
    busiest: AtomicU32,
    /// Goes up with everything that happens, for those who ask whether anything still does.
    beat: AtomicU64,
}

impl Task {
    pub(crate) fn new() -> Arc<Task> {
        Task::with_traces(TRACES)
    }

    /// Without the backtraces of those who wake, which take their time.
    pub(crate) fn without_traces() -> Arc<Task> {
        Task::with_traces(0)
    }

    fn with_traces(traces: u32) -> Arc<Task> {
        Arc::new(Task {
            started: Instant::now(),
            log: Mutex::new(Vec::new()),
            changed: Condvar::new(),
            wakers: AtomicU32::new(0),
            traces: AtomicU32::new(traces),
            wakes: AtomicU32::new(0),
            busiest: AtomicU32::new(0),
            beat: AtomicU64::new(0),
        })
    }

    /// A waker that only takes down that it was woken.
    pub(crate) fn waker(self: &Arc<Task>) -> Arc<TaskWaker> {
        self.waker_that(None)
    }

    /// A waker that does something of its own when it is woken, with nothing locked.
    pub(crate) fn waker_that(self: &Arc<Task>, on_wake: OnWake) -> Arc<TaskWaker> {
        let name = Name(self.wakers.fetch_add(1, SeqCst) as usize);
        Arc::new(TaskWaker {
            name,
            task: self.clone(),
            woken: AtomicBool::new(false),
            inside_poll: AtomicBool::new(false),
            wakes: AtomicU32::new(0),
            on_wake,
        })
    }

    pub(crate) fn note(&self, what: What) {
        self.note_at(Instant::now(), what);
    }

    /// Takes down what happened some time ago.
    pub(crate) fn note_at(&self, when: Instant, what: What) {
        let at = when.saturating_duration_since(self.started);
        self.beat.fetch_add(1, SeqCst);
        let mut log = lock(&self.log);
        if log.len() < ENTRIES {
            let place = log.partition_point(|entry| entry.at <= at);
            log.insert(place, Entry { at, what });
        }
        drop(log);
        self.changed.notify_all();
    }

    /// How often any of its wakers was woken.
    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.load(SeqCst)
    }

    /// How often in a row it has woken itself inside `poll`, at most.
    pub(crate) fn busiest(&self) -> u32 {
        self.busiest.load(SeqCst)
    }

    /// It has woken itself so often in a row.
    pub(crate) fn busy(&self, times: u32) {
        self.busiest.fetch_max(times, SeqCst);
    }

    pub(crate) fn remark(&self, remark: impl Into<String>) {
        self.note(What::Remark(remark.into()));
    }

    pub(crate) fn event_fired(&self, number: u32) {
        self.note(What::EventFired(number));
    }

    pub(crate) fn log(&self) -> Vec<Entry> {
        lock(&self.log).clone()
    }

    pub(crate) fn beat(&self) -> u64 {
        self.beat.load(SeqCst)
    }

    /// Says that the probe is alive, though nothing happens.
    pub(crate) fn live(&self) {
        self.beat.fetch_add(1, SeqCst);
    }

    /// Waits until `done`, which is looked at again whenever something happens.
    pub(crate) fn wait(&self, patience: Patience, mut done: impl FnMut() -> bool) -> bool {
        let mut log = lock(&self.log);
        let (mut slices, mut slice_began) = (0, Instant::now());
        while !done() {
            if slices >= patience.0 {
                return false;
            }
            self.live();
            log = self.changed.wait_timeout(log, SLICE).unwrap_or_else(PoisonError::into_inner).0;
            // Not only where it timed out: somebody may wake without end.
            if slice_began.elapsed() >= SLICE {
                slices += 1;
                slice_began = Instant::now();
            }
        }
        true
    }

    /// Marks that this thread polls this task, until the guard is dropped.
    pub(crate) fn polling(self: &Arc<Task>) -> Polling {
        let outer = POLLING.replace(Arc::as_ptr(self) as usize);
        Polling { outer }
    }
}

/// See [`Task::polling`].
#[derive(Debug)]
pub(crate) struct Polling {
    outer: usize,
}

impl Drop for Polling {
    fn drop(&mut self) {
        POLLING.set(self.outer);
    }
}

/// What a waker does besides.
pub(crate) type OnWake = Option<Box<dyn Fn(&Arc<TaskWaker>) + Send + Sync>>;

/// One waker of a task.
pub(crate) struct TaskWaker {
    pub(crate) name: Name,
    pub(crate) task: Arc<Task>,
    woken: AtomicBool,
    inside_poll: AtomicBool,
    wakes: AtomicU32,
    on_wake: OnWake,
}

impl fmt::Debug for TaskWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskWaker").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TaskWaker {
    pub(crate) fn woken(&self) -> bool {
        self.woken.load(SeqCst)
    }

    /// Whether the last wake-up came from inside a poll of the same task.
    pub(crate) fn woken_inside_poll(&self) -> bool {
        self.inside_poll.load(SeqCst)
    }

    /// Forgets that it was woken, as an executor does when it is about to poll.
    pub(crate) fn reset(&self) {
        self.woken.store(false, SeqCst);
        self.inside_poll.store(false, SeqCst);
    }

    /// How often it has been woken at all.
    pub(crate) fn wakes(&self) -> u32 {
        self.wakes.load(SeqCst)
    }

    pub(crate) fn handle(self: &Arc<TaskWaker>) -> Waker {
        Waker::from(self.clone())
    }

    /// How many clones are in strange hands, if the caller has `own` of them.
    pub(crate) fn kept(self: &Arc<TaskWaker>, own: usize) -> usize {
        Arc::strong_count(self).saturating_sub(own)
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<TaskWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<TaskWaker>) {
        let inside_poll = POLLING.get() == Arc::as_ptr(&self.task) as usize;
        let wanted = |left: u32| left.checked_sub(1);
        let trace = self.task.traces.fetch_update(SeqCst, SeqCst, wanted).ok();
        let trace = trace.map(|_| Arc::new(Backtrace::force_capture()));
        self.inside_poll.store(inside_poll, SeqCst);
        self.wakes.fetch_add(1, SeqCst);
        self.woken.store(true, SeqCst);
        self.task.wakes.fetch_add(1, SeqCst);
        self.task.note(What::Wake { waker: self.name, inside_poll, thread: thread_name(), trace });
        if let Some(on_wake) = &self.on_wake {
            on_wake(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_wakers_of_a_task_pass_for_one_another() {
        let task = Task::new();
        let (a, b) = (task.waker(), task.waker());
        assert!(!a.handle().will_wake(&b.handle()));
        assert!(a.handle().will_wake(&a.handle()));
    }

    #[test]
    fn clones_are_counted_while_they_live() {
        let task = Task::new();
        let waker = task.waker();
        assert_eq!(waker.kept(1), 0);
        let kept = waker.handle();
        assert_eq!(waker.kept(1), 1);
        drop(kept);
        assert_eq!(waker.kept(1), 0);
    }

    #[test]
    fn a_wake_from_inside_a_poll_is_told_from_others() {
        let task = Task::new();
        let waker = task.waker();
        {
            let _polling = task.polling();
            waker.handle().wake();
        }
        assert!(waker.woken() && waker.woken_inside_poll());
        waker.handle().wake();
        assert!(!waker.woken_inside_poll());
    }

    #[test]
    fn whoever_waits_sees_a_wake_from_another_thread() {
        let task = Task::new();
        let waker = task.waker();
        let handle = waker.handle();
        let other = thread::spawn(move || handle.wake());
        assert!(task.wait(Patience(500), || waker.woken()));
        other.join().expect("waking does not panic");
    }
}
