//! W11: TCP and UDP sockets that the peer opens itself, on loopback.
//!
//! - `connect`: connect, accept, one exchange, close. One task connects, another accepts.
//! - `tcp`, `udp`: round trips of 5 bytes over `n` connections, or between `n` pairs of UDP sockets. Each end is a task,
//!   or a future in a `FuturesUnordered` where the executor is a plain `block_on`.
//! - `idle`: as `tcp`, beside 10,000 more connections, each with a task that waits for a read.
//!
//! W9 compares the features and panic modes of dormouse in such a round trip. Here, all libraries take part.
//!
//! The sockets are opened in one run of the executor, and used in the next. So no measurement includes setup, apart
//! from `connect`. Both ends belong to the peer, so CPU time is that of a client and a server.

mod idle;
mod role;
mod window;

pub(crate) use idle::hold_connections;

use crate::case::{Case, Outcome, Size, abbreviate};
use crate::fd_peer::executor::Executor;
use crate::net_peer::NetPeer;
use idle::Holder;
use role::Role;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io;
use std::sync::{Arc, Mutex};
use window::Window;

/// Connections in use beside idle ones.
const BUSY: u64 = 100;

/// More than a peer opens beside the sockets.
const OTHER_FILES: u64 = 50;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let case = |variant: &str, label: String, n| Case {
        workload: "w11".into(),
        label,
        variant: variant.into(),
        n,
        ms: size.pick(2, 40, 100),
        rounds: size.pick(1, 3, 10),
        ..Case::default()
    };
    let connections = size.pick(4, 32, 32);
    let pairs = size.pick(4, 500, 500);
    let idle = size.pick(100, 10_000, 10_000);
    let idle_label = format!("TCP, {} idle connections and {BUSY} busy ones", abbreviate(idle));
    vec![
        case("connect", "connect, accept, one exchange, close".into(), 1),
        case("tcp", "TCP round trip of 5 bytes".into(), 1),
        case("tcp", format!("TCP round trips, {connections} connections"), connections),
        case("udp", "UDP round trip of 5 bytes".into(), 1),
        case("udp", format!("UDP round trips, {} sockets", abbreviate(pairs * 2)), pairs),
        // Opening the connections takes longer than using them.
        Case { rounds: size.pick(1, 2, 4), ..case("idle", idle_label, idle) },
    ]
}

/// Runs one case with one executor and the sockets of one library.
pub(crate) fn measure<E: Executor, N: NetPeer>(case: &Case) -> Result<Outcome, String> {
    raise_limit(case)?;
    let executor = E::start()?;
    let slot = Arc::new(Mutex::new(None));
    executor.run_all(vec![open::<N>(case.clone(), slot.clone())]);
    let opened = slot.lock().unwrap().take().expect("the executor has run the task");
    let Opened { roles, holder } = opened.map_err(|err| err.to_string())?;

    let clients = roles.iter().filter(|role| role.is_client()).count();
    let window = Arc::new(Window::new(case.ms, roles.len(), clients, holder));
    executor.run_all(roles.into_iter().map(|role| role::run(role, window.clone())).collect());
    Ok(outcome(&window))
}

/// What the first run of the executor leaves to the second.
struct Opened<N: NetPeer> {
    roles: Vec<Role<N>>,
    holder: Option<Holder>,
}

/// Opens the sockets of a case.
async fn open<N: NetPeer>(case: Case, slot: Arc<Mutex<Option<io::Result<Opened<N>>>>>) {
    let opened = roles(&case).await;
    *slot.lock().unwrap() = Some(opened);
}

async fn roles<N: NetPeer>(case: &Case) -> io::Result<Opened<N>> {
    let (mut roles, mut holder) = (Vec::new(), None);
    match case.variant.as_str() {
        "connect" => {
            let (listener, address) = N::listen().await?;
            roles.extend([Role::Acceptor(listener), Role::Connector(address)]);
        }
        "udp" => {
            for _ in 0..case.n {
                let (server, address) = N::bind_udp().await?;
                let (client, _) = N::bind_udp().await?;
                N::connect_udp(&client, address).await?;
                roles.extend([Role::UdpServer(server), Role::UdpClient(client)]);
            }
        }
        "tcp" => connected(case.n, &mut roles).await?,
        _ => {
            let (listener, address) = N::listen().await?;
            let mut holding = Holder::start(address)?;
            for i in 0..case.n {
                holding.connect_next(i)?;
                roles.push(Role::Idle(N::accept(&listener).await?));
            }
            holder = Some(holding);
            connected(BUSY, &mut roles).await?;
        }
    }
    Ok(Opened { roles, holder })
}

async fn connected<N: NetPeer>(n: u64, roles: &mut Vec<Role<N>>) -> io::Result<()> {
    let (listener, address) = N::listen().await?;
    for _ in 0..n {
        // The kernel accepts for the listener, so this order does not wait for ever.
        let client = N::connect(address).await?;
        let server = N::accept(&listener).await?;
        roles.extend([Role::TcpServer(server), Role::TcpClient(client)]);
    }
    Ok(())
}

/// Raises the limit of open files to what a case needs, and twice as much if possible: dormouse on async-io has two for
/// each socket.
fn raise_limit(case: &Case) -> Result<(), String> {
    // The client ends of idle connections belong to another process.
    let sockets = if case.variant == "idle" { case.n + 2 * BUSY } else { 2 * case.n };
    raise_limit_to(2 * sockets + OTHER_FILES).or_else(|_| raise_limit_to(sockets + OTHER_FILES))
}

fn raise_limit_to(needed: u64) -> Result<(), String> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    limit.current = Some(needed);
    limit.maximum = limit.maximum.map(|maximum| maximum.max(needed));
    setrlimit(Resource::Nofile, limit)
        .map_err(|err| format!("needs {needed} file descriptors, and ulimit -n fails: {err}"))
}

fn outcome(window: &Window) -> Outcome {
    let mut outcome = Outcome::default();
    let totals = window.totals();
    outcome.put("cpu ns", totals.cpu_ns);
    match totals.samples {
        None => outcome.put("requests/s", 1e9 / totals.wall_ns),
        Some(samples) if samples.is_empty() => outcome.put("wall ns", totals.wall_ns),
        Some(samples) => samples.into_iter().for_each(|ns| outcome.put("wall ns", ns)),
    }
    outcome
}
