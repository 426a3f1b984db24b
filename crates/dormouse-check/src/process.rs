//! What the kernel says about this process: its threads and file descriptors, and how a thread spent its time.
//!
//! All of it comes from `/proc`. Elsewhere than on Linux nothing is known, and the probes that ask find
//! nothing.

use crate::task::lock;
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The name of the checker's own threads. The kernel keeps 15 bytes of it, and gives it to the threads that are
/// started from there without a name.
pub(crate) const OWN_THREAD: &str = "dormouse-check";

/// The ids of the checker's own threads, which are not counted.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Takes the current thread for one of the checker's own, until it has ended.
pub(crate) fn own_this() {
    lock(&OWN).extend(own_id());
}

/// A thread, as it was at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThreadSeen {
    pub(crate) name: String,
    /// Neither running nor waiting for a CPU.
    pub(crate) asleep: bool,
    /// How long it has run, and how often: unchanged as long as it sleeps.
    ran: String,
}

/// How long two looks at the threads are apart.
pub(crate) const GLIMPSE: Duration = Duration::from_millis(2);

/// The threads of this process by id, without the checker's own.
pub(crate) fn threads() -> BTreeMap<u32, ThreadSeen> {
    let mut threads = all_threads();
    let mut own = lock(&OWN);
    own.retain(|id| threads.contains_key(id));
    threads.retain(|id, _| !own.contains(id));
    drop(own);
    threads
}

/// The threads of this process by id.
pub(crate) fn all_threads() -> BTreeMap<u32, ThreadSeen> {
    let mut threads = BTreeMap::new();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return threads };
    for task in tasks.flatten() {
        let Some(id) = task.file_name().to_str().and_then(|id| id.parse().ok()) else { continue };
        // One that cannot be read has just ended.
        if let Some(seen) = thread(id) {
            threads.insert(id, seen);
        }
    }
    threads
}

/// One of the threads of this process, if it has not ended.
pub(crate) fn thread(id: u32) -> Option<ThreadSeen> {
    let stat = fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok()?;
    // "4711 (name) S ...", where the name may hold anything.
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let state = stat[close + 1..].trim_start().chars().next();
    if matches!(state, Some('Z' | 'X')) {
        return None;
    }
    let ran = fs::read_to_string(format!("/proc/self/task/{id}/schedstat")).unwrap_or_default();
    Some(ThreadSeen { name: stat[open + 1..close].to_owned(), asleep: state == Some('S'), ran })
}

/// Whether every thread slept then, sleeps now, and has not run in between. Then none of them is about to do
/// anything, however busy the machine is. Not asked are this one and `caller`, which waits for it.
pub(crate) fn at_rest(
    then: &BTreeMap<u32, ThreadSeen>,
    now: &BTreeMap<u32, ThreadSeen>,
    caller: Option<u32>,
) -> bool {
    let exempt = [own_id(), caller];
    now.iter()
        .filter(|(id, _)| !exempt.contains(&Some(**id)))
        .all(|(id, seen)| seen.asleep && then.get(id) == Some(seen))
}

/// The id of the current thread.
pub(crate) fn own_id() -> Option<u32> {
    fs::read_link("/proc/thread-self").ok()?.file_name()?.to_str()?.parse().ok()
}

/// Those that were not there `before`, and slept then and now without having run in between.
pub(crate) fn slept_on(
    before: &BTreeMap<u32, ThreadSeen>,
    then: &BTreeMap<u32, ThreadSeen>,
    now: &BTreeMap<u32, ThreadSeen>,
) -> Vec<String> {
    now.iter()
        .filter(|(id, seen)| seen.asleep && !before.contains_key(id) && then.get(id) == Some(*seen))
        .map(|(_, seen)| match seen.name.as_str() {
            OWN_THREAD => "no name".to_owned(),
            name => name.to_owned(),
        })
        .collect()
}

/// The open file descriptors by number, and what they refer to.
pub(crate) fn fds() -> BTreeMap<i32, String> {
    let Ok(fds) = fs::read_dir("/proc/self/fd") else { return BTreeMap::new() };
    fds.flatten()
        .filter_map(|fd| {
            let number = fd.file_name().to_str()?.parse().ok()?;
            // The one that reads the directory is closed by now, and cannot be read.
            let target = fs::read_link(fd.path()).ok()?.to_string_lossy().into_owned();
            // Such as the checker itself reads.
            (!target.starts_with("/proc/")).then_some((number, target))
        })
        .collect()
}

