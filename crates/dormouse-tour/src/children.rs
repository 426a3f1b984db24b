//! Runs each row in its own process.
//!
//! So threads can be counted: in a process with one executor, each new thread belongs to that
//! executor or to dormouse. And an executor that hangs or crashes becomes a red row. This module
//! does not use dormouse, so that the parent does not depend on the code under test.

use crate::executors::{EXECUTORS, Executor};
use crate::measured::Measured;
use crate::report::Row;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A row measures lateness during its first quarter of a second. With this delay between rows, two
/// rows do so at a time, so that each has a core even on a small machine.
const STAGGER: Duration = Duration::from_millis(130);

/// Far more than a row takes.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Runs all rows in parallel, and returns them in the order of [`EXECUTORS`].
pub(crate) fn run_all(second: Duration) -> Vec<Row> {
    // On stderr, and silent if that is not a terminal.
    let progress = MultiProgress::new();
    let style = ProgressStyle::with_template("{spinner} {prefix:25} {msg}")
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
    // The table repeats all of it.
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
    let program =
        std::env::current_exe().map_err(|err| format!("cannot find its own program: {err}"))?;
    let mut command = Command::new(program);
    command.args(["--row", executor.name, "--second", &second.as_millis().to_string()]);
    from_line(&output_within(TIME_LIMIT, &mut command)?)
}

/// Runs a command and returns its standard output, if it succeeds within the time limit.
fn output_within(limit: Duration, command: &mut Command) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|err| format!("cannot be started: {err}"))?;
    let mut stdout = child.stdout.take().expect("it is piped");

    // std cannot wait for a child with a time limit, but a channel can.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = String::new();
        let read = stdout.read_to_string(&mut output).map(|_| output);
        // Fails if the time limit has passed, and the receiver is dropped.
        let _ = sender.send(read);
    });
    let read = receiver.recv_timeout(limit);
    if read.is_err() {
        // Fails if the child has just ended.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|err| format!("cannot be waited for: {err}"))?;

    match read {
        Err(_) => Err(format!("hung: it was stopped after {} s", limit.as_secs_f32())),
        Ok(_) if !status.success() => Err(format!("crashed: {status}")),
        Ok(Err(err)) => Err(format!("its output cannot be read: {err}")),
        Ok(Ok(output)) => Ok(output),
    }
}

/// Encodes what a child passes to its parent.
pub(crate) fn to_line(measured: &Measured) -> String {
    serde_json::to_string(measured).expect("plain data") + "\n"
}

fn from_line(line: &str) -> Result<Measured, String> {
    serde_json::from_str(line).map_err(|err| format!("its output is not a measurement: {err}"))
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
        let output = output_within(TIME_LIMIT, Command::new("sh").args(["-c", "kill -ABRT $$"]));
        let error = output.unwrap_err();
        assert!(error.starts_with("crashed: signal: 6"), "{error}");
    }

    #[test]
    fn a_row_without_output_is_an_error() {
        let output = output_within(TIME_LIMIT, &mut Command::new("true"));
        assert!(from_line(&output.unwrap()).is_err());
    }
}
