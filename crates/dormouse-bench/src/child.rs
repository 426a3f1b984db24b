//! Runs one measurement in a child process.
//!
//! The parent passes a [`Request`] as JSON on the command line. The child prints a `Result<Outcome, String>` as
//! JSON and exits.

use crate::case::{Case, Outcome};
use crate::registry;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any case takes.
const TIMEOUT: Duration = Duration::from_secs(90);

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    peer: String,
    case: Case,
}

/// The child's side.
pub(crate) fn serve(request: &str) -> ! {
    let outcome = serde_json::from_str(request).map_err(|err| err.to_string()).and_then(measure);
    let text = serde_json::to_string(&outcome).expect("plain data");
    let _ = std::io::stdout().write_all(text.as_bytes());
    // Skips destructors: there may be millions.
    std::process::exit(0)
}

fn measure(request: Request) -> Result<Outcome, String> {
    let entry = registry::ALL.iter().find(|entry| entry.name == request.peer);
    let entry = entry.ok_or_else(|| format!("unknown peer {}", request.peer))?;
    entry.measure(&request.case)
}

/// The parent's side: starts `command`, this program or a wrapper around it, and waits for the outcome.
pub(crate) fn run(mut command: Command, peer: &str, case: &Case) -> Result<Outcome, String> {
    let request = Request { peer: peer.into(), case: case.clone() };
    command.arg("--child").arg(serde_json::to_string(&request).expect("plain data"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|err| format!("cannot start the child: {err}"))?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let out = thread::spawn(move || read(out.as_mut()));
    let err = thread::spawn(move || read(err.as_mut()));
    let status = wait(&mut child)?;
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let failure = || {
        let message = err.lines().find(|line| !line.is_empty() && !line.starts_with("thread "));
        format!("{status}: {}", message.unwrap_or("no message"))
    };
    if !status.success() {
        return Err(failure());
    }
    serde_json::from_str(&out)
        .unwrap_or_else(|err| Err(format!("{}; its output: {err}", failure())))
}

fn wait(child: &mut Child) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() < TIMEOUT => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not end within {} s", TIMEOUT.as_secs()));
            }
            Err(err) => return Err(err.to_string()),
        }
    }
}

fn read(from: Option<&mut impl Read>) -> String {
    let mut text = String::new();
    if let Some(from) = from {
        let _ = from.read_to_string(&mut text);
    }
    text
}
