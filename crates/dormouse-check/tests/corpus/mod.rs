//! A list of futures, with what is to be found in each: a test for each, and one that runs all of them many times
//! beside load.

use dormouse_check::{Kind, Report};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// A future, and the kinds of the failures that are to be found in it.
pub(crate) struct Case {
    /// The path of its test, from the crate on.
    pub(crate) path: &'static str,
    pub(crate) wanted: &'static [Kind],
    pub(crate) check: fn() -> Report,
}

impl Case {
    /// Checks once, and fails if anything else is found.
    #[track_caller]
    pub(crate) fn assert(&self) {
        let report = (self.check)();
        println!("{report}");
        assert_eq!(report.failures(), self.wanted, "{report}");
    }

    /// The name of its test.
    fn test(&self) -> &'static str {
        self.path.split_once("::").expect("the crate comes first").1
    }

    /// Runs its test in a process of its own; `Err` with what that prints if it fails.
    fn apart(&self) -> Result<(), String> {
        let program = std::env::current_exe().expect("this program is somewhere");
        let mut test = Command::new(program);
        let test = test.args(["--exact", self.test(), "--nocapture"]).output();
        let test = test.expect("a process can be started");
        let said = String::from_utf8_lossy(&test.stdout);
        let passed = test.status.success() && said.contains("1 passed");
        if passed {
            Ok(())
        } else {
            Err(said.into_owned() + &String::from_utf8_lossy(&test.stderr))
        }
    }
}

/// A test for each case, and a list of them, `CASES`.
#[macro_export]
macro_rules! cases {
    ($($(#[doc = $doc:literal])+ $name:ident: $wanted:expr, $check:expr;)+) => {
        pub(crate) const CASES: &[$crate::corpus::Case] = &[$($crate::corpus::Case {
            path: concat!(module_path!(), "::", stringify!($name)),
            wanted: &$wanted,
            check: || $check.name(stringify!($name)).run(),
        }),+];

        $(
            $(#[doc = $doc])+
            #[test]
            fn $name() {
                let path = concat!(module_path!(), "::", stringify!($name));
                let case = CASES.iter().find(|case| case.path == path);
                case.expect("it is in the list").assert();
            }
        )+
    };
}

/// Shells that do nothing but keep a CPU busy, for as long as this process lives.
const BUSY: &str =
    "while [ -d /proc/$PPID ]; do n=0; while [ $n -lt 5000 ]; do n=$((n+1)); done; done";

struct Load(Vec<Child>);

impl Load {
    fn start(number: usize) -> Load {
        let busy = |_| Command::new("sh").args(["-c", BUSY]).spawn();
        Load((0..number).map(busy).map(|child| child.expect("a shell can be started")).collect())
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

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// How the checks of one case came out.
#[derive(Default)]
struct Tally {
    times: Vec<Duration>,
    wrong: usize,
}

/// Runs the test of each case many times beside load, and prints how often it failed.
///
/// `ROUNDS` says how often, `JOBS` how many at a time, `LOAD` how many processes keep a CPU busy each, `ONLY` which
/// cases, `MINUTES` when to stop at the latest. Each test has a process of its own, because what a broken future
/// leaves behind stays there.
pub(crate) fn soak(cases: &[&[Case]]) {
    let (rounds, jobs, load) = (variable("ROUNDS", 10), variable("JOBS", 2), variable("LOAD", 2));
    let end = Instant::now() + Duration::from_secs(60 * variable("MINUTES", 10));
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases: Vec<&Case> =
        cases.iter().copied().flatten().filter(|case| case.test().contains(&only)).collect();
    let tallies: Vec<Mutex<Tally>> = cases.iter().map(|_| Mutex::default()).collect();
    let checks = (1..=rounds).flat_map(|round| (0..cases.len()).map(move |case| (round, case)));
    let checks = Mutex::new(checks);

    let load = Load::start(usize::try_from(load).expect("a small number"));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while Instant::now() < end {
                    let next = checks.lock().expect("no job panics").next();
                    let Some((round, index)) = next else { break };
                    let began = Instant::now();
                    let said = cases[index].apart();
                    let mut tally = tallies[index].lock().expect("no job panics");
                    tally.times.push(began.elapsed());
                    if let Err(said) = said {
                        println!("round {round}:\n{said}");
                        tally.wrong += 1;
                    }
                }
            });
        }
    });
    drop(load);

    println!("  wrong  checks  median");
    let mut all_wrong = 0;
    for (case, tally) in cases.iter().zip(tallies) {
        let Tally { mut times, wrong } = tally.into_inner().expect("no job panics");
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3;
        println!("{wrong:7} {:7} {median:8.1} ms  {}", times.len(), case.test());
        all_wrong += wrong;
    }
    assert_eq!(all_wrong, 0, "so many checks came out wrong");
}
