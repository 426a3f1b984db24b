//! Polls many times without a wake-up: what the future holds must not grow with each poll. Nor must memory grow with each
//! future that completes.

use crate::event::Event;
use crate::finding::{Finding, FindingTexts};
use crate::instance::Factory;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::watchdog::Outcome;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// How many polls follow one another.
const POLLS: u32 = 64;
/// A future that holds this many wakers stores one at each poll.
const MANY_WAKERS: usize = POLLS as usize / 2;
/// The same for threads and descriptors, which are more expensive.
const FEW_POLLS: u32 = 16;
const MANY_THREADS_OR_FDS: usize = FEW_POLLS as usize / 2;
/// How many attempts may be inconclusive.
const TRIES: u32 = 10;
/// The number of polls before each measurement of memory.
const MEMORY_ROUNDS: [u32; 5] = [64, 64, 128, 256, 512];
/// Between two measurements of memory without a poll in between.
const MEMORY_PAUSE: Duration = Duration::from_micros(50);

static COMPLETION_TEXTS: FindingTexts = FindingTexts {
    contract: "A program runs such a future many times. What one leaves allocated must not accumulate.",
    mend: "Look for what outlives the future: a `mem::forget`, a cycle of `Arc`s, an entry that stays in a shared list.",
};

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    context
        .confirmed(|_| threads_and_fds(context))
        .or_else(|| context.confirmed(|attempt| wakers(context, attempt, true)))
        .or_else(|| context.confirmed(|attempt| wakers(context, attempt, false)))
        .or_else(|| context.confirmed(|_| memory(context)))
        .or_else(|| context.confirmed(|_| memory_of_runs(context)))
}

fn threads_and_fds(context: &ProbeContext) -> Option<Finding> {
    for _ in 0..TRIES {
        let task = Task::new();
        let outcome = context.run(&task, count_new);
        let Outcome::Done(Some(counts)) = outcome else { return None };
        let Some((threads, fds)) = counts else { continue };
        let growth = match (threads >= MANY_THREADS_OR_FDS, fds >= MANY_THREADS_OR_FDS) {
            (true, _) => format!("{threads} threads are started"),
            (false, true) => format!("{fds} file descriptors are opened"),
            (false, false) => return None,
        };
        let headline = format!("polled {FEW_POLLS} times, with no event: {growth}");
        return Some(Finding::new(Kind::LeakPerPoll, headline).with_log(&task.log()));
    }
    None
}

/// How many threads and descriptors some polls create, or `Some(None)` if the count is inconclusive.
///
/// Ids are compared, not counts, because threads and descriptors of an earlier instance may disappear meanwhile.
fn count_new(factory: &Factory, task: &Arc<Task>) -> Option<Option<(usize, usize)>> {
    let (mut instance, events) = factory.create(task).ok()?;
    let waker = task.waker();
    let snapshot = || {
        let threads: BTreeSet<u32> = process::threads().into_keys().collect();
        (threads, process::open_fds().into_keys().collect::<BTreeSet<i32>>())
    };
    let first = snapshot();
    // The future is not polled between these two snapshots. What appears now belongs to other code.
    let before = snapshot();
    if !before.0.is_subset(&first.0) || !before.1.is_subset(&first.1) {
        return Some(None);
    }
    let pending = (0..FEW_POLLS).all(|_| !instance.poll(&waker, true).made_progress());
    let now = snapshot();
    // If it is ready by now, it may have released something before the snapshot.
    let pending = pending && !instance.poll(&waker, true).made_progress();
    drop((instance, events));
    let new = || (now.0.difference(&before.0).count(), now.1.difference(&before.1).count());
    Some(pending.then(new))
}

/// Clones of wakers. With a `new` waker for each poll, the future has to drop those of earlier polls.
fn wakers(context: &ProbeContext, attempt: u32, new: bool) -> Option<Finding> {
    let timeout = context.wake_timeout(attempt);
    let task = Task::without_backtraces();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, events) = factory.create(task).ok()?;
        let mut wakers = vec![task.waker()];
        for _ in 0..POLLS {
            if new {
                wakers.push(task.waker());
            }
            let last = wakers.last()?;
            if instance.poll(last, true).made_progress() {
                return None;
            }
        }
        let held = || wakers.iter().map(|waker| waker.clones_beyond(1)).sum::<usize>();
        let (most, wakes) = (held(), task.wakes());
        if most < MANY_WAKERS {
            return None;
        }
        // Code that removes old wakers periodically gets the time to do so.
        task.wait(timeout, || held() < MANY_WAKERS);
        let (remaining, woken) = (held(), (task.wakes() - wakes) as usize);
        drop((instance, events));
        // Either the clones still exist, or each was called before it was dropped.
        (remaining.max(woken) >= MANY_WAKERS).then_some(most)
    });
    let Outcome::Done(Some(held)) = outcome else { return None };
    let with = if new { "with a new waker each time" } else { "with one waker" };
    let headline = format!("polled {POLLS} times {with}, it keeps {held} clones of wakers");
    Some(Finding::new(Kind::LeakPerPoll, headline).with_log(&task.log()))
}

