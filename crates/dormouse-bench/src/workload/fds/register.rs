//! Watching an fd, and no longer: a non-blocking socket is wrapped, nothing is awaited, and the socket is
//! taken out of the wrapper again, which stays open. So nobody's close counts.
//!
//! The socket is writable when it comes under watch, as new sockets are, and edge-triggered reactors
//! report that at once. Between batches the driver gets its turn, with a round trip on another pair; its
//! CPU time counts among the others'.

use super::{Case, Outcome, WARM_UP, cpu_ns, echo, pair, round_trip};
use crate::fd_peer::{Executor, FdPeer, Watched};
use futures_util::future::{Either, select};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Enough that the round trip in between counts for little.
const BATCH: u64 = 200;

pub(super) fn measure<E: Executor, P: FdPeer>(executor: E, case: &Case) -> io::Result<Outcome> {
    allow_fds();
    let (sender, answer) = channel();
    let case = case.clone();
    executor.all(vec![async move {
        let _ = sender.send(task::<P::Unix>(&case).await);
    }]);
    answer.recv().expect("the task that measures")
}

/// As many as may be: the usual 1024 are too few, with a duplicate for each.
fn allow_fds() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If not, watching says that there are too few.
    let _ = setrlimit(Resource::Nofile, limit);
}

async fn task<W: Watched<UnixStream>>(case: &Case) -> io::Result<Outcome> {
    let mut others = Vec::new();
    for _ in 0..case.n.div_ceil(2) {
        let (one, two) = pair()?;
        others.extend([W::watch(one)?, W::watch(two)?]);
    }
    let (ours, theirs) = pair()?;
    let mut ours = W::watch(ours)?;
    let echo = pin!(echo(W::watch(theirs)?));
    let outcome = async {
        // The others are all writable; that has been reported when this is over.
        for _ in 0..case.n.max(10) {
            round_trip(&mut ours).await?;
        }
        churn(&mut ours, case).await
    };
    match select(pin!(outcome), echo).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((ended, _)) => Err(ended.err().unwrap_or(io::ErrorKind::BrokenPipe.into())),
    }
}

async fn churn<W: Watched<UnixStream>>(driven: &mut W, case: &Case) -> io::Result<Outcome> {
    let (mut socket, _other_end) = pair()?;
    let mut outcome = Outcome::default();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(WARM_UP) {
        socket = W::watch(socket)?.into_inner()?;
        round_trip(driven).await?;
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        let start = Instant::now();
        for _ in 0..BATCH {
            socket = W::watch(socket)?.into_inner()?;
        }
        outcome.put("wall ns", start.elapsed().as_nanos() as f64 / BATCH as f64);
        count += BATCH;
        round_trip(driven).await?;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    Ok(outcome)
}
