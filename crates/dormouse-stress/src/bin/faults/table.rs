//! The table: faults down, libraries across. How it is written, and compared with what was written.

use crate::cell::Outside;
use crate::probe::survives;
use std::fmt::Write;

/// Across the table: the title, the subject, and the program that has it.
pub(crate) const COLUMNS: [(&str, &str, &str); 6] = [
    ("dormouse", "dormouse-builtin", "builtin"),
    ("dormouse on tokio", "dormouse-tokio", "tokio"),
    ("dormouse on async-io", "dormouse-async-io", "async-io"),
    ("tokio", "tokio", "tokio"),
    ("async-io", "async-io", "tokio"),
    ("futures-timer", "futures-timer", "tokio"),
];
/// How many of the columns are ours.
const OURS: usize = 3;

pub(crate) struct Row {
    /// What the table calls it.
    pub(crate) fault: &'static str,
    pub(crate) case: &'static str,
    pub(crate) outside: Outside,
}

const fn row(fault: &'static str, case: &'static str, outside: Outside) -> Row {
    Row { fault, case, outside }
}

/// A call that fails once, by any of the two errors, at any time; and one that a sandbox forbids.
macro_rules! refused {
    ($call:literal) => {
        Outside::Injected(&[
            concat!($call, ":error=ENOMEM:when={n}"),
            concat!($call, ":error=EMFILE:when={n}"),
            concat!($call, ":error=EPERM:when=1+"),
        ])
    };
}

macro_rules! refused_once {
    ($call:literal) => {
        Outside::Injected(&[
            concat!($call, ":error=ENOMEM:when={n}"),
            concat!($call, ":error=EMFILE:when={n}"),
        ])
    };
}

pub(crate) const ROWS: &[Row] = &[
    row("no fault", "sleeps", Outside::Nothing),
    row("outside of any runtime", "sleeps-outside", Outside::Nothing),
    row("in a tokio runtime that has no timers enabled", "without-time", Outside::Nothing),
    row("the tokio runtime has shut down", "shutdown", Outside::Nothing),
    row(
        "made in a tokio runtime that stands idle, polled elsewhere",
        "idle-runtime",
        Outside::Nothing,
    ),
    row("polled in a tokio runtime, and then elsewhere", "moved-out-of-runtime", Outside::Nothing),
    row(
        "polled in the context of a tokio runtime that stands idle",
        "entered-idle-runtime",
        Outside::Nothing,
    ),
    row("beside sleeps of `Duration::MAX`", "for-ever", Outside::Nothing),
    row("another's waker panics", "panicking-waker", Outside::Nothing),
    row("another's waker sleeps for 1 s", "slow-waker", Outside::Nothing),
    row("100,000 are due at once, and their wakers create more", "storm", Outside::Nothing),
    row("no fds are left", "no-fds", Outside::Nothing),
    row(
        "no thread can be had",
        "sleeps-in-block-on",
        Outside::Injected(&["clone3:error=EAGAIN:when=1+"]),
    ),
    row("`timerfd_create` fails", "sleeps", refused!("timerfd_create")),
    row("`timerfd_settime` fails", "sleeps", refused!("timerfd_settime")),
    row("`epoll_create1` fails", "sleeps", refused!("epoll_create1")),
    row("`epoll_ctl` fails", "sleeps", refused!("epoll_ctl")),
    row("`eventfd2` fails", "sleeps", refused!("eventfd2")),
    row("`epoll_wait` fails", "sleeps", refused_once!("epoll_wait,epoll_pwait,epoll_pwait2")),
    row("`fcntl` fails", "sleeps", refused!("fcntl")),
    row(
        "system calls are interrupted",
        "sleeps",
        Outside::Injected(&[
            "epoll_wait,epoll_pwait,epoll_pwait2,timerfd_settime,clock_nanosleep:error=EINTR:when=1+2",
        ]),
    ),
    row("a storm of signals", "sleeps-for-a-second", Outside::Shim(&[("FAULTS_STORM", "200")])),
    row(
        "signal handlers that take 100 ms",
        "sleeps-for-a-second",
        Outside::Shim(&[("FAULTS_STORM", "250000"), ("FAULTS_HANDLER", "100")]),
    ),
    row("readings of the clock go back", "clock", Outside::Clock),
    row(
        "`fork`, and first used in the child",
        "fork-unused",
        Outside::Shim(&[("FAULTS_FORK", "1")]),
    ),
    row(
        "`fork` while it is used, and used on in both",
        "fork",
        Outside::Shim(&[("FAULTS_FORK", "1")]),
    ),
    row("the process exits", "exit", Outside::Nothing),
    row("used at the end of the main thread", "end-of-main", Outside::Nothing),
    row("used by a destructor of the program's", "at-exit", Outside::Nothing),
    row("two versions of the library in one program", "two-versions", Outside::Nothing),
];

