//! What an instance leaves behind when it is dropped: threads, file descriptors, wakers.
//!
//! Threads and descriptors belong to the process, and other code creates some as well: a library starts its thread when
//! the first future needs it, another test opens a file. So one observation is only a suspicion. It is reported if each
//! of several instances leaves something behind, and nothing appears in the pauses between them.
//!
//! A thread is left behind if it stays asleep while every other thread sleeps, too: then no thread is about to signal
//! it to end. A thread that has been signalled, and waits for a CPU, is not asleep.
//!
//! A waker that is left behind is a failure if wakers accumulate: if each of several futures leaves one, also after its
//! events are dropped. Otherwise there is a slot for one waker, which belongs to the other end of a channel or is used
//! again by the next future. That is a note.

mod accumulate;
mod observe;

use crate::drop_point::DropPoint;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process::SNAPSHOT_INTERVAL;
use crate::timeline::Entry;
use observe::{ENDLESS_WAKES, Leftovers, Observation, observe};
use std::time::Duration;

/// How many instances must leave something behind, each after a pause in which nothing appears.
const INSTANCES: u32 = 6;
/// How many observations in a row may be inconclusive.
const MAX_INCONCLUSIVE: u32 = 200;

/// A drop point, and the first observation there.
struct Suspect<'a> {
    context: &'a ProbeContext,
    point: DropPoint,
    leftovers: Leftovers,
    log: Vec<Entry>,
}

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let mut completed = false;
    for point in DropPoint::all(context.settings.max_polls) {
        if completed && !point.back_to_back {
            continue;
        }
        let suspect = Suspect::new(context, point)?;
        completed |= suspect.leftovers.completed;
        let finding = suspect
            .endless_wakes()
            .or_else(|| suspect.thread())
            .or_else(|| suspect.fd())
            .or_else(|| suspect.waker());
        if finding.is_some() {
            return finding;
        }
    }
    None
}

/// A third of the time that the future takes. A thread that sleeps for as long has not been signalled to end; and a
/// thread that sleeps until the future would be ready is still asleep.
fn sleep_time(context: &ProbeContext) -> Duration {
    (context.min_ready_time.get() / 3).clamp(SNAPSHOT_INTERVAL, Duration::from_millis(100))
}

