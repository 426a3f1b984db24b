//! W7: file descriptors: the time from an event to the task that waits for it, the cost of registering an fd, and
//! both combined in a small HTTP server.
//!
//! - [`ping_pong`]: round trips of one byte over a Unix socket pair. With *one executor*, both ends are tasks of
//!   it, or two futures in a `FuturesUnordered` where the executor is a plain `block_on` (async-io,
//!   dormouse-builtin). So a `block_on` compares well with another `block_on`, and less well with tokio. With
//!   *two executors*, each end has its own thread; executors that run tasks on several threads skip this case.
//! - [`register`]: an fd is registered and deregistered.
//! - [`http`]: an echo server with hyper. The client is the same for all peers.
//!
//! Each fd is registered for both directions, where the reactor offers a choice.

mod client;
mod http;
mod hyper_io;
mod ping_pong;
mod register;
mod socket_pair;

use crate::case::{Case, Outcome, Size, abbreviate};
use crate::fd_peer::FdPeer;
use crate::fd_peer::executor::Executor;
use std::io;

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
        case("each", "ping-pong, two executors".into(), 0),
        case("register", "register and deregister, no others".into(), 0),
        case("register", format!("register and deregister, {} others", abbreviate(others)), others),
        case("http", format!("HTTP echo, {connections} connections"), connections),
    ]
}

/// Runs one case with one executor and one reactor.
pub(crate) fn measure<E: Executor, P: FdPeer>(case: &Case) -> Result<Outcome, String> {
    let executor = E::start()?;
    match case.variant.as_str() {
        "one" => ping_pong::one_executor::<E, P>(executor, case),
        "each" if E::MULTI_THREAD => Err(io::Error::other("runs its tasks on several threads")),
        "each" => ping_pong::two_executors::<E, P>(executor, case),
        "register" => register::measure::<E, P>(executor, case),
        _ => http::measure::<E, P>(executor, case),
    }
    .map_err(|err| err.to_string())
}
