//! How long a poll blocks its thread, asleep or computing.
//!
//! A poll can also take long because its thread waits for a CPU. That time is not counted, and the finding needs several
//! runs with a poll over the limit.

use crate::driver::Drive;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process::ThreadTime;
use crate::task::Task;
use crate::timeline::Entry;
use crate::watchdog::Outcome;

/// How many runs must have a poll over the limit.
const RUNS_OVER: u32 = 3;
/// How many runs may stay within it. The measured time is a lower bound: if the thread waits for a CPU while it is
/// measured, it seems to have slept less.
const RUNS_UNDER: u32 = 6;

/// The longest poll of a run.
struct LongestPoll {
    time: ThreadTime,
    number: u32,
    log: Vec<Entry>,
}

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let limit = context.settings.blocking_limit;
    let (mut over, mut under) = (0, 0);
    let mut least: Option<LongestPoll> = None;
    while over < RUNS_OVER {
        let longest = longest_poll(context)?;
        let blocked = longest.time.blocked();
        if blocked <= limit {
            under += 1;
            // A poll that returned in time needs no further runs.
            if under > RUNS_UNDER || over == 0 && longest.time.wall <= limit {
                return None;
            }
            continue;
        }
        over += 1;
        if least.as_ref().is_none_or(|least| blocked < least.time.blocked()) {
            least = Some(longest);
        }
    }

    let LongestPoll { time, number, log } = least?;
    let (asleep, cpu) = (time.asleep.as_secs_f64() * 1e3, time.cpu.as_secs_f64() * 1e3);
    let headline = format!(
        "poll {number} blocks its thread for {:.0} ms: {asleep:.1} ms asleep, {cpu:.1} ms of CPU time",
        asleep + cpu
    );
    let limit = limit.as_secs_f64() * 1e3;
    let runs = over + under;
    let detail =
        format!("the limit is {limit:.0} ms, and it was exceeded in {over} runs of {runs}");
    let finding = Finding::new(Kind::BlockingPoll, headline).with_log(&log);
    Some(finding.at_poll(number).with_detail(detail))
}

fn longest_poll(context: &ProbeContext) -> Option<LongestPoll> {
    let (options, limit) = (context.drive_options(1), context.settings.blocking_limit);
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        instance.measure_polls();
        let _ = instance.drive(&mut events, options);
        Some(instance.poll_times().to_vec())
    });
    let Outcome::Done(Some(times)) = outcome else { return None };
    let (number, time) =
        (1..).zip(times).max_by_key(|(_, time)| (time.blocked() > limit, time.wall))?;
    Some(LongestPoll { time, number, log: task.log() })
}
