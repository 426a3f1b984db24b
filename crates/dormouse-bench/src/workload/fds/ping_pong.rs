//! A round trip of one byte: two wake-ups, and little else.

use super::socket_pair::{echo, pair, round_trip};
use crate::case::{Case, Outcome};
use crate::fd_peer::FdPeer;
use crate::fd_peer::executor::Executor;
use crate::fd_peer::socket::Registered;
use crate::workload::support::{WARM_UP, cpu_ns};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Round trips between two reads of the clock.
const BATCH: u64 = 50;

type ResultSender = Sender<io::Result<Outcome>>;

/// Both ends on one executor.
pub(super) fn one_executor<E: Executor, P: FdPeer>(
    executor: E,
    case: &Case,
) -> io::Result<Outcome> {
    let (client, server) = pair()?;
    let (sender, outcome) = channel();
    executor.run_all(vec![
        end::<P::Unix>(client, Some((case.clone(), sender))),
        end::<P::Unix>(server, None),
    ]);
    outcome.recv().expect("the client end panicked")
}

/// The ends on two executors, one thread each.
pub(super) fn two_executors<E: Executor, P: FdPeer>(
    executor: E,
    case: &Case,
) -> io::Result<Outcome> {
    let (client, server) = pair()?;
    let (sender, outcome) = channel();
    let other = std::thread::spawn(move || {
        E::start().map(|executor| executor.run_all(vec![end::<P::Unix>(server, None)]))
    });
    executor.run_all(vec![end::<P::Unix>(client, Some((case.clone(), sender)))]);
    other.join().expect("the server end panicked").map_err(io::Error::other)?;
    outcome.recv().expect("the client end panicked")
}

/// The client end if it has a case to measure, else the server end. Both have the same type, because an executor
/// takes futures of one type.
async fn end<W: Registered<UnixStream>>(socket: UnixStream, client: Option<(Case, ResultSender)>) {
    match (W::register(socket), client) {
        (Ok(server), None) => echo(server).await.expect("the server end failed"),
        (Ok(client), Some((case, outcome))) => {
            let _ = outcome.send(measure(client, &case).await);
        }
        (Err(err), Some((_, outcome))) => {
            let _ = outcome.send(Err(err));
        }
        // The socket is dropped and so closed; the client end gets an error.
        (Err(_), None) => {}
    }
}

async fn measure<W: Registered<UnixStream>>(mut client: W, case: &Case) -> io::Result<Outcome> {
    let mut outcome = Outcome::default();
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        round_trip(&mut client).await?;
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        let start = Instant::now();
        for _ in 0..BATCH {
            round_trip(&mut client).await?;
        }
        outcome.put("wall ns", start.elapsed().as_nanos() as f64 / BATCH as f64);
        count += BATCH;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    Ok(outcome)
}
