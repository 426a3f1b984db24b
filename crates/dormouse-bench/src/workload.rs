//! What is measured: the list of workloads and cases, and the dispatch from a case to its code. One case of one
//! workload runs in its own process. Workloads are generic over the peer, and know none.

mod churn;
mod combinations;
pub(crate) mod fds;
mod fire;
mod lateness;
mod memory;
mod reset;
pub(crate) mod sockets;
mod support;
pub(crate) mod tasks;
mod timeouts;
pub(crate) mod wakeups;

use crate::case::{Case, Outcome, Size};
use crate::peer::Peer;
use std::time::Duration;

/// The name and a description of each workload.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("w1", "create, poll once and drop a sleep, with others pending"),
    ("w2", "reset a pending sleep"),
    ("w3", "timers that fire, spread over one second"),
    ("w4", "how late one sleep is"),
    ("w5", "memory of a pending timer, with one million of them"),
    ("w6", "wake-ups (voluntary context switches of all threads) and system calls"),
    ("w7", "file descriptors: ping-pong, registration, an HTTP server"),
    ("w8", "a timeout that does not fire"),
    ("w9", "TCP round trips between two tasks: executors, features of dormouse and panic modes"),
    ("w10", "spawning tasks and blocking work, and awaiting them"),
    ("w11", "TCP and UDP sockets: connecting, round trips, many sockets, idle connections"),
];

/// All cases of a run.
pub(crate) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(churn::cases(size));
    all.extend(reset::cases(size));
    all.extend(fire::cases(size));
    all.extend(lateness::cases(size));
    all.extend(memory::cases(size));
    all.extend(wakeups::cases(size));
    all.extend(fds::cases(size));
    all.extend(timeouts::cases(size));
    all.extend(combinations::cases(size));
    all.extend(tasks::cases(size));
    all.extend(sockets::cases(size));
    all
}

/// Runs the [`task`] of a case on a peer: as a spawned task, or under `block_on`. It is a parameter because only
/// code that names the type of the peer can prove that the future is `Send`.
pub(crate) type RunTask<P> = fn(&P, Case) -> Outcome;

/// Runs one case with one peer. W7 has a separate function, [`fds::measure`].
pub(crate) fn measure<P: Peer>(case: &Case, run: RunTask<P>) -> Result<Outcome, String> {
    check_limits::<P>(case)?;
    let peer = P::start()?;
    check_memory(max_pending(case))?;
    match case.workload.as_str() {
        "w1" => Ok(churn::measure(&peer, case)),
        "w2" => reset::measure(&peer, case),
        "w4" => {
            let _load = lateness::start_load(case);
            Ok(measure_task(&peer, case, run))
        }
        "w5" => Ok(memory::measure(&peer, case)),
        "w3" | "w6" | "w8" => Ok(measure_task(&peer, case, run)),
        other => Err(format!("unknown workload {other}")),
    }
}

fn measure_task<P: Peer>(peer: &P, case: &Case, run: RunTask<P>) -> Outcome {
    support::park_once(peer);
    run(peer, case.clone())
}

/// The part of a workload that runs as a task.
pub(crate) async fn task<P: Peer>(case: Case) -> Outcome {
    match case.workload.as_str() {
        "w3" => fire::task::<P>(case).await,
        "w4" => lateness::task::<P>(case).await,
        "w6" => wakeups::task::<P>(case).await,
        "w8" => timeouts::task::<P>(case).await,
        other => unreachable!("{other} has no task"),
    }
}

/// W4 with a sleep that blocks its thread.
pub(crate) fn measure_blocking(
    case: &Case,
    sleep: impl FnMut(Duration),
) -> Result<Outcome, String> {
    if case.workload != "w4" {
        return Err("blocks its thread".into());
    }
    Ok(lateness::measure_blocking(case, sleep))
}

fn check_limits<P: Peer>(case: &Case) -> Result<(), String> {
    if let Some((limit, reason)) = P::max_pending() {
        if max_pending(case) > limit {
            return Err(format!("at most {limit} pending: {reason}"));
        }
    }
    match P::max_per_waker() {
        Some((limit, reason)) if max_per_waker(case) > limit => Err(reason.into()),
        _ => Ok(()),
    }
}

/// How many timers are pending at the same time.
fn max_pending(case: &Case) -> u64 {
    if case.workload == "w6" { wakeups::max_pending(case) } else { case.n }
}

/// How many pending timers share one waker.
fn max_per_waker(case: &Case) -> u64 {
    // In these two, each sleep is polled in a `FuturesUnordered`, with its own waker.
    let own_wakers = case.workload == "w3" || case.variant == "timeouts";
    if own_wakers { 1 } else { max_pending(case) / case.threads.max(1) as u64 }
}

/// Returns an error if `n` timers may not fit into memory, before the kernel's OOM killer ends a process.
fn check_memory(n: u64) -> Result<(), String> {
    /// More than a timer takes in any peer.
    const BYTES: u64 = 800;
    let read = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = read.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let mib = |bytes: u64| bytes >> 20;
    match kib.map(|kib| kib * 1024) {
        Some(available) if n * BYTES > available => Err(format!(
            "may take {} MiB, and {} MiB are available",
            mib(n * BYTES),
            mib(available)
        )),
        _ => Ok(()),
    }
}
