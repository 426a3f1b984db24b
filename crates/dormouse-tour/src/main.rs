//! Runs the same `async fn`s, with sleeps and fds of dormouse, on every executor, and prints a table.
//!
//! Read in this order:
//! - [`body`], and [`dormouse_tour::timers`]: the async functions. They name no executor.
//! - [`executors`]: how each executor runs them.
//! - [`measured`] and [`promises`]: what they measure, and what has to hold for it.
//! - [`children`]: each executor runs in its own process, so that its threads can be counted, and a
//!   hang or crash is a row of the table, not the end of the tour.
//! - [`report`]: the table, or JSON.

mod body;
mod children;
mod executors;
mod measured;
mod promises;
mod report;
mod std_block_on;
mod threads;

use executors::Executor;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
Runs the same async functions, with sleeps and file descriptors of dormouse, on every executor.

Usage: dormouse-tour [--format table|json]

Options:
  --format <table|json>  How to print the result [default: table]
  -h, --help             Print this help

Exit codes: 0 if every promise was kept, 1 if one was broken, 2 for unknown arguments.
";

const BROKEN: u8 = 1;
const WRONG_ARGUMENTS: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Table,
    Json,
}

#[derive(Debug)]
enum Task {
    Help,
    /// All rows, each in a child process.
    Tour(Format),
    /// One row, in this process. Used by children.
    Row(&'static Executor),
}

fn main() -> ExitCode {
    let (task, second) = match parse(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(wrong) => {
            eprintln!("dormouse-tour: {wrong}\nTry --help.");
            return ExitCode::from(WRONG_ARGUMENTS);
        }
    };
    match task {
        Task::Help => print(USAGE, true),
        Task::Tour(format) => {
            let rows = children::run_all(second);
            let text = match format {
                Format::Table => report::table(&rows),
                Format::Json => report::json(&rows),
            };
            print(&text, report::all_kept(&rows))
        }
        Task::Row(executor) => match (executor.run)(Box::pin(body::measure(second))) {
            Ok(measured) => print(&children::to_line(&measured), true),
            Err(err) => {
                eprintln!("{}: {err}", executor.name);
                ExitCode::from(BROKEN)
            }
        },
    }
}

fn print(text: &str, kept: bool) -> ExitCode {
    // Not `println!`, which panics if the reader has closed the pipe, as in `dormouse-tour | head -1`.
    let printed = std::io::stdout().write_all(text.as_bytes()).is_ok();
    if printed && kept { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) }
}

/// Returns the task, and the length of a second. `--second` and `--row` are for children and tests.
fn parse(mut args: impl Iterator<Item = String>) -> Result<(Task, Duration), String> {
    let mut task = Task::Tour(Format::Table);
    let mut second = Duration::from_secs(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "-h" | "--help" => return Ok((Task::Help, second)),
            "--format" => {
                task = Task::Tour(match value()?.as_str() {
                    "table" => Format::Table,
                    "json" => Format::Json,
                    other => return Err(format!("no such format: {other:?} (table, json)")),
                });
            }
            "--row" => {
                let name = value()?;
                let named = executors::EXECUTORS.iter().find(|executor| executor.name == name);
                task = Task::Row(named.ok_or_else(|| format!("no such executor: {name:?}"))?);
            }
            "--second" => {
                let ms = value()?;
                let ms = ms.parse().map_err(|_| format!("not a number of ms: {ms:?}"))?;
                second = Duration::from_millis(ms);
            }
            other => return Err(format!("unknown argument: {other:?}")),
        }
    }
    Ok((task, second))
}