/// A moment in the life of the current thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: Instant,
    cpu: Duration,
    /// Time it waited for a CPU, if the kernel counts that.
    queued: Option<Duration>,
}

/// How the current thread spent a span of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) asleep: Duration,
    /// All of it, also what it waited for a CPU.
    pub(crate) wall: Duration,
}

impl Moment {
    pub(crate) fn now() -> Moment {
        let queued = queued();
        Moment { wall: Instant::now(), cpu: cpu(), queued }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.wall.elapsed()
    }

    pub(crate) fn cpu_spent(&self) -> Duration {
        cpu().saturating_sub(self.cpu)
    }

    /// Time in which the thread waited for a CPU counts as neither.
    pub(crate) fn spent(&self) -> Spent {
        // In the opposite order, so that the span is inside of that of the wait for a CPU.
        let (cpu, wall) = (cpu().saturating_sub(self.cpu), self.wall.elapsed());
        let queued = match (self.queued, queued()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            // Then only a repetition tells a thread that slept from one that could not run.
            _ => Duration::ZERO,
        };
        Spent { cpu, asleep: wall.saturating_sub(cpu).saturating_sub(queued), wall }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn queued() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_thread_that_sleeps_on_is_told_from_one_that_runs() {
        let before = threads();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = thread::Builder::new()
            .name("sleeper".into())
            .spawn(move || {
                let _ = ended.recv();
            })
            .expect("a thread can be started");
        let runner = thread::Builder::new()
            .name("runner".into())
            .spawn({
                let started = Instant::now();
                move || while started.elapsed() < Duration::from_millis(200) {}
            })
            .expect("a thread can be started");

        thread::sleep(Duration::from_millis(50));
        let then = threads();
        thread::sleep(Duration::from_millis(50));
        let slept = slept_on(&before, &then, &threads());
        assert!(slept.contains(&"sleeper".to_owned()), "{slept:?}");
        assert!(!slept.contains(&"runner".to_owned()), "{slept:?}");

        drop(end);
        sleeper.join().expect("it does not panic");
        runner.join().expect("it does not panic");
    }

    #[test]
    fn nobody_rests_while_somebody_wants_to_run() {
        let seen = |asleep, ran: &str| ThreadSeen { name: "x".into(), asleep, ran: ran.into() };
        let one = |id, seen| BTreeMap::from([(id, seen)]);
        let asleep = one(1, seen(true, "5"));
        assert!(at_rest(&asleep, &asleep, None));
        assert!(!at_rest(&asleep, &one(1, seen(true, "6")), None), "it has run in between");
        assert!(!at_rest(&asleep, &one(1, seen(false, "5")), None), "it waits for a CPU");
        assert!(!at_rest(&BTreeMap::new(), &asleep, None), "it is new");
        assert!(at_rest(&asleep, &BTreeMap::new(), None), "it has ended");
        assert!(at_rest(&asleep, &one(1, seen(false, "6")), Some(1)), "it is not asked");
    }

    #[test]
    fn a_thread_of_the_checker_is_not_counted_while_it_lives() {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let own = crate::stage::spawn(move || {
            let _ = tell.send(own_id());
            let _ = ended.recv();
        });
        let id = told.recv().ok().flatten().expect("/proc is mounted");
        assert!(!threads().contains_key(&id) && all_threads().contains_key(&id));
        assert!(threads().contains_key(&own_id().expect("/proc is mounted")));
        drop(end);
        own.expect("it was started").join().expect("it does not panic");
        threads();
        assert!(!lock(&OWN).contains(&id), "its number may be another's now");
    }

    #[test]
    fn an_open_file_is_seen() {
        let file = fs::File::open("/dev/zero").expect("there is a /dev/zero");
        assert!(fds().values().any(|target| target.ends_with("zero")));
        drop(file);
    }

    #[test]
    fn sleep_is_told_from_work() {
        let moment = Moment::now();
        thread::sleep(Duration::from_millis(20));
        let slept = moment.spent();
        assert!(slept.asleep >= Duration::from_millis(15), "{slept:?}");
        assert!(slept.cpu < Duration::from_millis(15), "{slept:?}");

        let moment = Moment::now();
        while moment.spent().cpu < Duration::from_millis(20) {}
        let worked = moment.spent();
        assert!(worked.asleep < worked.cpu, "{worked:?}");
    }
}
