//! W9 of `dormouse-bench`: TCP round trips between two tasks, with one set of features of dormouse and one panic mode.
//!
//! Cargo enables features and the panic mode for a whole build, so the bench builds this program once for each
//! combination. It is not part of the bench, so that such a build takes seconds.
//!
//! It is started as the bench starts itself, with a request in JSON, and prints a `Result<Outcome, String>` as JSON.
//! The `variant` of the case selects the executor, and the peer selects the sockets.

mod executor;
mod round_trip;
mod stream;

use executor::Executor;
use round_trip::Samples;
use serde_json::{Value, json};
use std::time::Duration;

fn main() {
    let result = match std::env::args().nth(2) {
        Some(request) => measure(&request),
        None => Err("usage: dormouse-combination --child REQUEST".into()),
    };
    let output = match result {
        Ok(Samples { wall_ns, cpu_ns }) => {
            json!({ "Ok": { "values": { "wall ns": wall_ns, "cpu ns": [cpu_ns] } } })
        }
        Err(reason) => json!({ "Err": reason }),
    };
    println!("{output}");
}

fn measure(request: &str) -> Result<Samples, String> {
    let request: Value = serde_json::from_str(request).map_err(|err| err.to_string())?;
    let (peer, case) = (&request["peer"], &request["case"]);
    let executor = Executor::by_name(case["variant"].as_str().unwrap_or_default())?;
    let duration = Duration::from_millis(case["ms"].as_u64().ok_or("the request has no ms")?);
    let samples = match peer.as_str() {
        // Needs a runtime of tokio, so all other executors are compared with current_thread.
        Some("tokio-tcp") => {
            round_trip::measure::<tokio::net::TcpStream>(executor.or_tokio(), duration)
        }
        Some("async-io-tcp") => {
            round_trip::measure::<async_io::Async<std::net::TcpStream>>(executor, duration)
        }
        _ => round_trip::measure::<dormouse::net::TcpStream>(executor, duration),
    };
    samples.map_err(|err| err.to_string())
}
