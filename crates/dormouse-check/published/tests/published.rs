//! Checks futures of published crates: channels, locks, notifications, pools, timers, streams and combinators.
//!
//! Each is a test, so that the checker can run its dangerous probes in a process of their own. The tests are ignored;
//! `table` runs each of them in a child process, and prints their verdicts. A verdict is the list of failures, `-` if
//! there are none, `ends at the time limit` if there are none but probes are missing, `aborts` if the process was ended by
//! a signal, or `no end` after two minutes.
//!
//! Environment variable: `ONLY` is a part of the names of the futures to check.

#[path = "published/channels.rs"]
mod channels;
#[path = "published/combinators.rs"]
mod combinators;
#[path = "published/events.rs"]
mod events;
#[path = "published/locks.rs"]
mod locks;
#[path = "published/pairs.rs"]
mod pairs;
#[path = "published/pools.rs"]
mod pools;
#[path = "published/streams.rs"]
mod streams;
#[path = "published/timers.rs"]
mod timers;

use dormouse_check::{Check, Report};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// One future of a crate.
struct Case {
    package: &'static str,
    /// The path of its test, starting with the name of this program.
    path: &'static str,
    check: fn() -> Report,
}

impl Case {
    fn test(&self) -> &'static str {
        self.path.split_once("::").expect("a path that starts with the crate").1
    }

    /// The crate and the future.
    fn name(&self) -> String {
        let function = self.path.rsplit_once("::").expect("a path with a module").1;
        let prefix = self.package.replace('-', "_") + "_";
        format!("{}: {}", self.package, function.strip_prefix(&prefix).unwrap_or(function))
    }

    /// Checks the future, and prints the failures on a line for `table`.
    fn run(&self) {
        let report = (self.check)();
        println!("{report}");
        let failures: Vec<String> =
            report.failures().iter().map(|kind| format!("{kind:?}")).collect();
        let out_of_time =
            report.skipped().iter().any(|(_, reason)| reason.contains("the time limit"));
        let failures = match (failures.is_empty(), out_of_time) {
            (true, false) => "-".to_owned(),
            (true, true) => "ends at the time limit".to_owned(),
            (false, _) => failures.join(", "),
        };
        println!("FAILURES {failures}");
    }

    /// Runs its test in a child process.
    fn run_in_child(&self) -> Outcome {
        let program = std::env::current_exe().expect("the path of this program");
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(["--exact", self.test(), "--ignored", "--nocapture"])
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
        Outcome { name: self.name(), verdict, seconds }
    }
}

/// Defines the list of cases, and a test for each.
#[macro_export]
macro_rules! published {
    ($($package:literal { $($name:ident: $check:expr;)+ })+) => {
        pub(crate) const CASES: &[$crate::Case] = &[$($($crate::Case {
            package: $package,
            path: concat!(module_path!(), "::", stringify!($name)),
            check: || $check.name(stringify!($name)).run(),
        }),+),+];

        $($(
            #[test]
            #[ignore = "run by scripts/check-published"]
            fn $name() {
                let path = concat!(module_path!(), "::", stringify!($name));
                let case = CASES.iter().find(|case| case.path == path);
                case.expect("a case in the list").run();
            }
        )+)+
    };
}

const CASES: [&[Case]; 8] = [
    channels::CASES,
    locks::CASES,
    events::CASES,
    pools::CASES,
    pairs::CASES,
    timers::CASES,
    streams::CASES,
    combinators::CASES,
];

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
    name: String,
    verdict: String,
    seconds: f64,
}

const LIMIT: Duration = Duration::from_secs(120);

#[test]
#[ignore = "takes several minutes; see scripts/check-published"]
fn table() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases = CASES.iter().copied().flatten().filter(|case| case.name().contains(&only));
    let next = Mutex::new(cases.enumerate());
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((index, case)) = next.lock().expect("a job panicked").next() else {
                        break;
                    };
                    let outcome = case.run_in_child();
                    eprintln!("{:7.1} s  {}: {}", outcome.seconds, outcome.name, outcome.verdict);
                    outcomes.lock().expect("a job panicked").push((index, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("a job panicked");
    outcomes.sort_by_key(|(index, _)| *index);
    println!("\n| future | failures | seconds |\n|---|---|---|");
    for (_, outcome) in &outcomes {
        println!("| {} | {} | {:.1} |", outcome.name, outcome.verdict, outcome.seconds);
    }
    let passed = outcomes.iter().filter(|(_, outcome)| outcome.verdict == "-").count();
    println!("\n{passed} of {} futures have no failure", outcomes.len());
}
