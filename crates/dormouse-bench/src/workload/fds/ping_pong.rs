//! A byte there and back: two wake-ups, and little else.

use super::{Case, Outcome, WARM_UP, cpu_ns, echo, pair, round_trip};
use crate::fd_peer::{Executor, FdPeer, Watched};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Round trips between two looks at the clock.
const BATCH: u64 = 50;

type Answer = Sender<io::Result<Outcome>>;

/// Both ends on one executor.
pub(super) fn one<E: Executor, P: FdPeer>(executor: E, case: &Case) -> io::Result<Outcome> {
    let (ours, theirs) = pair()?;
    let (sender, answer) = channel();
    executor.all(vec![
        end::<P::Unix>(ours, Some((case.clone(), sender))),
        end::<P::Unix>(theirs, None),
    ]);
    answer.recv().expect("the end that asks")
}

/// An end for each of two executors, on a thread each.
pub(super) fn each<E: Executor, P: FdPeer>(executor: E, case: &Case) -> io::Result<Outcome> {
    let (ours, theirs) = pair()?;
    let (sender, answer) = channel();
    let other = std::thread::spawn(move || {
        E::start().map(|executor| executor.all(vec![end::<P::Unix>(theirs, None)]))
    });
    executor.all(vec![end::<P::Unix>(ours, Some((case.clone(), sender)))]);
    other.join().expect("the end that answers").map_err(io::Error::other)?;
    answer.recv().expect("the end that asks")
}

/// One type for both ends, as the executors want it.
async fn end<W: Watched<UnixStream>>(socket: UnixStream, asks: Option<(Case, Answer)>) {
    let watched = W::watch(socket);
    match (watched, asks) {
        (Ok(theirs), None) => echo(theirs).await.expect("the end that answers"),
        (Ok(ours), Some((case, answer))) => {
            let _ = answer.send(ask(ours, &case).await);
        }
        (Err(err), Some((_, answer))) => {
            let _ = answer.send(Err(err));
        }
        // Dropped, it is closed; so the end that asks is told.
        (Err(_), None) => {}
    }
}

async fn ask<W: Watched<UnixStream>>(mut ours: W, case: &Case) -> io::Result<Outcome> {
    let mut outcome = Outcome::default();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(WARM_UP) {
        round_trip(&mut ours).await?;
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        let start = Instant::now();
        for _ in 0..BATCH {
            round_trip(&mut ours).await?;
        }
        outcome.put("wall ns", start.elapsed().as_nanos() as f64 / BATCH as f64);
        count += BATCH;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    Ok(outcome)
}
