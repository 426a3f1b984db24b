//! What has to run before time advances.
//!
//! Plain data, used under the lock on the clocks: a thread that holds the lock can check that nothing is busy, and
//! advance. It calls no waker.
//!
//! # Invariants
//! - Something is busy exactly while it holds a token. `Counter::count` is the number of tokens of the present generation.
//! - A task is a scoped future. It is busy from the call of its waker to the end of the poll that follows, and while
//!   it is polled without a wake-up.
//! - A task is not busy if it has been woken only to recheck (`recheck`). For example, an advance that waits for the
//!   other tasks wakes its own task in that way, and checks again whether they are busy. So two tasks that both
//!   advance time do not wait for each other. When the wait has ended, the task is busy for the rest of its poll.
//! - A task is not busy while a wait for the others blocks the thread inside its poll, directly or in an executor that
//!   runs inside the poll: another thread may be blocked in the same way.

use crate::system_clock::ClockId;
use std::collections::BTreeMap;
use std::task::Waker;

/// How long, in real time, an operation that retries is new.
const NEW_FOR_NS: u64 = 1_000_000_000;

/// Held by what is busy.
#[derive(Debug)]
#[must_use = "it counts until it is passed to `end`"]
pub(crate) struct BusyToken {
    generation: u64,
}

#[derive(Debug, Default)]
struct Counter {
    count: usize,
    /// Incremented when everything that is busy has been waited for long enough. Tokens of earlier generations do not
    /// count.
    generation: u64,
    /// How many tokens have begun or ended.
    changes: u64,
}

impl Counter {
    fn begin(&mut self) -> BusyToken {
        self.count += 1;
        self.changes += 1;
        BusyToken { generation: self.generation }
    }

    fn end(&mut self, token: BusyToken) {
        self.changes += 1;
        if self.counts(&token) {
            self.count -= 1;
        }
    }

    fn counts(&self, token: &BusyToken) -> bool {
        token.generation == self.generation
    }

    fn set(&mut self, token: &mut Option<BusyToken>, busy: bool) {
        match token.take() {
            Some(held) if !busy => self.end(held),
            None if busy => *token = Some(self.begin()),
            unchanged => *token = unchanged,
        }
    }
}

/// A scoped future.
#[derive(Debug, Default)]
struct Task {
    /// Woken, not only to recheck, since the last poll began.
    woken: bool,
    /// Woken to recheck since the last poll began.
    rechecks: bool,
    /// Being polled, and not only to recheck.
    working: bool,
    /// A wait inside its poll blocks the thread, or the executor that it is in.
    blocked: bool,
    /// How many polls have begun.
    polls: u64,
    token: Option<BusyToken>,
    /// That of its executor, from the last poll, until a wake-up takes it.
    waker: Option<Waker>,
}

/// An operation that retries. Time does not advance while it is new, and later until an attempt has failed since the
/// last change.
#[derive(Debug)]
struct RetryState {
    since_ns: u64,
    /// Time no longer waits for it: the wait has reached its limit, and no attempt has begun since.
    given_up: bool,
    /// `Busy::changes` at the beginning of the present attempt, if it counts.
    attempt: Option<u64>,
    /// That of the last attempt.
    failed: Option<u64>,
}

impl RetryState {
    fn is_new(&self) -> bool {
        ClockId::Monotonic.now_ns().saturating_sub(self.since_ns) < NEW_FOR_NS
    }
}

/// Identifies one poll of a task.
#[derive(PartialEq)]
pub(crate) struct TaskPoll {
    task: u64,
    number: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Busy {
    counter: Counter,
    tasks: BTreeMap<u64, Task>,
    /// The operations that retry in real time.
    retrying: BTreeMap<u64, RetryState>,
    activity: u64,
    next_number: u64,
}

impl Busy {
    /// For a timer that is being fired, and a jump in progress.
    pub(crate) fn begin(&mut self) -> BusyToken {
        self.counter.begin()
    }

    pub(crate) fn end(&mut self, token: BusyToken) {
        self.counter.end(token);
    }

    /// Whether something is busy other than the tasks `own`, or an operation has to retry.
    pub(crate) fn others(&self, own: &[u64]) -> bool {
        let counts =
            |task: &Task| task.token.as_ref().is_some_and(|held| self.counter.counts(held));
        let own = own.iter().filter(|number| self.tasks.get(number).is_some_and(counts)).count();
        let changes = self.changes();
        let waited_for = |retrying: &RetryState| {
            !retrying.given_up && (retrying.failed != Some(changes) || retrying.is_new())
        };
        self.counter.count > own || self.retrying.values().any(waited_for)
    }

    /// No longer waits for what is busy now, except the tasks `own`.
    pub(crate) fn give_up(&mut self, own: &[u64]) {
        self.counter.generation += 1;
        self.counter.count = 0;
        for number in own {
            self.change(*number, |task, counter| {
                if task.token.is_some() {
                    counter.set(&mut task.token, false);
                    counter.set(&mut task.token, true);
                }
            });
        }
        self.retrying.values_mut().for_each(|retrying| retrying.given_up = true);
    }

