//! The table: a row for each fault, a column for each library. Writes it as Markdown, and compares it with a page.

use crate::cell::Injection;
use crate::outcome::{NOT_TRIED, survives};
use std::fmt::Write;

pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) library: &'static str,
    /// The build of this program that has the library.
    pub(crate) program: &'static str,
}

const fn column(title: &'static str, library: &'static str, program: &'static str) -> Column {
    Column { title, library, program }
}

pub(crate) const COLUMNS: [Column; 6] = [
    column("dormouse", "dormouse-builtin", "builtin"),
    column("dormouse on tokio", "dormouse-tokio", "tokio"),
    column("dormouse on async-io", "dormouse-async-io", "async-io"),
    column("tokio", "tokio", "tokio"),
    column("async-io", "async-io", "tokio"),
    column("futures-timer", "futures-timer", "tokio"),
];
/// How many columns are for dormouse: the first ones.
const DORMOUSE_COLUMNS: usize = 3;

pub(crate) struct Row {
    /// The title in the table.
    pub(crate) fault: &'static str,
    pub(crate) case: &'static str,
    pub(crate) injection: Injection,
    pub(crate) build: Build,
}

/// Which build of this program a row runs.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// That of the column.
    Default,
    /// One with the feature `test-util`, for dormouse only.
    TestUtil,
    /// `scripts/faults-two-versions.rs`, for dormouse only.
    TwoVersions,
}

const fn row(fault: &'static str, case: &'static str, injection: Injection) -> Row {
    Row { fault, case, injection, build: Build::Default }
}

const fn forks(fault: &'static str, case: &'static str) -> Row {
    row(fault, case, Injection::Preload(&[("FAULTS_FORK", "1")]))
}

/// System calls that a sandbox refuses.
const fn forbidden(fault: &'static str, calls: &'static str) -> Row {
    row(fault, "sandbox-start", Injection::Forbidden(calls))
}

/// A system call fails once, at any call, with each of two errors; or it always fails, as under a sandbox.
macro_rules! fails {
    ($call:literal) => {
        Injection::SystemCalls(&[
            concat!($call, ":error=ENOMEM:when={n}"),
            concat!($call, ":error=EMFILE:when={n}"),
            concat!($call, ":error=EPERM:when=1+"),
        ])
    };
}

macro_rules! fails_once {
    ($call:literal) => {
        Injection::SystemCalls(&[
            concat!($call, ":error=ENOMEM:when={n}"),
            concat!($call, ":error=EMFILE:when={n}"),
        ])
    };
}

