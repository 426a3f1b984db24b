//! Runs a probe in a child process.
//!
//! A probe that makes wakers panic can abort the process, and one that calls them under a lock can block a thread of the
//! library under test for good. So such a probe runs in a child process, which is the same test binary, started for the same
//! test. The child runs the test up to the same check, and there only that probe. If it aborts, that is a result.
//!
//! This works on the thread of a test of libtest (also under nextest), which has the name of the test; and on the main thread
//! of any program, such as a doc test, which is started with the same arguments. On other threads, or if the code before the
//! check cannot run twice at the same time, the child does not reach the check, and the caller runs the probe in its own
//! process.
//!
//! # Invariants
//! - A child runs one probe and exits. It starts no child.
//! - The child has the time that remains for the check of its parent, counted in slices of its own, because only these
//!   stand still while it gets no CPU time. The parent also waits for a limited time, and then kills it.
//! - The child writes lines that begin with [`MARK`] to its standard output: `reached` at the check, `begins` before the
//!   probe, the lines of a finding, and after the probe `ends` with the nanoseconds that remain. An abort counts only after
//!   `begins`.

mod output;
mod wire;

use crate::finding::Finding;
use crate::kind::Kind;
use crate::process;
use crate::timeout::{Budget, SLICE, Timeout};
use output::Output;
use std::cell::RefCell;
use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::{env, io, thread};

/// The environment variable that makes a process a child, and names its job.
const VARIABLE: &str = "DORMOUSE_CHECK_CHILD";
/// The beginning of the lines for the parent.
const MARK: &str = "\u{1}dormouse-check ";
/// The beginning of the last line.
const ENDS: &str = "ends ";
/// How long a child may take to reach the check, and to exit.
const REACH_LIMIT: Timeout = Timeout(100);
const EXIT_LIMIT: Timeout = Timeout(50);

thread_local! {
    /// The results of the checks that have ended on this thread.
    static EARLIER: RefCell<Vec<Verdict>> = const { RefCell::new(Vec::new()) };
}

/// The kinds that a check has found, each with whether it is a note.
pub(crate) type Verdict = Vec<(Kind, bool)>;

/// The place of a check in its test. The same in the parent and in the child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The name of the thread. It is that of the test, or `main`.
    thread: Option<String>,
    /// The number of the check on its thread.
    number: usize,
}

/// What a process does at a check.
#[derive(Debug)]
pub(crate) enum Role {
    /// Runs the check.
    Check,
    /// A child passes over it, with the result that its parent had, because the test may depend on it.
    Earlier(Verdict),
    /// A child runs one probe here.
    Probe(Job),
}

/// What a child does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) probe: String,
    /// What the parent has measured.
    pub(crate) max_ready_time: Duration,
    pub(crate) min_ready_time: Duration,
    /// The time that remains.
    pub(crate) remaining: Duration,
}

/// The result of a child.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Option<Finding>),
    /// The probe has ended the process. With the end of its standard error.
    Aborted(Vec<String>),
    /// The probe has not run.
    Unavailable,
}

impl Place {
    /// The place of the check that begins on this thread.
    pub(crate) fn next() -> Place {
        let number = EARLIER.with_borrow(Vec::len);
        Place { thread: thread::current().name().map(str::to_owned), number }
    }

    /// What this process does at this place.
    pub(crate) fn role(&self) -> Role {
        let Ok(job) = env::var(VARIABLE) else { return Role::Check };
        match wire::decode_job(&job) {
            Some((place, job, _)) if place == *self => {
                process::disable_core_dumps();
                send("reached");
                Role::Probe(job)
            }
            Some((place, _, mut earlier))
                if place.thread == self.thread && self.number < earlier.len() =>
            {
                Role::Earlier(earlier.swap_remove(self.number))
            }
            // A place that does not exist in the parent.
            _ => std::process::exit(0),
        }
    }
}

/// Remembers the result of a check, when it ends.
pub(crate) fn remember(findings: &[Finding]) {
    let verdict = findings.iter().map(|finding| (finding.kind, finding.note)).collect();
    EARLIER.with_borrow_mut(|earlier| earlier.push(verdict));
}