    /// Adds a task, which is busy until the end of its first poll. Returns its number.
    pub(crate) fn add_task(&mut self) -> u64 {
        let number = self.new_number();
        self.tasks.insert(number, Task::default());
        self.change(number, |task, _| task.woken = true);
        number
    }

    /// Removes a task. Returns its waker, to be dropped without the lock.
    pub(crate) fn remove_task(&mut self, number: u64) -> Option<Waker> {
        let mut task = self.tasks.remove(&number)?;
        self.counter.set(&mut task.token, false);
        task.waker
    }

    /// Returns the former waker, to be dropped without the lock.
    pub(crate) fn begin_poll(&mut self, number: u64, waker: Waker) -> Option<Waker> {
        self.change(number, |task, _| {
            task.working = task.woken || !task.rechecks;
            task.woken = false;
            task.rechecks = false;
            task.polls += 1;
            task.waker.replace(waker)
        })
        .flatten()
    }

    pub(crate) fn end_poll(&mut self, number: u64) {
        self.change(number, |task, _| {
            task.working = false;
            task.blocked = false;
        });
    }

    /// Returns the waker to call. If there is none, the task is complete, or an earlier wake-up has taken the waker since
    /// the last poll began, and has called it or is about to.
    pub(crate) fn wake_task(&mut self, number: u64, to_recheck: bool) -> Option<Waker> {
        self.change(number, |task, _| {
            if to_recheck {
                task.rechecks = true;
            } else {
                task.woken = true;
            }
            task.waker.take()
        })
        .flatten()
    }

    /// Marks the tasks of these polls as blocked: a wait was polled twice inside each. So another executor runs inside
    /// the poll, which lasts as long as the wait.
    pub(crate) fn suspend<'a>(&mut self, polls: impl Iterator<Item = &'a TaskPoll>) {
        for poll in polls {
            self.change(poll.task, |task, _| task.blocked = true);
        }
    }

    /// The present polls of these tasks.
    pub(crate) fn polls(&self, tasks: &[u64]) -> Vec<TaskPoll> {
        let poll = |&task: &u64| Some(TaskPoll { task, number: self.tasks.get(&task)?.polls });
        tasks.iter().filter_map(poll).collect()
    }

    /// A wait in the polls of these tasks has ended: they have more to do.
    pub(crate) fn resume(&mut self, tasks: &[u64]) {
        for number in tasks {
            self.change(*number, |task, _| {
                task.working = true;
                task.blocked = false;
            });
        }
    }

    /// Marks the tasks as blocked. Returns those that were not.
    pub(crate) fn block(&mut self, mut tasks: Vec<u64>) -> Vec<u64> {
        let block = |task: &mut Task, _: &mut _| !std::mem::replace(&mut task.blocked, true);
        tasks.retain(|number| self.change(*number, block).unwrap_or(false));
        tasks
    }

    pub(crate) fn unblock(&mut self, tasks: &[u64]) {
        for number in tasks {
            self.change(*number, |task, _| task.blocked = false);
        }
    }

    /// Adds an operation that retries. Returns its number.
    pub(super) fn add_retrying(&mut self) -> u64 {
        let number = self.new_number();
        let since_ns = ClockId::Monotonic.now_ns();
        let state = RetryState { since_ns, given_up: false, attempt: None, failed: None };
        self.retrying.insert(number, state);
        number
    }

    pub(super) fn remove_retrying(&mut self, number: u64) {
        self.retrying.remove(&number);
    }

    /// An attempt counts only if nothing is busy when it begins.
    pub(super) fn begin_attempt(&mut self, number: u64) {
        let attempt = (self.counter.count == 0).then(|| self.changes());
        if let Some(retrying) = self.retrying.get_mut(&number) {
            retrying.attempt = attempt;
            retrying.given_up = false;
        }
    }

    /// The attempt has failed. Returns whether the operation is still new.
    pub(super) fn end_attempt(&mut self, number: u64) -> bool {
        self.retrying.get_mut(&number).is_some_and(|retrying| {
            retrying.failed = retrying.attempt.take();
            retrying.is_new()
        })
    }

    /// A sleep was created or has completed, or a timer was registered, moved or dropped, or fires.
    pub(super) fn note_activity(&mut self) {
        self.activity += 1;
    }

    /// Changes with each [activity](Self::note_activity).
    pub(crate) fn activity(&self) -> u64 {
        self.activity
    }

    /// Changes with each activity, and when something becomes busy or idle.
    fn changes(&self) -> u64 {
        self.activity + self.counter.changes
    }

    fn new_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Changes a task, unless it is complete, and then its token.
    fn change<R>(
        &mut self,
        number: u64,
        change: impl FnOnce(&mut Task, &mut Counter) -> R,
    ) -> Option<R> {
        let task = self.tasks.get_mut(&number)?;
        let result = change(task, &mut self.counter);
        let busy = !task.blocked && (task.woken || task.working);
        self.counter.set(&mut task.token, busy);
        Some(result)
    }
}
