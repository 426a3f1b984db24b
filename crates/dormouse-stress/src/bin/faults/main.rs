//! Faults, and what happens to timers under them: those of dormouse on each reactor, and those of its peers.
//!
//! `scripts/faults` builds this program once for each reactor, because features select the reactor. Each cell of the
//! table is its own process: this program, started with `case`.
//!
//! ```text
//! faults                      prints the table
//! faults --check FILE         and compares it with the table in a page
//! faults --write FILE         or replaces that table
//! faults ROW LIBRARY          prints the cells whose row begins with ROW and whose library begins with LIBRARY
//! faults case CASE LIBRARY    runs one case in this process
//! ```

mod case;
mod cell;
mod library;
mod outcome;
mod table;
mod tracked_sleep;

use cell::Cell;
use library::Library;
use outcome::NOT_TRIED;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use table::{Build, COLUMNS, Column, ROWS, Row};

/// How many cells run in parallel. Most of them wait.
const PARALLEL: usize = 4;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["case", name, library] => run_case(name, library),
        [] => report(&all_cells(), None),
        [action @ ("--check" | "--write"), file] => report(&all_cells(), Some((action, file))),
        [fault, library] => {
            print_cells(fault, library);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: faults [--check FILE | --write FILE | ROW LIBRARY]");
            ExitCode::FAILURE
        }
    }
}

fn run_case(name: &str, library: &str) -> ExitCode {
    let case = case::CASES.iter().find(|(any, _)| *any == name);
    let (Some((_, case)), Some(library)) = (case, Library::by_name(library)) else {
        eprintln!("no case {name}, or no {library} in this program");
        return ExitCode::FAILURE;
    };
    println!("{}{}", outcome::PREFIX, case(library));
    ExitCode::SUCCESS
}

fn print_cells(fault: &str, library: &str) {
    for (index, row) in ROWS.iter().enumerate().filter(|(_, row)| row.fault.starts_with(fault)) {
        for column in COLUMNS.iter().filter(|column| column.library.starts_with(library)) {
            println!("{} | {} | {}", row.fault, column.library, cell(index, row, column));
        }
    }
}

fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("this program's own path");
    program.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Runs one cell, and returns its outcome.
fn cell(index: usize, row: &Row, column: &Column) -> String {
    let (folder, library) = (folder(), column.library);
    let program = match (row.build, column.program) {
        (Build::Default, program) => program.to_owned(),
        _ if !library.starts_with("dormouse") => return NOT_TRIED.to_owned(),
        (Build::TwoVersions, program) => format!("two-versions-{program}"),
        (Build::TestUtil, "builtin") => "builtin-test-util".to_owned(),
        (Build::TestUtil, _) => "both-test-util".to_owned(),
    };
    let program = folder.join(program);
    let cell = Cell { program: &program, folder: &folder, case: row.case, library, row: index };
    cell.outcome(row.injection).unwrap_or_else(|err| format!("cannot be tried: {err}"))
}

/// Runs all cells, and returns their outcomes by row.
fn all_cells() -> Vec<Vec<String>> {
    std::fs::create_dir_all(folder().join("cells")).expect("a folder for the output of the cells");
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(vec![vec![String::new(); COLUMNS.len()]; ROWS.len()]);
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let next = next.fetch_add(1, Ordering::Relaxed);
                    let (index, nth) = (next / COLUMNS.len(), next % COLUMNS.len());
                    let Some(row) = ROWS.get(index) else { return };
                    let column = &COLUMNS[nth];
                    let start = Instant::now();
                    let outcome = cell(index, row, column);
                    let took = start.elapsed().as_secs_f64();
                    eprintln!("{took:4.1} s  {} | {} | {outcome}", row.fault, column.title);
                    outcomes.lock().expect("no panic under this lock")[index][nth] = outcome;
                }
            });
        }
    });
    outcomes.into_inner().expect("no panic under this lock")
}

fn report(outcomes: &[Vec<String>], page: Option<(&str, &str)>) -> ExitCode {
    let table = table::markdown(outcomes);
    println!("{table}");
    let (expected, mut failures) = table::judge(outcomes);
    if let Some((action, file)) = page {
        let page = std::fs::read_to_string(file).unwrap_or_default();
        if action == "--write" {
            std::fs::write(file, table::replace(&page, &table)).expect("a page to write to");
        } else {
            failures.extend(table::differences(&page, &table));
        }
    }
    failures.iter().for_each(|line| println!("FAILED  {line}"));
    println!(
        "faults: {expected} of {} outcomes of dormouse are as expected, {} failed",
        ROWS.len() * 3,
        failures.len()
    );
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
