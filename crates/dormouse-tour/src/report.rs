//! The rows as a table, or as JSON.

use crate::executors::Executor;
use crate::measured::Measured;
use crate::promises::broken_promises;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, TableComponent, presets};
use serde::Serialize;
use std::time::Duration;

/// One executor's row.
#[derive(Debug)]
pub(crate) struct Row {
    executor: &'static str,
    /// `None` if it hung or crashed.
    measured: Option<Measured>,
    /// A description of each broken promise, or why it hung or crashed.
    pub(crate) broken: Vec<String>,
}

impl Row {
    /// Takes the measurements of an executor's process, or why there are none.
    pub(crate) fn new(
        executor: &'static Executor,
        measured: Result<Measured, String>,
        second: Duration,
    ) -> Row {
        let (measured, broken) = match measured {
            Ok(measured) => {
                let broken = broken_promises(&measured, executor, second);
                (Some(measured), broken)
            }
            Err(reason) => (None, vec![reason]),
        };
        Row { executor: executor.name, measured, broken }
    }

    fn cells(&self) -> Vec<String> {
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let mut cells = vec![self.executor.to_owned()];
        match &self.measured {
            Some(measured) => cells.extend([
                measured.reactor.clone(),
                format!("{:.2}", measured.timers.join_ms as f64 / 1000.0),
                yes_no(measured.timers.bar_first),
                yes_no(measured.timers.select_ok),
                yes_no(measured.fd_ok),
                measured.timers.late_p50_us.to_string(),
                measured.timers.late_p99_us.to_string(),
                measured.timers.early.to_string(),
                measured.timers.polls.to_string(),
                match measured.threads_added.as_slice() {
                    [] => "none".to_owned(),
                    added => added.join(", "),
                },
            ]),
            None => cells.extend((1..COLUMNS.len()).map(|_| "-".to_owned())),
        }
        cells
    }
}

// Two lines each, to keep the table narrow.
const COLUMNS: [&str; 11] = [
    "\nexecutor",
    "\nreactor",
    "join\ns",
    "bar\nfirst",
    "select\nshorter",
    "fd\nbyte",
    "late\np50 µs",
    "late\np99 µs",
    "\nearly",
    "\npolls",
    "threads\nadded",
];

const LEGEND: &str = "\
join, bar      foo sleeps 3 s and bar 1 s, joined: 3 s, not 4; bar ends first
select         of two sleeps, the shorter one ends a select!
fd             a byte arrives through a pair of sockets, each an AsyncFd
late, early    200 sleeps of 1 ms, compared with Sleep::deadline()
polls          of a sleep of 1 s: 2 are needed, more are a busy loop
threads added  after dormouse was first used, in a process with this executor alone;
               smol and async-std start async-io's thread themselves
";

/// Whether no promise is broken. The exit code depends on it.
pub(crate) fn all_kept(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.broken.is_empty())
}

/// The table, with a line for each broken promise. Coloured on a terminal.
pub(crate) fn table(rows: &[Row]) -> String {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut table = Table::new();
    if !colour {
        table.force_no_tty();
    }
    draw(table, rows)
}

fn draw(mut table: Table, rows: &[Row]) -> String {
    set_style(&mut table, &COLUMNS);
    for row in rows {
        let colour = if row.broken.is_empty() { Color::Green } else { Color::Red };
        table.add_row(row.cells().into_iter().map(|cell| Cell::new(cell).fg(colour)));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if (6..10).contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }

    let kept = rows.iter().filter(|row| row.broken.is_empty()).count();
    let mut text = format!("{table}\n\n{LEGEND}\n");
    for row in rows {
        for broken in &row.broken {
            text += &format!("BROKEN: {}: {broken}\n", row.executor);
        }
    }
    text += &format!("{kept} of {} executors kept every promise.\n\n", rows.len());
    text + &format!("From dormouse::stats() at the end of each process:\n\n{}\n", inside(rows))
}

/// Only a line below the header, and spaces between the columns.
fn set_style(table: &mut Table, columns: &[&str]) {
    table
        .load_preset(presets::NOTHING)
        .set_style(TableComponent::HeaderLines, '─')
        .set_style(TableComponent::MiddleHeaderIntersections, '─')
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns);
}

const INSIDE_COLUMNS: [&str; 9] = [
    "\nexecutor",
    "timers\nfired",
    "\ncancelled",
    "\nwake-ups",
    "woken late\np50 µs",
    "\np99 µs",
    "\nmax µs",
    "fds\nwatched",
    "thread\n\"dormouse\"",
];

/// What `dormouse::stats()` has reported of the reactor of each executor.
fn inside(rows: &[Row]) -> Table {
    let mut table = Table::new();
    set_style(&mut table, &INSIDE_COLUMNS);
    for row in rows {
        let Some(Measured { inside, .. }) = &row.measured else { continue };
        let [median, p99, max] = inside.late_us;
        let mut cells = vec![row.executor.to_owned()];
        let counts = [inside.fired, inside.cancelled, inside.wakeups, median, p99, max];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(inside.fds.to_string());
        cells.push(if inside.reactor_thread_runs { "runs" } else { "-" }.to_owned());
        table.add_row(cells);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if (1..8).contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The rows as a JSON array. The measurements of a row that hung or crashed are null.
pub(crate) fn json(rows: &[Row]) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        executor: &'a str,
        reactor: Option<&'a str>,
        join_ms: Option<u64>,
        bar_first: Option<bool>,
        select_ok: Option<bool>,
        fd_ok: Option<bool>,
        late_p50_us: Option<u64>,
        late_p99_us: Option<u64>,
        early: Option<u32>,
        polls: Option<u32>,
        threads_added: Option<usize>,
        ok: bool,
    }
    let objects = rows.iter().map(|row| {
        let measured = row.measured.as_ref();
        let object = Object {
            executor: row.executor,
            reactor: measured.map(|measured| measured.reactor.as_str()),
            join_ms: measured.map(|measured| measured.timers.join_ms),
            bar_first: measured.map(|measured| measured.timers.bar_first),
            select_ok: measured.map(|measured| measured.timers.select_ok),
            fd_ok: measured.map(|measured| measured.fd_ok),
            late_p50_us: measured.map(|measured| measured.timers.late_p50_us),
            late_p99_us: measured.map(|measured| measured.timers.late_p99_us),
            early: measured.map(|measured| measured.timers.early),
            polls: measured.map(|measured| measured.timers.polls),
            threads_added: measured.map(|measured| measured.threads_added.len()),
            ok: row.broken.is_empty(),
        };
        serde_json::to_string(&object).expect("plain data")
    });
    format!("[\n{}\n]\n", objects.collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests;
