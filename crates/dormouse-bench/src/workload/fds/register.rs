//! Registers and deregisters an fd: a non-blocking socket is wrapped, nothing is awaited, and the socket is taken
//! out of the wrapper again and stays open. So the cost of closing it is not measured.
//!
//! The socket is writable when it is registered, as new sockets are, and edge-triggered reactors report that at
//! once. A round trip on another pair between batches lets the driver run; its CPU time is included.

use super::socket_pair::{echo, pair, round_trip};
use crate::case::{Case, Outcome};
use crate::fd_peer::FdPeer;
use crate::fd_peer::executor::Executor;
use crate::fd_peer::socket::Registered;
use crate::workload::support::{WARM_UP, cpu_ns};
use futures_util::future::{Either, select};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Large enough that the round trip between two batches is negligible.
const BATCH: u64 = 200;

pub(super) fn measure<E: Executor, P: FdPeer>(executor: E, case: &Case) -> io::Result<Outcome> {
    raise_fd_limit();
    let (sender, outcome) = channel();
    let case = case.clone();
    executor.run_all(vec![async move {
        let _ = sender.send(task::<P::Unix>(&case).await);
    }]);
    outcome.recv().expect("the measuring task panicked")
}

/// Sets the soft limit to the hard limit: the usual 1024 are too few, because some peers duplicate each fd.
fn raise_fd_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If this fails, registration returns an error.
    let _ = setrlimit(Resource::Nofile, limit);
}

async fn task<W: Registered<UnixStream>>(case: &Case) -> io::Result<Outcome> {
    let mut others = Vec::new();
    for _ in 0..case.n.div_ceil(2) {
        let (one, two) = pair()?;
        others.extend([W::register(one)?, W::register(two)?]);
    }
    let (client, server) = pair()?;
    let mut client = W::register(client)?;
    let echo = pin!(echo(W::register(server)?));
    let outcome = async {
        // The other sockets are all writable. The reactor has reported that after these round trips.
        for _ in 0..case.n.max(10) {
            round_trip(&mut client).await?;
        }
        churn(&mut client, case).await
    };
    match select(pin!(outcome), echo).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((ended, _)) => Err(ended.err().unwrap_or(io::ErrorKind::BrokenPipe.into())),
    }
}

async fn churn<W: Registered<UnixStream>>(client: &mut W, case: &Case) -> io::Result<Outcome> {
    let (mut socket, _other_end) = pair()?;
    let mut outcome = Outcome::default();
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        socket = W::register(socket)?.into_inner()?;
        round_trip(client).await?;
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        let start = Instant::now();
        for _ in 0..BATCH {
            socket = W::register(socket)?.into_inner()?;
        }
        outcome.put("wall ns", start.elapsed().as_nanos() as f64 / BATCH as f64);
        count += BATCH;
        round_trip(client).await?;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    Ok(outcome)
}