/// Where an executor itself comes to a stop, and with it what waits there: the fault and the subject. The page
/// says how.
const THEIRS: [(&str, &str); 2] =
    [("`epoll_wait` fails", "dormouse-tokio"), ("`epoll_ctl` fails", "dormouse-async-io")];

/// How many of the cells that are ours say what they are to say, and what the others say.
pub(crate) fn judge(found: &[Vec<String>]) -> (usize, Vec<String>) {
    let mut good = 0;
    let mut bad = Vec::new();
    for (row, found) in ROWS.iter().zip(found) {
        for (column, found) in COLUMNS.iter().zip(found).take(OURS) {
            if survives(found) || THEIRS.contains(&(row.fault, column.1)) {
                good += 1;
            } else {
                bad.push(format!("{} | {} | {found}", row.fault, column.0));
            }
        }
    }
    (good, bad)
}

/// As Markdown.
pub(crate) fn markdown(found: &[Vec<String>]) -> String {
    let titles = COLUMNS.map(|column| column.0).join(" | ");
    let mut page = format!("| what happens | {titles} |\n|---|{}\n", "---|".repeat(COLUMNS.len()));
    for (row, found) in ROWS.iter().zip(found) {
        let cells = found.iter().map(|found| match found.split_once(": ") {
            Some((what, message)) => format!("**{what}**: \"{message}\""),
            None if survives(found) || found == NOT_TRIED => found.clone(),
            None => format!("**{found}**"),
        });
        let cells = cells.collect::<Vec<_>>().join(" | ");
        let _ = writeln!(page, "| {} | {cells} |", row.fault);
    }
    page
}

pub(crate) const NOT_TRIED: &str = "not tried";

/// The lines in which a page's table differs from this one, apart from how late, at which call, and how many.
pub(crate) fn differences(page: &str, table: &str) -> Vec<String> {
    let lines = |text: &str| text.lines().filter(|line| line.starts_with('|')).map(plain).collect();
    let (old, new): (Vec<String>, Vec<String>) = (lines(page), lines(table));
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(come).collect()
}

fn plain(line: &str) -> String {
    let cells = line.split('|').map(|cell| {
        let cell = cell.split(" s late").next().unwrap_or_default();
        let cell = cell.split(" (call ").next().unwrap_or_default().trim_end_matches('"');
        let cell = cell.trim_end_matches(|char: char| char.is_ascii_digit() || ", ".contains(char));
        cell.trim_matches('*').trim_end_matches('"').replace("some never fire", "never fires")
    });
    cells.collect::<Vec<_>>().join("|")
}

/// The page with its table replaced.
pub(crate) fn replace(page: &str, table: &str) -> String {
    let is_table = |line: &&str| line.starts_with('|');
    let before = page.lines().take_while(|line| !is_table(line));
    let after = page.lines().skip_while(|line| !is_table(line)).skip_while(is_table);
    let lines = before.chain(table.lines()).chain(after);
    lines.map(|line| format!("{line}\n")).collect()
}