/// A waker that does nothing, with an allocation of its own.
struct NoopWaker;

impl Wake for NoopWaker {
    fn wake(self: Arc<NoopWaker>) {}
}

/// Memory, if the settings say how to measure it.
fn memory(context: &ProbeContext) -> Option<Finding> {
    let allocated = context.settings.allocated_bytes.clone()?;
    for _ in 0..TRIES {
        let (task, allocated) = (Task::without_backtraces(), allocated.clone());
        let outcome =
            context.run(&task, move |factory, task| growth(factory, task, || allocated()));
        let Outcome::Done(Some(growth)) = outcome else { return None };
        let Some(total) = growth else { continue };
        let polls: u32 = MEMORY_ROUNDS.iter().skip(1).sum();
        let headline =
            format!("polled {polls} times, with no event: {total} bytes more are allocated");
        return Some(Finding::new(Kind::LeakPerPoll, headline));
    }
    None
}

/// By how many bytes memory grows if it grows in each round of polls. `Some(None)` if other code allocates meanwhile.
fn growth(
    factory: &Factory,
    task: &Arc<Task>,
    allocated: impl Fn() -> usize,
) -> Option<Option<usize>> {
    let (mut instance, events) = factory.create(task).ok()?;
    let (mut after_polls, mut after_pauses) = (Vec::with_capacity(8), Vec::with_capacity(8));
    for polls in MEMORY_ROUNDS {
        for _ in 0..polls {
            let waker = Waker::from(Arc::new(NoopWaker));
            if instance.poll_unrecorded(&waker).made_progress() {
                return None;
            }
        }
        after_polls.push(allocated());
        thread::sleep(MEMORY_PAUSE);
        after_pauses.push(allocated());
    }
    drop((instance, events));
    // Growth without a poll comes from other code.
    if after_polls.iter().zip(&after_pauses).any(|(before, after)| after > before) {
        return Some(None);
    }
    let rounds = after_pauses.iter().zip(after_polls.iter().skip(1));
    let mut growth_per_poll = MEMORY_ROUNDS
        .iter()
        .skip(1)
        .zip(rounds)
        .map(|(polls, (before, after))| after.saturating_sub(*before) / *polls as usize);
    let total = after_polls.last()?.saturating_sub(*after_polls.first()?);
    growth_per_poll.all(|bytes| bytes > 0).then_some(Some(total))
}

/// How many instances complete before each measurement of memory.
const MEMORY_RUNS: [u32; 4] = [4, 4, 8, 16];
/// Between two polls of an instance that waits.
const RUN_PAUSE: Duration = Duration::from_micros(500);

/// Memory that remains when the future has completed, and has been dropped.
fn memory_of_runs(context: &ProbeContext) -> Option<Finding> {
    let allocated = context.settings.allocated_bytes.clone()?;
    let task = Task::without_backtraces();
    let outcome = context.run(&task, move |factory, task| {
        let mut after_runs = Vec::with_capacity(8);
        let mut quiet = true;
        for runs in MEMORY_RUNS {
            for _ in 0..runs {
                complete(factory, task)?;
            }
            after_runs.push(allocated());
            thread::sleep(MEMORY_PAUSE);
            // Growth without a run comes from other code.
            quiet &= after_runs.last().is_some_and(|before| allocated() <= *before);
        }
        let grows = after_runs
            .windows(2)
            .zip(MEMORY_RUNS.iter().skip(1))
            .all(|(bytes, runs)| bytes[1].saturating_sub(bytes[0]) >= *runs as usize);
        let total = after_runs.last()?.saturating_sub(*after_runs.first()?);
        (quiet && grows).then_some(total)
    });
    let Outcome::Done(Some(total)) = outcome else { return None };
    let runs: u32 = MEMORY_RUNS.iter().skip(1).sum();
    let headline =
        format!("run to completion {runs} times, and dropped: {total} bytes more are allocated");
    Some(Finding::new(Kind::LeakPerPoll, headline).with_texts(&COMPLETION_TEXTS))
}

/// Polls an instance until it completes, and fires its events, all on this thread.
fn complete(factory: &Factory, task: &Arc<Task>) -> Option<()> {
    // A log of its own, which is dropped here.
    let (mut instance, mut events) = factory.create(&Task::without_backtraces()).ok()?;
    let waker = Waker::from(Arc::new(NoopWaker));
    loop {
        match instance.poll_unrecorded(&waker) {
            PollResult::Ready => return Some(()),
            PollResult::Item => {}
            PollResult::Pending => {
                match events.take() {
                    Some(Event::Send(event)) => event(),
                    Some(Event::Local(event)) => event(),
                    None => thread::sleep(RUN_PAUSE),
                }
                task.heartbeat();
            }
            PollResult::WrongOutput | PollResult::Panicked(_) => return None,
        }
    }
}
