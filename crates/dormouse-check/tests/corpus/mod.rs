//! A list of futures, with what is to be found in each: a test for each, and one that runs all of them many times
//! beside load.

use dormouse_check::{Kind, Report};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A future, and the kinds of the failures that are to be found in it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
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
}

/// A test for each case, and a list of them, `CASES`.
#[macro_export]
macro_rules! cases {
    ($($(#[doc = $doc:literal])+ $name:ident: $wanted:expr, $check:expr;)+) => {
        pub(crate) const CASES: &[$crate::corpus::Case] = &[$($crate::corpus::Case {
            name: stringify!($name),
            wanted: &$wanted,
            check: || $check.name(stringify!($name)).run(),
        }),+];

        $(
            $(#[doc = $doc])+
            #[test]
            fn $name() {
                let case = CASES.iter().find(|case| case.name == stringify!($name));
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

/// Checks each case many times, beside load, and prints how often it came out wrong.
///
/// `ROUNDS` says how often, `LOAD` how many processes keep a CPU busy each, `ONLY` which cases, `MINUTES` when
/// to stop at the latest.
pub(crate) fn soak(cases: &[&[Case]]) {
    let (rounds, load) = (variable("ROUNDS", 10), variable("LOAD", 2));
    let end = Instant::now() + Duration::from_secs(60 * variable("MINUTES", 10));
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases: Vec<&Case> =
        cases.iter().copied().flatten().filter(|case| case.name.contains(&only)).collect();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); cases.len()];
    let mut wrong: Vec<Vec<Vec<Kind>>> = vec![Vec::new(); cases.len()];

    let load = Load::start(usize::try_from(load).expect("a small number"));
    'rounds: for round in 1..=rounds {
        println!("round {round}");
        for (index, case) in cases.iter().enumerate() {
            if Instant::now() > end {
                break 'rounds;
            }
            let began = Instant::now();
            let report = (case.check)();
            times[index].push(began.elapsed());
            if report.failures() != case.wanted {
                println!("{:?} instead of {:?}\n{report}", report.failures(), case.wanted);
                wrong[index].push(report.failures());
            }
        }
    }
    drop(load);

    println!("  wrong  checks  median");
    for ((case, times), wrong) in cases.iter().zip(&mut times).zip(&wrong) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3;
        println!("{:7} {:7} {median:8.1} ms  {}  {wrong:?}", wrong.len(), times.len(), case.name);
    }
    assert!(wrong.iter().all(Vec::is_empty), "some came out wrong");
}