pub(crate) const ROWS: &[Row] = &[
    row("no fault", "sleeps", Injection::Nothing),
    row("outside any runtime", "sleeps-outside", Injection::Nothing),
    row("in a tokio runtime built without `enable_time`", "without-time", Injection::Nothing),
    row("after the shutdown of the tokio runtime", "shutdown", Injection::Nothing),
    row("created in an idle tokio runtime, polled elsewhere", "idle-runtime", Injection::Nothing),
    row("polled in a tokio runtime, then elsewhere", "moved-out-of-runtime", Injection::Nothing),
    row(
        "polled in the context of an idle tokio runtime",
        "entered-idle-runtime",
        Injection::Nothing,
    ),
    row(
        "polled there by a waker at the address of a former one",
        "reused-waker",
        Injection::Nothing,
    ),
    row("beside sleeps of `Duration::MAX`", "longest-sleeps", Injection::Nothing),
    row("the waker of another timer panics", "panicking-waker", Injection::Nothing),
    row("the waker of another timer blocks for 1 s", "slow-waker", Injection::Nothing),
    row(
        "100,000 sleeps are due at once, and their wakers create more",
        "storm",
        Injection::Nothing,
    ),
    row("the fd limit is reached", "no-fds", Injection::Nothing),
    row("one fd is left for `accept`", "accept", Injection::Nothing),
    row(
        "no thread can be started",
        "sleeps-in-block-on",
        Injection::SystemCalls(&["clone3:error=EAGAIN:when=1+"]),
    ),
    row("`timerfd_create` fails", "sleeps", fails!("timerfd_create")),
    row("`timerfd_settime` fails", "sleeps", fails!("timerfd_settime")),
    row("`epoll_create1` fails", "sleeps", fails!("epoll_create1")),
    row("`epoll_ctl` fails", "sleeps", fails!("epoll_ctl")),
    row("`eventfd2` fails", "sleeps", fails!("eventfd2")),
    row("`epoll_wait` fails", "sleeps", fails_once!("epoll_wait,epoll_pwait,epoll_pwait2")),
    row("`fcntl` fails", "sleeps", fails!("fcntl")),
    forbidden("`timerfd_create` is forbidden", "timerfd_create"),
    forbidden("`timerfd_settime` is forbidden", "timerfd_settime"),
    forbidden("`epoll_create1` is forbidden", "epoll_create1"),
    forbidden("`epoll_ctl` is forbidden", "epoll_ctl"),
    forbidden("`epoll_wait` is forbidden", "epoll_wait,epoll_pwait,epoll_pwait2"),
    forbidden("`epoll_pwait` is forbidden", "epoll_pwait,epoll_pwait2"),
    forbidden("`eventfd2` is forbidden", "eventfd2"),
    forbidden("`read` and `write` on eventfds are forbidden", "eventfd"),
    forbidden("`fcntl` is forbidden", "fcntl"),
    forbidden("`poll` is forbidden", "poll,ppoll"),
    forbidden("threads are forbidden", "clone,clone3"),
    forbidden("`rt_sigprocmask` is forbidden", "rt_sigprocmask"),
    forbidden("`sched_setaffinity` is forbidden", "sched_setaffinity,sched_getaffinity"),
    row(
        "system calls return EINTR",
        "sleeps",
        Injection::SystemCalls(&[
            "epoll_wait,epoll_pwait,epoll_pwait2,timerfd_settime,clock_nanosleep:error=EINTR:when=1+2",
        ]),
    ),
    row(
        "a storm of signals",
        "sleeps-for-a-second",
        Injection::Preload(&[("FAULTS_STORM", "200")]),
    ),
    row(
        "signal handlers that take 100 ms",
        "sleeps-for-a-second",
        Injection::Preload(&[("FAULTS_STORM", "250000"), ("FAULTS_HANDLER", "100")]),
    ),
    row("the clock goes backwards", "clock", Injection::Clock),
    row(
        "`fork`, first used in the child",
        "fork-unused",
        Injection::Preload(&[("FAULTS_FORK", "1")]),
    ),
    row(
        "`fork` while in use, then used in parent and child",
        "fork",
        Injection::Preload(&[("FAULTS_FORK", "1")]),
    ),
    forks("an fd is dropped in a child of `fork`", "fork-drop"),
    forks("`fork` while other threads are busy", "fork-busy"),
    forks("a daemon forks twice", "fork-daemon"),
    forks("100 generations of forks", "fork-generations"),
    Row {
        build: Build::TestUtil,
        ..forks("`fork` while other threads are busy, with `test-util`", "fork-busy")
    },
    Row {
        build: Build::TestUtil,
        ..forks("a daemon forks twice, with `test-util`", "fork-daemon")
    },
    Row {
        build: Build::TestUtil,
        ..forks("100 generations of forks, with `test-util`", "fork-generations")
    },
    row("SIGTERM is blocked after the first sleep, for a signalfd", "signalfd", Injection::Nothing),
    row("first used in a thread that is bound to a CPU", "bound-thread", Injection::Nothing),
    row(
        "first used in a thread of the class SCHED_IDLE",
        "idle-thread",
        Injection::Preload(&[("FAULTS_IDLE", "1")]),
    ),
    row(
        "`unshare(CLONE_NEWUSER)` after sleeps in `block_on`",
        "user-namespace",
        Injection::Nothing,
    ),
    row(
        "`setns` into a time namespace that is a second behind",
        "time-namespace",
        Injection::Nothing,
    ),
    row("in a C program whose standard streams are closed", "host", Injection::Host),
    row("in a constructor of a library, during `dlopen`", "constructor", Injection::Host),
    row("the process exits", "exit", Injection::Nothing),
    row("used in a thread-local destructor after `main`", "end-of-main", Injection::Nothing),
    row("used in an `atexit` handler", "at-exit", Injection::Nothing),
    Row {
        build: Build::TwoVersions,
        ..row("two versions of the library in one program", "two-versions", Injection::Nothing)
    },
];

