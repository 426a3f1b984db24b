//! Faults, and what becomes of timers under them: those of dormouse, on each reactor, and those of its peers.
//!
//! `lab/faults` builds this program once for each reactor, for that is what decides which one serves. Each cell of
//! the table is a process of its own: this program, called again.
//!
//! ```text
//! faults                      prints the table
//! faults --check FILE         and compares it with the one in a file
//! faults ROW SUBJECT          one cell, by the beginning of what is in the table
//! faults case CASE SUBJECT    is that process
//! ```

mod case;
mod cell;
mod probe;
mod subject;
mod table;

use cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use subject::Subject;
use table::{ROWS, Row};

/// Across the table, with the program that has it.
const COLUMNS: [(&str, &str, &str); 6] = [
    ("dormouse", "dormouse-builtin", "builtin"),
    ("dormouse on tokio", "dormouse-tokio", "tokio"),
    ("dormouse on async-io", "dormouse-async-io", "async-io"),
    ("tokio", "tokio", "tokio"),
    ("async-io", "async-io", "tokio"),
    ("futures-timer", "futures-timer", "tokio"),
];
/// How many processes at a time.
const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["case", name, subject] => case(name, subject),
        [] => all(None),
        ["--check", file] => all(Some(file)),
        [row, subject] => {
            for (index, row) in ROWS.iter().enumerate().filter(|(_, any)| any.fault.starts_with(row)) {
                for column in COLUMNS.iter().filter(|column| column.1.starts_with(subject)) {
                    println!("{} | {} | {}", row.fault, column.1, find(index, row, *column));
                }
            }
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: faults [--check FILE | ROW SUBJECT]");
            ExitCode::FAILURE
        }
    }
}

fn case(name: &str, subject: &str) -> ExitCode {
    let case = case::CASES.iter().find(|(any, _)| *any == name);
    let (Some((_, case)), Some(subject)) = (case, Subject::by_name(subject)) else {
        eprintln!("no case {name}, or no {subject} in this program");
        return ExitCode::FAILURE;
    };
    println!("{}{}", case::VERDICT, case(subject));
    ExitCode::SUCCESS
}

fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("this program's own path");
    program.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn find(index: usize, row: &Row, (_, subject, program): (&str, &str, &str)) -> String {
    let folder = folder();
    let program = match row.case {
        "two-versions" if subject.starts_with("dormouse") => format!("two-versions-{program}"),
        "two-versions" => return "not tried".to_owned(),
        _ => program.to_owned(),
    };
    let program = folder.join(program);
    let cell = Cell { program: &program, folder: &folder, case: row.case, subject, row: index };
    cell.find(row.outside).unwrap_or_else(|err| format!("not tried: {err}"))
}

fn all(_committed: Option<&str>) -> ExitCode {
    std::fs::create_dir_all(folder().join("cells")).expect("a folder for what the cells leave");
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![vec![String::new(); COLUMNS.len()]; ROWS.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let cell = next.fetch_add(1, Ordering::Relaxed);
                    let (row, column) = (cell / COLUMNS.len(), cell % COLUMNS.len());
                    let Some(which) = ROWS.get(row) else { return };
                    let start = std::time::Instant::now();
                    let seen = find(row, which, COLUMNS[column]);
                    eprintln!("{:4.1} s  {} | {} | {seen}", start.elapsed().as_secs_f64(), which.fault, COLUMNS[column].0);
                    found.lock().expect("no panic")[row][column] = seen;
                }
            });
        }
    });
    ExitCode::SUCCESS
}
