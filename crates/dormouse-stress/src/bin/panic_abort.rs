//! What dormouse does in a program that is compiled with `panic = "abort"`, where it cannot find out whether a tokio
//! runtime has I/O: fds use the runtime's reactor anyway, and sleeps do so only after an fd was registered there.
//!
//! `scripts/panic-abort` builds this program and starts it. Each case runs in a process of its own.

use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use futures::executor::block_on;
use futures::{poll, try_join};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::{Command, ExitCode, Output};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// A name, what runs in the child process, and whether the child ended as it should.
type Case = (&'static str, fn(), fn(&Output) -> bool);

const CASES: &[Case] = &[
    ("fds use the reactor of the runtime", fds_use_tokio, succeeds),
    ("a sleep fires on a runtime with time alone", || sleeps_on(&with_time()), succeeds),
    ("a sleep fires on a runtime with neither", || sleeps_on(&with_nothing()), succeeds),
    ("after the first fd, sleeps use tokio", sleeps_use_tokio, succeeds),
    ("after the first fd, so do sleeps on other threads", sleeps_move_to_tokio, succeeds),
    ("an fd on a runtime without I/O ends the program", fd_without_io, ends_with_message),
    ("the builtin reactor can be chosen there", chosen_by_hand, succeeds),
    ("fds and sleeps survive the shutdown of a runtime", outlives_a_runtime, succeeds),
];

const MS: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    if cfg!(panic = "unwind") {
        eprintln!("this program tests panic = \"abort\"; use scripts/panic-abort");
        return ExitCode::from(2);
    }
    if let Some(name) = std::env::args().nth(1) {
        let case = CASES.iter().find(|case| case.0 == name);
        case.expect("the name of a case").1();
        return ExitCode::SUCCESS;
    }
    let mut code = ExitCode::SUCCESS;
    for (name, _, is_expected) in CASES {
        let program = std::env::current_exe().expect("the path of this program");
        let output = Command::new(program).arg(name).output().expect("it can be started");
        if is_expected(&output) {
            println!("{name}: yes");
        } else {
            println!("{name}: NO, {}", output.status);
            println!("{}", String::from_utf8_lossy(&output.stderr));
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn succeeds(output: &Output) -> bool {
    output.status.success()
}

/// tokio's message says what to do.
fn ends_with_message(output: &Output) -> bool {
    const SIGABRT: i32 = 6;
    let message = String::from_utf8_lossy(&output.stderr);
    output.status.signal() == Some(SIGABRT) && message.contains("Call `enable_io`")
}

fn with_io() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_io().build().expect("a runtime")
}

fn with_time() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn with_nothing() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn fds_use_tokio() {
    with_io().block_on(async {
        let (a, b) = pair();
        assert_eq!(a.reactor().name(), "tokio");
        exchange(&a, &b).await;
    });
    assert!(!has_reactor_thread());
}

fn sleeps_on(runtime: &Runtime) {
    for _ in 0..3 {
        runtime.block_on(sleep_a_little());
    }
    assert!(has_reactor_thread());
}

fn sleeps_use_tokio() {
    let runtime = with_io();
    runtime.block_on(async {
        let _registered = pair();
        sleep_a_little().await;
        tokio::spawn(sleep_a_little()).await.expect("no panic");
    });
    assert!(!has_reactor_thread());
}

/// Each queue of sleeps has a timerfd: here the builtin reactor's, and then that of the runtime too.
fn sleeps_move_to_tokio() {
    let runtime = with_io();
    let _context = runtime.enter();
    block_on(sleep_a_little());
    assert_eq!(timerfds(), 1);
    let other = thread::spawn({
        let handle = runtime.handle().clone();
        move || {
            let _context = handle.enter();
            drop(pair());
        }
    });
    other.join().expect("no panic");
    block_on(sleep_a_little());
    assert_eq!(timerfds(), 2);
}

fn fd_without_io() {
    with_time().block_on(async { drop(pair()) });
}

fn chosen_by_hand() {
    with_time().block_on(async {
        let (a, b) = UnixStream::pair().expect("a pair");
        let both = Interest::READABLE | Interest::WRITABLE;
        let builtin =
            |end| AsyncFd::new_on(&Reactor::builtin(), end, both).expect("it is registered");
        exchange(&builtin(a), &builtin(b)).await;
    });
}

fn outlives_a_runtime() {
    let (first, second) = (with_io(), with_io());
    let (a, b) = first.block_on(async { pair() });
    let mut pending = pin!(sleep(50 * MS));
    first.block_on(async { assert!(poll!(pending.as_mut()).is_pending()) });
    drop(first);
    second.block_on(async {
        exchange(&a, &b).await;
        pending.await;
    });
}

fn pair() -> (AsyncFd<UnixStream>, AsyncFd<UnixStream>) {
    let (a, b) = UnixStream::pair().expect("a pair");
    let wrap = |end| AsyncFd::new(end).expect("it is registered");
    (wrap(a), wrap(b))
}

/// `a` waits for a byte that `b` sends later.
async fn exchange(a: &AsyncFd<UnixStream>, b: &AsyncFd<UnixStream>) {
    let receive = a.async_io(Interest::READABLE, |mut end| end.read_exact(&mut [0]));
    let send = async {
        tokio::task::yield_now().await;
        b.async_io(Interest::WRITABLE, |mut end| end.write_all(b"!")).await
    };
    try_join!(receive, send).expect("the byte arrives");
}

async fn sleep_a_little() {
    let start = Instant::now();
    sleep(5 * MS).await;
    assert!(start.elapsed() >= 5 * MS, "early");
}

fn has_reactor_thread() -> bool {
    let threads = fs::read_dir("/proc/self/task").expect("/proc is mounted");
    let names =
        threads.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("comm")).ok());
    names.into_iter().any(|name| name.trim_end() == "dormouse")
}

fn timerfds() -> usize {
    let fds = fs::read_dir("/proc/self/fdinfo").expect("/proc is mounted");
    let infos = fds.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    infos.filter(|info| info.contains("clockid:")).count()
}