impl<'a> Suspect<'a> {
    fn new(context: &'a ProbeContext, point: DropPoint) -> Option<Suspect<'a>> {
        let observation = Observation {
            sleep_time: sleep_time(context),
            timeout: context.wake_timeout(0),
            thorough: true,
        };
        // Any poll may start a thread, but usually the first one does.
        let likely = point.polls == 1 || point.back_to_back;
        let repetitions = if likely { MAX_INCONCLUSIVE / 4 } else { 2 };
        let mut observed = observe(context, Some(point), observation);
        for number in 1..repetitions {
            let repeat = observed.as_ref().is_some_and(|(leftovers, _)| {
                leftovers.inconclusive && leftovers.wakers == 0 && leftovers.fds.is_empty()
            });
            if repeat {
                observed = observe(context, Some(point), observation.shortened(number));
            }
        }
        let (leftovers, log) = observed?;
        Some(Suspect { context, point, leftovers, log })
    }

    /// How to repeat the observation.
    fn observation(&self, attempt: u32, thorough: bool) -> Observation {
        let timeout = self.context.wake_timeout(attempt);
        Observation { sleep_time: sleep_time(self.context), timeout, thorough }
    }

    fn endless_wakes(&self) -> Option<Finding> {
        let is_endless =
            |leftovers: &Leftovers| leftovers.wakers > 0 && leftovers.wakes >= ENDLESS_WAKES;
        if !is_endless(&self.leftovers) {
            return None;
        }
        for attempt in 1..3 {
            let observation = self.observation(attempt, true);
            let (leftovers, _) = observe(self.context, Some(self.point), observation)?;
            if !is_endless(&leftovers) {
                return None;
            }
        }
        Some(self.woken_again_and_again(&self.log))
    }

    fn woken_again_and_again(&self, log: &[Entry]) -> Finding {
        let headline = format!("{}, its task is woken again and again", self.after_drop());
        Finding::new(Kind::WakesAfterDrop, headline).with_log(log).with_culprit(log, |_| true)
    }

    fn thread(&self) -> Option<Finding> {
        let name = self.leftovers.threads.first()?;
        if !self.each_instance(|leftovers| !leftovers.threads.is_empty()) {
            return None;
        }
        let headline =
            format!("{}, a thread that it started stays asleep: `{name}`", self.after_drop());
        let finding =
            Finding::new(Kind::ThreadLeft, headline).with_log(&self.log).with_detail(agreement());
        Some(match self.leftovers.wakers {
            0 => finding,
            wakers => finding
                .with_detail(format!("{} not dropped, perhaps by that thread", clones(wakers))),
        })
    }

    fn fd(&self) -> Option<Finding> {
        let fd = self.leftovers.fds.first()?;
        if !self.each_instance(|leftovers| !leftovers.fds.is_empty()) {
            return None;
        }
        let headline = format!("{}, a file descriptor stays open: {fd}", self.after_drop());
        let finding = Finding::new(Kind::FdLeft, headline);
        Some(finding.with_log(&self.log).with_detail(agreement()))
    }

    fn waker(&self) -> Option<Finding> {
        if self.leftovers.wakers == 0 {
            return None;
        }
        // In the first observation, the thread that wakes may not have had the time to do so.
        let mut endless_log = None;
        let mut always_woken = true;
        let finding = self.context.confirmed(|attempt| {
            let observation = self.observation(attempt, true);
            let (leftovers, log) = observe(self.context, Some(self.point), observation)?;
            if leftovers.wakers == 0 {
                return None;
            }
            always_woken &= leftovers.wakes >= ENDLESS_WAKES;
            endless_log = Some(log.clone()).filter(|_| always_woken);
            let headline = format!(
                "{}, {} not dropped within {} ms",
                self.after_drop(),
                clones(leftovers.wakers),
                observation.timeout.duration().as_millis()
            );
            Some(Finding::new(Kind::WakerLeft, headline).with_log(&log))
        })?;
        if let Some(log) = endless_log {
            return Some(self.woken_again_and_again(&log));
        }
        Some(match accumulate::wakers_left(self.context, self.point) {
            Some(wakers) => finding.with_detail(format!(
                "{wakers} of {} futures leave their wakers behind, also after their events are dropped",
                accumulate::FUTURES
            )),
            None => finding.into_note(),
        })
    }

    /// Whether each of several instances leaves something behind, and nothing appears without an instance.
    fn each_instance(&self, leaves_something: impl Fn(&Leftovers) -> bool) -> bool {
        let observation = self.observation(1, false);
        let (mut instances, mut inconclusive) = (0, 0);
        while instances < INSTANCES && inconclusive < MAX_INCONCLUSIVE {
            let Some((pause, _)) = observe(self.context, None, observation) else { return false };
            if leaves_something(&pause) {
                return false;
            }
            let observation = observation.shortened(inconclusive);
            let Some((leftovers, _)) = observe(self.context, Some(self.point), observation) else {
                return false;
            };
            if leaves_something(&leftovers) {
                (instances, inconclusive) = (instances + 1, 0);
            } else if leftovers.inconclusive {
                inconclusive += 1;
            } else {
                return false;
            }
        }
        instances == INSTANCES
    }

    fn after_drop(&self) -> String {
        match self.point.polls {
            0 => "dropped before its first poll".to_owned(),
            1 => "after a poll and a drop".to_owned(),
            polls => format!("after {polls} polls and a drop"),
        }
    }
}

fn clones(count: usize) -> String {
    match count {
        1 => "a clone of its waker is".into(),
        _ => format!("{count} clones of its waker are"),
    }
}

fn agreement() -> String {
    format!(
        "the same for {INSTANCES} instances of {INSTANCES}, and in none of the {INSTANCES} pauses between them"
    )
}
