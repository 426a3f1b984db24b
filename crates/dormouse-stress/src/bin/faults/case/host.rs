//! What the program around the library does to its threads: signal masks, scheduling, namespaces.

use crate::library::Library;
use crate::outcome::{FIRES, and_then};
use crate::tracked_sleep::{observe, some_sleeps};
use dormouse::clock::Boottime;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

const MS: Duration = Duration::from_millis(1);

/// Runs a future on this thread alone, if the library can.
fn block_on<T>(library: Library, future: impl Future<Output = T>) -> T {
    if library.in_tokio {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(future)
    } else if library.is_dormouse() {
        dormouse::block_on(future)
    } else {
        smol::block_on(future)
    }
}

/// After the first sleep the program blocks SIGTERM, to receive it from a signalfd.
pub(super) fn signalfd(library: Library) -> String {
    let first = if library.in_tokio {
        // The threads of a runtime take signals as those of any program do.
        block_on(library, async { (library.sleep)(MS).await });
        FIRES.to_owned()
    } else {
        observe(&mut some_sleeps(library))
    };
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block().expect("a mask");
    let fd = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK).expect("a signalfd");
    kill(Pid::this(), Signal::SIGTERM).expect("a signal");
    std::thread::sleep(20 * MS);
    and_then(first, || match fd.read_signal() {
        Ok(Some(_)) => FIRES.to_owned(),
        _ => "no signal".to_owned(),
    })
}

/// The first use is in a thread that is bound to one CPU. No other thread may be bound to it afterwards.
pub(super) fn bound_thread(library: Library) -> String {
    let allowed = |task: &Path| status(task, "Cpus_allowed_list:");
    first_used_in_a_thread(library, allowed, "a thread is bound", || {
        let all = sched_getaffinity(None).expect("an affinity");
        let mut one = CpuSet::new();
        one.set((0..CpuSet::MAX_CPU).find(|&cpu| all.is_set(cpu)).unwrap_or(0));
        sched_setaffinity(None, &one).expect("a subset");
    })
}

/// The first use is in a thread of the scheduling class SCHED_IDLE, set by `scripts/faults-preload.c`.
pub(super) fn idle_thread(library: Library) -> String {
    // After the name in parentheses, the policy is the 39th field.
    let policy = |task: &Path| {
        let stat = std::fs::read_to_string(task.join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().nth(38));
        fields.flatten().unwrap_or_default().to_owned()
    };
    first_used_in_a_thread(library, policy, "a thread keeps the class", || {
        let _ = std::os::unix::process::parent_id();
    })
}

/// Compares a property of all threads with that of the main thread.
fn first_used_in_a_thread(
    library: Library,
    property: impl Fn(&Path) -> String,
    differs: &str,
    prepare: impl FnOnce() + Send + 'static,
) -> String {
    let first = std::thread::spawn(move || {
        prepare();
        if library.in_tokio {
            block_on(library, async { (library.sleep)(MS).await });
            return FIRES.to_owned();
        }
        observe(&mut some_sleeps(library))
    });
    let first = first.join().expect("no panic");
    let main = property(Path::new("/proc/thread-self"));
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let equal = tasks.map(|task| property(&task.path())).all(|of| of.is_empty() || of == main);
    and_then(first, || if equal { FIRES } else { differs }.to_owned())
}

fn status(task: &Path, field: &str) -> String {
    let status = std::fs::read_to_string(task.join("status")).unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    value.unwrap_or_default().trim().to_owned()
}

/// A process with several threads can enter neither a new user namespace nor a time namespace.
const TWO_THREADS: &str = "a second thread";

/// After some sleeps in `block_on`, the process enters a new user namespace.
pub(super) fn user_namespace(library: Library) -> String {
    block_on(library, some(library));
    if unshare(CloneFlags::CLONE_NEWUSER).is_err() {
        return TWO_THREADS.to_owned();
    }
    block_on(library, some(library));
    FIRES.to_owned()
}

async fn some(library: Library) {
    for ms in [0, 1, 5] {
        (library.sleep)(ms * MS).await;
    }
}

/// By which the clocks of the namespace are behind.
const BEHIND: Duration = Duration::from_secs(1);

/// The process enters a time namespace whose clocks are a second behind. No sleep completes before its own clock has
/// reached its deadline.
pub(super) fn time_namespace(library: Library) -> String {
    block_on(library, async {
        some(library).await;
        let pending_until = Boottime::now() + 100 * MS;
        let mut pending = (library.sleep)(100 * MS);
        assert!(futures::poll!(&mut pending).is_pending());
        if enter_time_namespace().is_none() {
            return TWO_THREADS.to_owned();
        }
        for ms in [50, 1, 5, 20] {
            let start = Instant::now();
            // The second poll finds the sleep registered.
            let mut sleep = (library.sleep)(ms * MS);
            if futures::poll!(&mut sleep).is_pending() {
                sleep.await;
            }
            if start.elapsed() < ms * MS {
                return "fires early".to_owned();
            }
        }
        pending.await;
        let early = Boottime::now() < pending_until;
        if early { "fires early: one that was pending" } else { FIRES }.to_owned()
    })
}

fn enter_time_namespace() -> Option<()> {
    const NEW_TIME: CloneFlags = CloneFlags::from_bits_retain(0x80);
    unshare(NEW_TIME).ok()?;
    let s = BEHIND.as_secs();
    let offsets = format!("boottime -{s} 0\nmonotonic -{s} 0\n");
    std::fs::write("/proc/self/timens_offsets", offsets).ok()?;
    let namespace = std::fs::File::open("/proc/self/ns/time_for_children").ok()?;
    setns(namespace, NEW_TIME).ok()
}
