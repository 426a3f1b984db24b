//! W7: file descriptors: how long it takes from an event to the task that waits for it, what watching an
//! fd costs, and what both come to in a small HTTP server.
//!
//! - [`ping_pong`]: a byte there and back over a Unix socket pair. *One executor* has both ends: as two
//!   tasks where the executor has tasks, as two futures in a `FuturesUnordered` where it is a plain
//!   `block_on` (async-io, dormouse-builtin). So compare a `block_on` with tokio with care, and with
//!   another `block_on` freely. With *an executor each*, every end has a thread of its own; executors that
//!   spread tasks over threads themselves sit that out.
//! - [`register`]: an fd is put under watch, and taken back.
//! - [`http`]: an echo server of hyper's, with a client that is the same for all.
//!
//! Every reactor is set to watch both directions, where it has a choice.

mod client;
mod http;
mod hyper_io;
mod ping_pong;
mod register;

use super::{Case, Outcome, Size, cpu_ns, short};
use crate::fd_peer::{Executor, FdPeer, Watched};
use std::io;
use std::os::unix::net::UnixStream;

/// How long to run before the measurement, in ms.
const WARM_UP: u64 = 10;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let case = |variant: &str, label: String, n| Case {
        workload: "w7".into(),
        label,
        variant: variant.into(),
        n,
        ms: size.pick(2, 40, 100),
        rounds: size.pick(1, 3, 20),
        ..Case::default()
    };
    let others = size.pick(10, 1_000, 1_000);
    let connections = size.pick(4, 32, 32);
    vec![
        case("one", "ping-pong, one executor".into(), 0),
        case("each", "ping-pong, an executor each".into(), 0),
        case("register", "watch and take back, no others".into(), 0),
        case("register", format!("watch and take back, {} others", short(others)), others),
        case("http", format!("HTTP echo, {connections} connections"), connections),
    ]
}

/// Runs one case with one executor and one way to watch fds.
pub(crate) fn measure<E: Executor, P: FdPeer>(case: &Case) -> Result<Outcome, String> {
    let executor = E::start()?;
    match case.variant.as_str() {
        "one" => ping_pong::one::<E, P>(executor, case),
        "each" if E::SPREADS => Err(io::Error::other("spreads its tasks over threads itself")),
        "each" => ping_pong::each::<E, P>(executor, case),
        "register" => register::measure::<E, P>(executor, case),
        _ => http::measure::<E, P>(executor, case),
    }
    .map_err(|err| err.to_string())
}

/// The non-blocking ends of a socket pair.
fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(true)?;
    Ok((ours, theirs))
}

/// A byte there and back.
async fn round_trip<W: Watched<UnixStream>>(ours: &mut W) -> io::Result<()> {
    ours.write(b"x").await?;
    match ours.read(&mut [0; BUFFER]).await? {
        1 => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends back what comes, until the other end is closed.
async fn echo<W: Watched<UnixStream>>(mut theirs: W) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match theirs.read(&mut buffer).await? {
            0 => return Ok(()),
            read => theirs.write(&buffer[..read]).await?,
        };
    }
}

/// As those of readers usually are, larger than what comes. A reactor may conclude from a short read that
/// there is no more.
const BUFFER: usize = 64;
