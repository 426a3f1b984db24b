//! The threads of this process: those of the checker, which are not counted, and all others.

use crate::sync::lock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// The name of the checker's threads. It fits into the 15 bytes that the kernel keeps. The threads that they start
/// without a name inherit it.
pub(crate) const CHECKER_THREAD: &str = "dormouse-check";

/// The ids of the checker's threads, which are not counted.
static CHECKER_THREADS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The time between two snapshots of the threads.
pub(crate) const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(2);

/// The state of a thread at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThreadState {
    pub(crate) name: String,
    /// Neither running nor waiting for a CPU.
    pub(crate) asleep: bool,
    /// The contents of `schedstat`: how long the thread has run, and how often. They do not change while it sleeps.
    schedstat: String,
}

/// A snapshot of the threads of this process, by id.
pub(crate) type Threads = BTreeMap<u32, ThreadState>;

/// Starts a thread of the checker, which [`threads`] omits.
pub(crate) fn spawn<R: Send + 'static>(
    code: impl FnOnce() -> R + Send + 'static,
) -> Option<thread::JoinHandle<R>> {
    let run = || {
        lock(&CHECKER_THREADS).extend(current_thread_id());
        code()
    };
    thread::Builder::new().name(CHECKER_THREAD.into()).spawn(run).ok()
}

/// The ids of the checker's threads that exist. A sweep of races starts many threads that soon end.
pub(super) fn checker_threads() -> Vec<u32> {
    let mut own = lock(&CHECKER_THREADS);
    own.retain(|id| Path::new(&format!("/proc/self/task/{id}")).exists());
    own.iter().copied().collect()
}

/// The threads of this process, without those of the checker.
pub(crate) fn threads() -> Threads {
    let mut threads = all_threads();
    let mut own = lock(&CHECKER_THREADS);
    own.retain(|id| threads.contains_key(id));
    threads.retain(|id, _| !own.contains(id));
    drop(own);
    threads
}

fn all_threads() -> Threads {
    let mut threads = BTreeMap::new();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return threads };
    for task in tasks.flatten() {
        let Some(id) = task.file_name().to_str().and_then(|id| id.parse().ok()) else { continue };
        // If it cannot be read, the thread has just ended.
        if let Some(state) = thread(id) {
            threads.insert(id, state);
        }
    }
    threads
}

/// The state of a thread of this process, or `None` if it has ended.
pub(crate) fn thread(id: u32) -> Option<ThreadState> {
    let stat = fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok()?;
    // "4711 (name) S ...", where the name may contain parentheses.
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let state = stat[close + 1..].trim_start().chars().next();
    if matches!(state, Some('Z' | 'X')) {
        return None;
    }
    let path = format!("/proc/self/task/{id}/schedstat");
    let schedstat = fs::read_to_string(path).unwrap_or_default();
    let name = stat[open + 1..close].to_owned();
    Some(ThreadState { name, asleep: state == Some('S'), schedstat })
}

/// The id of the current thread.
pub(crate) fn current_thread_id() -> Option<u32> {
    fs::read_link("/proc/thread-self").ok()?.file_name()?.to_str()?.parse().ok()
}

/// Whether every thread slept in `before`, sleeps in `now`, and has not run in between. Then none of them is about to
/// do anything, whatever the load of the machine.
///
/// The current thread is exempt, and so is `caller`, which waits for it.
pub(crate) fn all_stayed_asleep(before: &Threads, now: &Threads, caller: Option<u32>) -> bool {
    let exempt = [current_thread_id(), caller];
    now.iter()
        .filter(|(id, _)| !exempt.contains(&Some(**id)))
        .all(|(id, state)| state.asleep && before.get(id) == Some(state))
}

/// The names of the threads that are not in `old`, slept in `before`, sleep in `now`, and have not run in between.
pub(crate) fn new_sleeping_threads(old: &Threads, before: &Threads, now: &Threads) -> Vec<String> {
    now.iter()
        .filter(|(id, state)| {
            state.asleep && !old.contains_key(id) && before.get(id) == Some(*state)
        })
        .map(|(_, state)| match state.name.as_str() {
            // Inherited from a thread of the checker.
            CHECKER_THREAD => "no name".to_owned(),
            name => name.to_owned(),
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};

    #[test]
    fn a_sleeping_thread_is_distinguished_from_a_running_one() {
        let old = threads();
        let (started, starts) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = thread::Builder::new()
            .name("sleeper".into())
            .spawn({
                let started = started.clone();
                move || {
                    let _ = started.send(current_thread_id());
                    let _ = ended.recv();
                }
            })
            .expect("a thread can be started");
        let sleeping = starts.recv().ok().flatten().expect("/proc is mounted");
        while !thread(sleeping).expect("it has not ended").asleep {
            thread::sleep(SNAPSHOT_INTERVAL);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let runner = thread::Builder::new()
            .name("runner".into())
            .spawn({
                let stop = stop.clone();
                move || {
                    let _ = started.send(current_thread_id());
                    while !stop.load(Ordering::Relaxed) {}
                }
            })
            .expect("a thread can be started");
        starts.recv().expect("it has started");

        let before = threads();
        thread::sleep(SNAPSHOT_INTERVAL);
        let asleep = new_sleeping_threads(&old, &before, &threads());
        assert!(asleep.contains(&"sleeper".to_owned()), "{asleep:?}");
        assert!(!asleep.contains(&"runner".to_owned()), "{asleep:?}");

        drop(end);
        stop.store(true, Ordering::Relaxed);
        sleeper.join().expect("it does not panic");
        runner.join().expect("it does not panic");
    }

    #[test]
    fn a_thread_that_has_run_or_waits_for_a_cpu_has_not_stayed_asleep() {
        let state = |asleep, schedstat: &str| ThreadState {
            name: "x".into(),
            asleep,
            schedstat: schedstat.into(),
        };
        let one = |id, state| BTreeMap::from([(id, state)]);
        let asleep = one(1, state(true, "5"));
        assert!(all_stayed_asleep(&asleep, &asleep, None));
        assert!(!all_stayed_asleep(&asleep, &one(1, state(true, "6")), None), "it ran in between");
        assert!(!all_stayed_asleep(&asleep, &one(1, state(false, "5")), None), "waits for a CPU");
        assert!(!all_stayed_asleep(&BTreeMap::new(), &asleep, None), "it is new");
        assert!(all_stayed_asleep(&asleep, &BTreeMap::new(), None), "it has ended");
        assert!(all_stayed_asleep(&asleep, &one(1, state(false, "6")), Some(1)), "it is exempt");
    }

    #[test]
    fn a_thread_of_the_checker_is_not_counted_while_it_exists() {
        let (send_id, receive_id) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let own = spawn(move || {
            let _ = send_id.send(current_thread_id());
            let _ = ended.recv();
        });
        let id = receive_id.recv().ok().flatten().expect("/proc is mounted");
        assert!(!threads().contains_key(&id) && all_threads().contains_key(&id));
        assert!(threads().contains_key(&current_thread_id().expect("/proc is mounted")));
        drop(end);
        own.expect("it was started").join().expect("it does not panic");
        threads();
        assert!(!lock(&CHECKER_THREADS).contains(&id), "its id may be reused");
    }
}