/// Cells of dormouse that are known to fail: fault and library. The page explains them.
const KNOWN_FAILURES: &[(&str, &str)] = &[
    // The executor itself stops.
    ("`epoll_wait` fails", "dormouse-tokio"),
    ("`epoll_ctl` fails", "dormouse-async-io"),
    ("`epoll_ctl` is forbidden", "dormouse-async-io"),
    ("`epoll_wait` is forbidden", "dormouse-tokio"),
    ("`epoll_wait` is forbidden", "dormouse-async-io"),
    ("`epoll_pwait` is forbidden", "dormouse-async-io"),
    ("`timerfd_settime` is forbidden", "dormouse-async-io"),
    // A thread cannot leave the class without a privilege.
    ("first used in a thread of the class SCHED_IDLE", "dormouse-builtin"),
    ("first used in a thread of the class SCHED_IDLE", "dormouse-async-io"),
];

/// How many cells of dormouse are as expected, and a line for each one that is not.
pub(crate) fn judge(outcomes: &[Vec<String>]) -> (usize, Vec<String>) {
    let mut expected = 0;
    let mut failures = Vec::new();
    for (row, outcomes) in ROWS.iter().zip(outcomes) {
        for (column, outcome) in COLUMNS.iter().zip(outcomes).take(DORMOUSE_COLUMNS) {
            if survives(outcome) || KNOWN_FAILURES.contains(&(row.fault, column.library)) {
                expected += 1;
            } else {
                failures.push(format!("{} | {} | {outcome}", row.fault, column.title));
            }
        }
    }
    (expected, failures)
}

/// As Markdown.
pub(crate) fn markdown(outcomes: &[Vec<String>]) -> String {
    let titles = COLUMNS.map(|column| column.title).join(" | ");
    let mut page = format!("| fault | {titles} |\n|---|{}\n", "---|".repeat(COLUMNS.len()));
    for (row, outcomes) in ROWS.iter().zip(outcomes) {
        let cells = outcomes.iter().map(|outcome| match outcome.split_once(": ") {
            Some((outcome, message)) => format!("**{outcome}**: \"{message}\""),
            None if survives(outcome) || outcome == NOT_TRIED => outcome.clone(),
            None => format!("**{outcome}**"),
        });
        let cells = cells.collect::<Vec<_>>().join(" | ");
        let _ = writeln!(page, "| {} | {cells} |", row.fault);
    }
    page
}

/// The lines in which the table of a page differs from this one, apart from how late, at which call, how many, and
/// whether a child that does not go on ends.
pub(crate) fn differences(page: &str, table: &str) -> Vec<String> {
    let lines =
        |text: &str| text.lines().filter(|line| line.starts_with('|')).map(normalize).collect();
    let (old, new): (Vec<String>, Vec<String>) = (lines(page), lines(table));
    let removed = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let added = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    removed.chain(added).collect()
}

fn normalize(line: &str) -> String {
    let cells = line.split('|').map(|cell| {
        let cell = cell.split(" s late").next().unwrap_or_default();
        let cell = cell.split(" (call ").next().unwrap_or_default().trim_end_matches('"');
        let cell = cell.trim_end_matches(|char: char| char.is_ascii_digit() || ", ".contains(char));
        cell.trim_matches('*')
            .trim_end_matches('"')
            .replace("some never fire", "never fires")
            .replace("hangs", "never fires")
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
