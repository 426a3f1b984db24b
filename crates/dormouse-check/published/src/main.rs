//! Checks futures of published crates: channels, locks, notifications, pools, timers, streams and combinators.
//!
//!     cargo run                    checks all, each in a process of its own, and prints a table
//!     cargo run -- flume           those with this text in their name
//!     cargo run -- --one NAME      one of them in this process, with its report
//!
//! A verdict is the list of failures, `-` if there are none, `aborts` if the process was ended by a signal, or `no end`
//! if it took longer than two minutes.

mod channels;
mod combinators;
mod events;
mod locks;
mod pools;
mod streams;
mod timers;

use dormouse_check::{Check, Report};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// One future of a crate.
struct Case {
    /// The crate and the future.
    name: String,
    check: fn() -> Report,
}

/// Defines the function `cases`.
#[macro_export]
macro_rules! published {
    ($($package:literal { $($name:ident: $check:expr;)+ })+) => {
        pub(crate) fn cases() -> Vec<$crate::Case> {
            vec![$($($crate::Case {
                name: concat!($package, "::", stringify!($name)).to_owned(),
                check: || $check.name(concat!($package, "::", stringify!($name))).run(),
            }),+),+]
        }
    };
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("failed to start a tokio runtime")
});

/// Runs a check inside a tokio runtime.
fn in_tokio<T: 'static>(check: Check<T>) -> Check<T> {
    check.around(|code| {
        let _inside = RUNTIME.enter();
        code();
    })
}

/// What became of the process of one check.
struct Outcome {
    verdict: String,
    seconds: f64,
}

const LIMIT: Duration = Duration::from_secs(120);

fn run_in_child(name: &str) -> Outcome {
    let program = std::env::current_exe().expect("the path of this program");
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(["--one", name])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("failed to start a child process");
    let mut stdout = child.stdout.take().expect("a pipe");
    let reader = thread::spawn(move || {
        let mut output = String::new();
        let _ = stdout.read_to_string(&mut output);
        output
    });
    let status = loop {
        if let Some(status) = child.try_wait().expect("failed to wait for a child process") {
            break Some(status);
        }
        if began.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let seconds = began.elapsed().as_secs_f64();
    let output = reader.join().unwrap_or_default();
    let failures = output.lines().find_map(|line| line.strip_prefix("FAILURES "));
    let verdict = match (status, failures) {
        (None, _) => "no end".to_owned(),
        (Some(status), Some(failures)) if status.success() => failures.to_owned(),
        (Some(status), _) => format!("aborts ({status})"),
    };
    Outcome { verdict, seconds }
}

fn check_one(cases: &[Case], name: &str) -> ExitCode {
    let Some(case) = cases.iter().find(|case| case.name == name) else {
        eprintln!("there is no {name}");
        return ExitCode::FAILURE;
    };
    let report = (case.check)();
    println!("{report}");
    let failures: Vec<String> = report.failures().iter().map(|kind| format!("{kind:?}")).collect();
    let failures = if failures.is_empty() { "-".to_owned() } else { failures.join(", ") };
    println!("FAILURES {failures}");
    // A broken future can leave threads that never end.
    std::process::exit(0);
}

fn check_all(cases: &[&Case]) {
    let next = Mutex::new(cases.iter().enumerate());
    let outcomes = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((index, case)) = next.lock().expect("a job panicked").next() else {
                        break;
                    };
                    let outcome = run_in_child(&case.name);
                    eprintln!("{:7.1} s  {}: {}", outcome.seconds, case.name, outcome.verdict);
                    outcomes.lock().expect("a job panicked").insert(index, outcome);
                }
            });
        }
    });
    println!("| future | failures | seconds |\n|---|---|---|");
    let outcomes = outcomes.into_inner().expect("a job panicked");
    for (index, outcome) in &outcomes {
        println!("| {} | {} | {:.1} |", cases[*index].name, outcome.verdict, outcome.seconds);
    }
    let passed = outcomes.values().filter(|outcome| outcome.verdict == "-").count();
    println!("\n{passed} of {} futures have no failure", outcomes.len());
}

fn main() -> ExitCode {
    let mut cases = channels::cases();
    cases.extend(locks::cases());
    cases.extend(events::cases());
    cases.extend(pools::cases());
    cases.extend(timers::cases());
    cases.extend(streams::cases());
    cases.extend(combinators::cases());

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", name] => return check_one(&cases, name),
        [] => check_all(&cases.iter().collect::<Vec<_>>()),
        [text] => {
            check_all(&cases.iter().filter(|case| case.name.contains(text)).collect::<Vec<_>>())
        }
        _ => {
            eprintln!("one argument: a part of a name");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
