//! The table: faults down, libraries across.

use crate::cell::Outside;

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
    row("made in a tokio runtime that stands idle, polled elsewhere", "idle-runtime", Outside::Nothing),
    row("polled in a tokio runtime, and then elsewhere", "moved-out-of-runtime", Outside::Nothing),
    row("polled in the context of a tokio runtime that stands idle", "entered-idle-runtime", Outside::Nothing),
    row("beside sleeps of `Duration::MAX`", "for-ever", Outside::Nothing),
    row("another's waker panics", "panicking-waker", Outside::Nothing),
    row("another's waker sleeps for 1 s", "slow-waker", Outside::Nothing),
    row("100,000 are due at once, and their wakers create more", "storm", Outside::Nothing),
    row("no fds are left", "no-fds", Outside::Nothing),
    row("no thread can be had", "sleeps-in-block-on", Outside::Injected(&["clone3:error=EAGAIN:when=1+"])),
    row("`timerfd_create` fails", "sleeps", refused!("timerfd_create")),
    row("`timerfd_settime` fails", "sleeps", refused!("timerfd_settime")),
    row("`epoll_create1` fails", "sleeps", refused!("epoll_create1")),
    row("`epoll_ctl` fails", "sleeps", refused!("epoll_ctl")),
    row("`eventfd2` fails", "sleeps", refused!("eventfd2")),
    row("`epoll_wait` fails", "sleeps", refused_once!("epoll_wait,epoll_pwait,epoll_pwait2")),
    row("`fcntl` fails", "sleeps", refused!("fcntl")),
    row("system calls are interrupted", "sleeps", Outside::Injected(&[
        "epoll_wait,epoll_pwait,epoll_pwait2,timerfd_settime,clock_nanosleep:error=EINTR:when=1+2",
    ])),
    row("a storm of signals", "sleeps-for-a-second", Outside::Shim(&[("FAULTS_STORM", "200")])),
    row("signal handlers that take 100 ms", "sleeps-for-a-second",
        Outside::Shim(&[("FAULTS_STORM", "250000"), ("FAULTS_HANDLER", "100")])),
    row("readings of the clock go back", "clock", Outside::Clock),
    row("`fork`, and first used in the child", "fork-unused", Outside::Shim(&[("FAULTS_FORK", "1")])),
    row("`fork` while it is used, and used on in both", "fork", Outside::Shim(&[("FAULTS_FORK", "1")])),
    row("the process exits", "exit", Outside::Nothing),
    row("used at the end of the main thread", "end-of-main", Outside::Nothing),
    row("used by a destructor of the program's", "at-exit", Outside::Nothing),
    row("two versions of the library in one program", "two-versions", Outside::Nothing),
];
