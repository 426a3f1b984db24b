//! Polled without a wake-up, many times: what the future keeps must not grow with that, and it works on.

use crate::drive::{Drivable, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::process;
use crate::stage::Staged;
use crate::subject::Factory;
use crate::task::Task;
use crate::timeline::{Polled, What};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// How many polls follow one another.
const POLLS: u32 = 64;
/// As many wakers are kept only by who keeps one for each poll.
const MANY_WAKERS: usize = POLLS as usize / 2;
/// As many threads or descriptors appear only if each poll makes one.
const FEW_POLLS: u32 = 16;
const MANY: usize = FEW_POLLS as usize / 2;
/// How often the future may be ready too soon to say anything.
const TRIES: u32 = 10;
/// Memory is looked at after twice as many polls each time.
const MEMORY_ROUNDS: [u32; 5] = [64, 64, 128, 256, 512];

pub(crate) fn probe(probing: &mut Probing) -> Vec<Finding> {
    let leak = probing
        .confirmed(things)
        .or_else(|| probing.confirmed(|probing, attempt| wakers(probing, attempt, true)))
        .or_else(|| probing.confirmed(|probing, attempt| wakers(probing, attempt, false)))
        .or_else(|| probing.confirmed(memory));
    let worse = probing.confirmed(hasty).or_else(|| {
        // The polls in vain have another waker.
        if probing.has(&[Kind::StaleWaker]).is_some() { None } else { probing.confirmed(works_on) }
    });
    leak.into_iter().chain(worse).collect()
}

/// Threads and descriptors.
fn things(probing: &Probing, _attempt: u32) -> Option<Finding> {
    for _ in 0..TRIES {
        let task = Task::new();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| grown(factory, &task)
        });
        let Staged::Done(Some(grown)) = staged else { return None };
        let Some((threads, fds)) = grown else { continue };
        let what = match (threads >= MANY, fds >= MANY) {
            (true, _) => format!("{threads} threads are started"),
            (false, true) => format!("{fds} file descriptors are opened"),
            (false, false) => return None,
        };
        let headline = format!("polled {FEW_POLLS} times, with no event: {what}");
        return Some(Finding::new(Kind::LeakPerPoll, headline).log(&task.log()));
    }
    None
}

/// How many threads and descriptors come with some polls; or `Some(None)`, if that says nothing.
///
/// They are told by their numbers: meanwhile, those of an earlier copy may come to their end.
fn grown(factory: &Factory, task: &Arc<Task>) -> Option<Option<(usize, usize)>> {
    let (mut run, events) = factory.local(task).ok()?;
    let waker = task.waker();
    let look = || {
        let threads: BTreeSet<u32> = process::threads().into_keys().collect();
        (threads, process::fds().into_keys().collect::<BTreeSet<i32>>())
    };
    let first = look();
    // Nothing is done between these looks: what appears now is somebody else's.
    let before = look();
    if !before.0.is_subset(&first.0) || !before.1.is_subset(&first.1) {
        return Some(None);
    }
    let pending = (0..FEW_POLLS).all(|_| !run.poll(&waker, true).progress());
    let now = look();
    // Ready by now, it may have cleared up.
    let pending = pending && !run.poll(&waker, true).progress();
    drop((run, events));
    let new = || (now.0.difference(&before.0).count(), now.1.difference(&before.1).count());
    Some(pending.then(new))
}

/// Clones of wakers. With a `fresh` waker for each poll, those of earlier polls have to be given back.
fn wakers(probing: &Probing, attempt: u32, fresh: bool) -> Option<Finding> {
    let wait = probing.wake(attempt);
    let task = Task::without_traces();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, events) = factory.local(&task).ok()?;
            let mut wakers = vec![task.waker()];
            for _ in 0..POLLS {
                if fresh {
                    wakers.push(task.waker());
                }
                let last = wakers.last()?;
                if run.poll(last, true).progress() {
                    return None;
                }
            }
            let kept = || wakers.iter().map(|waker| waker.kept(1)).sum::<usize>();
            let (most, wakes) = (kept(), task.wakes());
            if most < MANY_WAKERS {
                return None;
            }
            // Somebody who clears up from time to time gets the time.
            task.wait(wait, || kept() < MANY_WAKERS);
            let (left, woken) = (kept(), (task.wakes() - wakes) as usize);
            drop((run, events));
            // They are all there; or they were, and each of them was woken.
            (left.max(woken) >= MANY_WAKERS).then_some(most)
        }
    });
    let Staged::Done(Some(kept)) = staged else { return None };
    let with = if fresh { "each time with another waker" } else { "with one waker" };
    let headline = format!("polled {POLLS} times {with}, it keeps {kept} clones of wakers");
    Some(Finding::new(Kind::LeakPerPoll, headline).log(&task.log()))
}

