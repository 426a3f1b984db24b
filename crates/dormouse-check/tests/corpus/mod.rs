//! A list of futures with the failures that the checker must report for each. Each case is a test; `soak` runs all of
//! them many times under load.

use dormouse_check::{Kind, Report};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// A future, and the kinds of failures that the checker must report for it.
pub(crate) struct Case {
    /// The path of its test, starting with the crate.
    pub(crate) path: &'static str,
    pub(crate) expected: &'static [Kind],
    pub(crate) check: fn() -> Report,
}

impl Case {
    /// Runs the check once, and panics if the failures differ from the expected ones.
    #[track_caller]
    pub(crate) fn assert(&self) {
        let report = (self.check)();
        println!("{report}");
        assert_eq!(report.failures(), self.expected, "{report}");
    }

    /// The name of its test.
    fn test(&self) -> &'static str {
        self.path.split_once("::").expect("a path that starts with the crate").1
    }

    /// Runs its test in a child process; `Err` with the output if the test fails.
    fn run_in_child(&self) -> Result<(), String> {
        let program = std::env::current_exe().expect("the path of this executable");
        let mut test = Command::new(program);
        let test = test.args(["--exact", self.test(), "--nocapture"]).output();
        let test = test.expect("failed to start a child process");
        let output = String::from_utf8_lossy(&test.stdout);
        let passed = test.status.success() && output.contains("1 passed");
        if passed {
            Ok(())
        } else {
            Err(output.into_owned() + &String::from_utf8_lossy(&test.stderr))
        }
    }
}

/// Defines a test for each case, and the list `CASES` of all cases.
#[macro_export]
macro_rules! cases {
    ($($(#[doc = $doc:literal])+ $name:ident: $expected:expr, $check:expr;)+) => {
        pub(crate) const CASES: &[$crate::corpus::Case] = &[$($crate::corpus::Case {
            path: concat!(module_path!(), "::", stringify!($name)),
            expected: &$expected,
            check: || $check.name(stringify!($name)).run(),
        }),+];

        $(
            $(#[doc = $doc])+
            #[test]
            fn $name() {
                let path = concat!(module_path!(), "::", stringify!($name));
                let case = CASES.iter().find(|case| case.path == path);
                case.expect("a case in the list").assert();
            }
        )+
    };
}

/// A shell script that keeps a CPU busy while its parent process runs.
const BUSY_LOOP: &str =
    "while [ -d /proc/$PPID ]; do n=0; while [ $n -lt 5000 ]; do n=$((n+1)); done; done";

/// Child processes that keep CPUs busy, killed on drop.
struct Load(Vec<Child>);

impl Load {
    fn start(number: usize) -> Load {
        let spawn = |_| Command::new("sh").args(["-c", BUSY_LOOP]).spawn();
        Load((0..number).map(spawn).map(|child| child.expect("failed to start a shell")).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A number from an environment variable.
fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The part of a check that depends on two threads that run at the same time. Its name is in the report if it was skipped.
const SWEEP: &str = "wake-up race at each moment of a poll";

/// The results of the checks of one case.
#[derive(Default)]
struct Tally {
    times: Vec<Duration>,
    failed: usize,
    /// How many of those that failed say that they have not covered the races.
    uncovered: usize,
}

/// Runs the test of each case many times under load, and prints how often it failed.
///
/// Environment variables: `ROUNDS` is the number of runs of each case, `JOBS` how many run concurrently, `LOAD` the
/// number of busy processes beside them, `ONLY` a substring of the cases to run, `MINUTES` the maximum duration. Each
/// test runs in a child process, because a broken future may leak threads or leave them blocked.
pub(crate) fn soak(cases: &[&[Case]]) {
    let (rounds, jobs, load) = (variable("ROUNDS", 10), variable("JOBS", 2), variable("LOAD", 2));
    let end = Instant::now() + Duration::from_secs(60 * variable("MINUTES", 10));
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases: Vec<&Case> =
        cases.iter().copied().flatten().filter(|case| case.test().contains(&only)).collect();
    let tallies: Vec<Mutex<Tally>> = cases.iter().map(|_| Mutex::default()).collect();
    let checks = (1..=rounds).flat_map(|round| (0..cases.len()).map(move |case| (round, case)));
    let checks = Mutex::new(checks);

    let load = Load::start(usize::try_from(load).expect("LOAD fits in a usize"));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while Instant::now() < end {
                    let next = checks.lock().expect("a job panicked").next();
                    let Some((round, index)) = next else { break };
                    let began = Instant::now();
                    let result = cases[index].run_in_child();
                    let mut tally = tallies[index].lock().expect("a job panicked");
                    tally.times.push(began.elapsed());
                    if let Err(output) = result {
                        println!("round {round}:\n{output}");
                        tally.failed += 1;
                        tally.uncovered += usize::from(output.contains(SWEEP));
                    }
                }
            });
        }
    });
    drop(load);

    println!(" failed  races not covered  checks  median");
    let mut all_failed = 0;
    for (case, tally) in cases.iter().zip(tallies) {
        let Tally { mut times, failed, uncovered } = tally.into_inner().expect("a job panicked");
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3;
        let (checks, test) = (times.len(), case.test());
        println!("{failed:7} {uncovered:18} {checks:7} {median:8.1} ms  {test}");
        all_failed += failed;
    }
    assert_eq!(all_failed, 0, "some checks failed");
}