/// In a child: runs its probe, and exits.
pub(crate) fn run_probe(budget: &Budget, probe: impl FnOnce() -> Option<Finding>) -> ! {
    send("begins");
    let finding = probe();
    for line in finding.iter().flat_map(wire::encode_finding) {
        send(&line);
    }
    send(&format!("{ENDS}{}", budget.remaining().as_nanos()));
    std::process::exit(0)
}

/// Writes a line for the parent. Another thread may have begun a line before.
fn send(line: &str) {
    let mut output = io::stdout().lock();
    let _ = write!(output, "\n{MARK}{line}\n");
    let _ = output.flush();
}

/// Runs `job` in a child, at the place of the current check.
pub(crate) fn run(place: &Place, job: &Job, kind: Kind, budget: &Budget) -> Outcome {
    let Some(mut command) = place.thread.as_deref().and_then(command) else {
        return Outcome::Unavailable;
    };
    let child = command
        .env(VARIABLE, EARLIER.with_borrow(|earlier| wire::encode_job(place, job, earlier)))
        // Only the last lines of the standard error are kept.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return Outcome::Unavailable };
    let outcome = match Output::of(&mut child) {
        Some(output) => wait(&mut child, &output, kind, budget),
        None => Outcome::Unavailable,
    };
    let _ = child.kill();
    let _ = child.wait();
    outcome
}

/// The command that runs what this thread runs.
fn command(thread: &str) -> Option<Command> {
    if cfg!(miri) {
        return None;
    }
    let program = env::current_exe().ok()?;
    let mut command = Command::new(&program);
    if thread == "main" {
        command.args(env::args_os().skip(1));
        return Some(command);
    }
    // Only a test binary has a hash in its name, which cargo appends.
    let (_, hash) = program.file_stem()?.to_str()?.rsplit_once('-')?;
    let is_test = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    command.args(["--exact", thread, "--include-ignored", "--nocapture", "--test-threads=1"]);
    is_test.then_some(command)
}

fn wait(child: &mut Child, output: &Output, kind: Kind, budget: &Budget) -> Outcome {
    let (mut begun, mut lines) = (false, Vec::new());
    let (mut slices, mut max_slices) = (0, REACH_LIMIT.0);
    // On a busy machine, the time of the child advances more slowly.
    let limit = Timeout::at_least(budget.remaining()).times(2).plus(EXIT_LIMIT);
    while slices <= max_slices {
        match output.lines.recv_timeout(SLICE) {
            Ok(line) if line == "reached" => (slices, max_slices) = (0, limit.0),
            Ok(line) if line == "begins" => begun = true,
            Ok(line) => {
                if let Some(remaining) = line.strip_prefix(ENDS) {
                    budget.set(Duration::from_nanos(remaining.parse().unwrap_or(0)));
                    exit_status(child);
                    return Outcome::Done(wire::decode_finding(kind, &lines));
                }
                lines.push(line);
            }
            Err(RecvTimeoutError::Timeout) => slices += 1,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    budget.spend_slices(slices);
    if slices > max_slices {
        return if begun { Outcome::Done(None) } else { Outcome::Unavailable };
    }
    match exit_status(child) {
        Some(status) if begun && process::has_crashed(status) => {
            Outcome::Aborted(output.last_errors())
        }
        _ => Outcome::Unavailable,
    }
}

fn exit_status(child: &mut Child) -> Option<ExitStatus> {
    let mut status = None;
    EXIT_LIMIT.wait_until(|| {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_of_a_thread_are_numbered() {
        let thread = thread::Builder::new().name("a::test".into()).spawn(|| {
            let first = Place::next();
            remember(&[]);
            [first, Place::next()]
        });
        let [first, second] = thread.expect("a thread can be started").join().expect("no panic");
        assert_eq!((first.number, second.number), (0, 1));
        assert_eq!(first.thread.as_deref(), Some("a::test"));
    }
}