/// A waker that does nothing, and has an allocation of its own.
struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Nobody>) {}
}

/// Memory, if somebody tells how much there is.
fn memory(probing: &Probing, _attempt: u32) -> Option<Finding> {
    let allocated = probing.settings.memory.clone()?;
    let task = Task::without_traces();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, events) = factory.local(&task).ok()?;
            let (mut sizes, mut pauses) = (Vec::with_capacity(8), Vec::with_capacity(8));
            for polls in MEMORY_ROUNDS {
                for _ in 0..polls {
                    let waker = Waker::from(Arc::new(Nobody));
                    if run.poll_unseen(&waker).progress() {
                        return None;
                    }
                }
                sizes.push(allocated());
                // In a pause of the future's, nothing must grow.
                std::thread::sleep(std::time::Duration::from_micros(50));
                pauses.push(allocated());
            }
            drop((run, events));
            let rounds = MEMORY_ROUNDS.iter().skip(1).zip(pauses.iter().zip(sizes.iter().skip(1)));
            let mut each = rounds
                .map(|(polls, (before, after))| after.saturating_sub(*before) / *polls as usize);
            let quiet = sizes.iter().zip(&pauses).all(|(before, after)| after <= before);
            let total = sizes.last()?.saturating_sub(*sizes.first()?);
            (quiet && each.all(|bytes| bytes > 0)).then_some(total)
        }
    });
    let Staged::Done(Some(total)) = staged else { return None };
    let polls: u32 = MEMORY_ROUNDS.iter().skip(1).sum();
    let headline = format!("polled {polls} times, with no event: {total} bytes more are allocated");
    Some(Finding::new(Kind::LeakPerPoll, headline))
}

/// Ready because it is polled, though what it waits for has not happened?
fn hasty(probing: &Probing, attempt: u32) -> Option<Finding> {
    let wake = probing.wake(attempt);
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, events) = factory.local(&task).ok()?;
            if events.is_empty() {
                return None;
            }
            let waker = task.waker();
            let ready = (0..FEW_POLLS).any(|_| run.poll(&waker, true).progress());
            if !ready || task.wakes() > 0 {
                return None;
            }
            // Perhaps it may well be: then it is so without those polls, too.
            let task = Task::without_traces();
            let (mut run, events) = factory.local(&task).ok()?;
            let waker = task.waker();
            let first = run.poll(&waker, false);
            let woken = task.wait(wake, || waker.woken());
            drop(events);
            Some(first == Polled::Pending && !woken)
        }
    });
    let Staged::Done(Some(true)) = staged else { return None };
    let headline =
        "polled without a wake-up, it is ready, though what it waits for has not happened";
    Some(Finding::new(Kind::SpuriousPoll, headline).log(&task.log()))
}

/// After many polls without a wake-up, it is woken and ready as ever.
fn works_on(probing: &Probing, attempt: u32) -> Option<Finding> {
    let drive = probing.fair(attempt);
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task).ok()?;
            let waker = task.waker();
            for _ in 0..POLLS {
                match run.poll(&waker, true) {
                    Polled::Pending => {}
                    Polled::Panicked(panic) => return Some(End::Panicked(panic)),
                    Polled::Wrong => return Some(End::Wrong),
                    Polled::Item | Polled::Ready => return None,
                }
            }
            task.remark("from here on, polled only when it is woken");
            Some(run.drive(&mut events, drive))
        }
    });
    let how = match staged {
        Staged::Done(Some(End::Panicked(panic))) => format!("it panics: {panic}"),
        Staged::Done(Some(End::Wrong)) => "it comes to another output".into(),
        Staged::Done(Some(End::Lost { .. })) => "nobody wakes it any more".into(),
        _ => return None,
    };
    let log = task.log();
    let headline = format!("after {POLLS} polls without a wake-up, {how}");
    Some(
        Finding::new(Kind::SpuriousPoll, headline)
            .log(&log)
            .blame(&log, |what| matches!(what, What::Wake { .. })),
    )
}
