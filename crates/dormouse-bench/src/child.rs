//! One measurement in a process of its own.

use crate::peer;
use crate::workload::wakeups::{BEGIN, END, OTHERS};
use crate::workload::{Case, Outcome};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any case takes.
const PATIENCE: Duration = Duration::from_secs(90);

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    peer: String,
    case: Case,
}

/// The child's side.
pub(crate) fn obey(order: &str) -> ! {
    let outcome = serde_json::from_str(order).map_err(|err| err.to_string()).and_then(measure);
    let text = serde_json::to_string(&outcome).expect("plain data");
    let _ = std::io::stdout().write_all(text.as_bytes());
    // Without destructors: there may be millions.
    std::process::exit(0)
}

fn measure(order: Order) -> Result<Outcome, String> {
    let entry = peer::ALL.iter().find(|entry| entry.name == order.peer);
    let entry = entry.ok_or_else(|| format!("no peer is called {}", order.peer))?;
    entry.run(&order.case)
}

/// The parent's side: starts the child and waits for what it says.
pub(crate) fn run(program: &Path, peer: &str, case: &Case) -> Result<Outcome, String> {
    finish(command(Command::new(program), peer, case))
}

/// The same case again, under strace: how many system calls there were in the window.
pub(crate) fn count_system_calls(program: &Path, peer: &str, case: &Case) -> Result<u64, String> {
    let file = format!("dormouse-bench-{}-{peer}-{}.strace", std::process::id(), case.variant);
    let file = std::env::temp_dir().join(file);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "64", "-o"]).arg(&file).arg(program);
    let outcome = finish(command(strace, peer, case));
    let trace = std::fs::read_to_string(&file);
    let _ = std::fs::remove_file(&file);
    outcome?;
    Ok(in_window(&trace.map_err(|err| format!("strace: {err}"))?))
}

fn command(mut command: Command, peer: &str, case: &Case) -> Command {
    let order = Order { peer: peer.into(), case: case.clone() };
    command.arg("--child").arg(serde_json::to_string(&order).expect("plain data"));
    command
}

fn finish(mut command: Command) -> Result<Outcome, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|err| format!("cannot start it: {err}"))?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let out = thread::spawn(move || read(out.as_mut()));
    let err = thread::spawn(move || read(err.as_mut()));
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not end within {} s", PATIENCE.as_secs()));
            }
            Err(err) => return Err(err.to_string()),
        }
    };
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let why = || {
        let said = err.lines().find(|line| !line.is_empty() && !line.starts_with("thread "));
        format!("{status}: {}", said.unwrap_or("no word"))
    };
    if !status.success() {
        return Err(why());
    }
    serde_json::from_str(&out).unwrap_or_else(|err| Err(format!("{}; its answer: {err}", why())))
}

fn read(from: Option<&mut impl Read>) -> String {
    let mut text = String::new();
    if let Some(from) = from {
        let _ = from.read_to_string(&mut text);
    }
    text
}

/// Lines of `strace -f -o` are a thread's id and a call, or the rest of a call that was interrupted.
fn in_window(trace: &str) -> u64 {
    let (mut count, mut open, mut without) = (0, false, None);
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.contains(END) {
            open = false;
        } else if call.contains(BEGIN) {
            open = true;
            without = call.contains(OTHERS).then_some(thread);
        } else if open
            && without != Some(thread)
            && !call.starts_with("<...")
            && !call.starts_with("---")
            && !call.starts_with("+++")
        {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_calls_count_once_and_only_within_the_window() {
        let trace = "\
1 futex(0x1, FUTEX_WAIT) = 0
2 statx(AT_FDCWD, \"/dormouse-bench/begin-others\", 0) = -1 ENOENT
2 clock_nanosleep(CLOCK_REALTIME <unfinished ...>
1 epoll_wait(3, <unfinished ...>
1 <... epoll_wait resumed>[], 1) = 0
1 --- SIGCHLD ---
1 write(1, \"x\", 1) = 1
2 statx(AT_FDCWD, \"/dormouse-bench/end\", 0) = -1 ENOENT
1 write(1, \"x\", 1) = 1
";
        assert_eq!(in_window(trace), 2);
    }
}
