//! Faults, and what becomes of timers under them: those of dormouse, on each reactor, and those of its peers.
//!
//! `scripts/faults` builds this program once for each reactor, for that is what decides which one serves. Each cell of
//! the table is a process of its own: this program, called again.
//!
//! ```text
//! faults                      prints the table
//! faults --check FILE         and compares it with the one in a page
//! faults --write FILE         or replaces that
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
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use subject::Subject;
use table::{COLUMNS, NOT_TRIED, ROWS, Row};

/// How many processes at a time.
const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["case", name, subject] => case(name, subject),
        [] => report(&all(), None),
        [what @ ("--check" | "--write"), file] => report(&all(), Some((what, file))),
        [row, subject] => {
            for (index, row) in
                ROWS.iter().enumerate().filter(|(_, any)| any.fault.starts_with(row))
            {
                for column in COLUMNS.iter().filter(|column| column.1.starts_with(subject)) {
                    println!("{} | {} | {}", row.fault, column.1, find(index, row, *column));
                }
            }
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: faults [--check FILE | --write FILE | ROW SUBJECT]");
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
        "two-versions" => return NOT_TRIED.to_owned(),
        _ => program.to_owned(),
    };
    let program = folder.join(program);
    let cell = Cell { program: &program, folder: &folder, case: row.case, subject, row: index };
    cell.find(row.outside).unwrap_or_else(|err| format!("cannot be tried: {err}"))
}

/// Finds all cells, by row.
fn all() -> Vec<Vec<String>> {
    std::fs::create_dir_all(folder().join("cells")).expect("a folder for what the cells leave");
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![vec![String::new(); COLUMNS.len()]; ROWS.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let cell = next.fetch_add(1, Ordering::Relaxed);
                    let (index, column) = (cell / COLUMNS.len(), cell % COLUMNS.len());
                    let Some(row) = ROWS.get(index) else { return };
                    let start = Instant::now();
                    let seen = find(index, row, COLUMNS[column]);
                    let took = start.elapsed().as_secs_f64();
                    eprintln!("{took:4.1} s  {} | {} | {seen}", row.fault, COLUMNS[column].0);
                    found.lock().expect("no panic under this lock")[index][column] = seen;
                }
            });
        }
    });
    found.into_inner().expect("no panic under this lock")
}

fn report(found: &[Vec<String>], page: Option<(&str, &str)>) -> ExitCode {
    let table = table::markdown(found);
    println!("{table}");
    let (good, mut bad) = table::judge(found);
    if let Some((what, file)) = page {
        let page = std::fs::read_to_string(file).unwrap_or_default();
        if what == "--write" {
            std::fs::write(file, table::replace(&page, &table)).expect("a page to write to");
        } else {
            bad.extend(table::differences(&page, &table));
        }
    }
    bad.iter().for_each(|line| println!("FAILED  {line}"));
    println!("faults: dormouse survives {good} of {}, {} failed", ROWS.len() * 3, bad.len());
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
