//! Runs each row in a process of its own.
//!
//! So that threads can be counted: those that appear in a process with one executor in it are that
//! executor's or dormouse's. And so that a row that hangs or crashes is a red row. For the same
//! reason, nothing here uses dormouse: what judges does not depend on what is judged.

use crate::executors::{EXECUTORS, Executor};
use crate::promises::Measured;
use crate::report::Row;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A row measures lateness in its first quarter of a second. Two at a time leave even a small
/// machine a core for each.
const STAGGER: Duration = Duration::from_millis(130);

/// Far more than a row takes.
const LIMIT: Duration = Duration::from_secs(10);

/// All rows, side by side, in the order of [`EXECUTORS`].
pub(crate) fn run_all(second: Duration) -> Vec<Row> {
    // On stderr, and silent if that is not a terminal.
    let progress = MultiProgress::new();
    let style = ProgressStyle::with_template("{spinner} {prefix:22} {msg}")
        .expect("the template is well-formed");
    let rows = thread::scope(|scope| {
        let rows: Vec<_> = (0..)
            .zip(EXECUTORS)
            .map(|(index, executor)| {
                let line = progress.add(ProgressBar::new_spinner().with_style(style.clone()));
                line.set_prefix(executor.name);
                scope.spawn(move || {
                    thread::sleep(index * STAGGER);
                    run_one(executor, second, &line)
                })
            })
            .collect();
        rows.into_iter().map(|row| row.join().expect("run_one does not panic")).collect()
    });
    // The table says it all again.
    let _ = progress.clear();
    rows
}

fn run_one(executor: &'static Executor, second: Duration, line: &ProgressBar) -> Row {
    line.set_message("sleeping");
    line.enable_steady_tick(Duration::from_millis(100));
    let row = Row::new(executor, measure_in_child(executor, second), second);
    line.finish_with_message(if row.broken.is_empty() { "ok" } else { "broken" });
    row
}

fn measure_in_child(executor: &Executor, second: Duration) -> Result<Measured, String> {
    let program = std::env::current_exe().map_err(|err| format!("cannot find itself: {err}"))?;
    let mut command = Command::new(program);
    command.args(["--row", executor.name, "--second", &second.as_millis().to_string()]);
    from_line(&output_within(LIMIT, &mut command)?)
}

/// What the command writes to its standard output, if it ends well and in time.
fn output_within(limit: Duration, command: &mut Command) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|err| format!("cannot be started: {err}"))?;
    let mut stdout = child.stdout.take().expect("it is piped");

    // std has no wait with a time limit; a channel has.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = String::new();
        let read = stdout.read_to_string(&mut output).map(|_| output);
        // Nobody receives it any more, if it took too long.
        let _ = sender.send(read);
    });
    let read = receiver.recv_timeout(limit);
    if read.is_err() {
        // It may have ended just now, which is as well.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|err| format!("cannot be waited for: {err}"))?;

    match read {
        Err(_) => Err(format!("hung: it was stopped after {} s", limit.as_secs_f32())),
        Ok(_) if !status.success() => Err(format!("crashed: {status}")),
        Ok(Err(err)) => Err(format!("its answer cannot be read: {err}")),
        Ok(Ok(output)) => Ok(output),
    }
}

/// How a child tells its parent.
pub(crate) fn to_line(measured: &Measured) -> String {
    serde_json::to_string(measured).expect("plain data") + "\n"
}

fn from_line(line: &str) -> Result<Measured, String> {
    serde_json::from_str(line).map_err(|err| format!("its answer is no answer: {err}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_row_that_hangs_is_stopped() {
        let start = Instant::now();
        let output = output_within(Duration::from_millis(100), Command::new("sleep").arg("100"));
        assert_eq!(output.unwrap_err(), "hung: it was stopped after 0.1 s");
        assert!(start.elapsed() < Duration::from_secs(50));
    }

    #[test]
    fn a_row_that_crashes_is_an_error() {
        let output = output_within(LIMIT, Command::new("sh").args(["-c", "kill -ABRT $$"]));
        let error = output.unwrap_err();
        assert!(error.starts_with("crashed: signal: 6"), "{error}");
    }

    #[test]
    fn a_row_that_says_nothing_is_an_error() {
        let output = output_within(LIMIT, &mut Command::new("true"));
        assert!(from_line(&output.unwrap()).is_err());
    }
}
