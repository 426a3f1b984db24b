//! A list of bugs with the kinds that fit them, the tests of each, and the table of all.

use crate::{MISSED, UNCERTAIN};
use dormouse_check::{Finding, Kind, Report};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

/// A defect of a published crate.
pub(crate) struct Bug {
    /// The module and the name.
    pub(crate) path: &'static str,
    /// `crate#issue`.
    pub(crate) source: &'static str,
    /// One of these must be reported.
    pub(crate) kinds: &'static [Kind],
    /// Checks the future with the defect (`false`) or with its correction (`true`).
    pub(crate) check: fn(bool) -> Report,
}

/// What the checker says about a bug.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Reported,
    /// As something else.
    Misnamed,
    Missed,
}

impl Bug {
    fn name(&self) -> &'static str {
        self.path.split_once("::").expect("a path that starts with the crate").1
    }

    /// Whether the bug is reported as one of its kinds: as a failure, or as a note if the kind is one by default.
    fn verdict(&self, report: &Report) -> Verdict {
        let reported = report.findings().iter().any(|finding| self.kinds.contains(&finding.kind()));
        match (reported, report.failures().is_empty()) {
            (true, _) => Verdict::Reported,
            (false, false) => Verdict::Misnamed,
            (false, true) => Verdict::Missed,
        }
    }

    /// The kind of a failure, or of a note that fits the bug.
    fn mention(&self, finding: &Finding) -> Option<String> {
        let kind = finding.kind();
        match finding.is_note() {
            false => Some(format!("{kind:?}")),
            true => self.kinds.contains(&kind).then(|| format!("{kind:?} (a note)")),
        }
    }

    /// Panics unless the checker reports the bug. If the bug is listed as missed, panics if the checker reports it.
    pub(crate) fn assert_reported(&self) {
        let began = Instant::now();
        let report = (self.check)(false);
        let seconds = began.elapsed().as_secs_f64();
        let verdict = self.verdict(&report);
        let word = match verdict {
            Verdict::Reported => "reported",
            Verdict::Misnamed => "misnamed",
            Verdict::Missed => "missed",
        };
        let findings: Vec<String> =
            report.findings().iter().filter_map(|finding| self.mention(finding)).collect();
        println!("{report}\nRESULT {word}\t{}\t{seconds:.1}", findings.join(", "));
        if UNCERTAIN.contains(&self.name()) {
            return;
        }
        if MISSED.contains(&self.name()) {
            assert!(verdict != Verdict::Reported, "{} is reported: not MISSED", self.name());
        } else {
            assert!(verdict == Verdict::Reported, "none of {:?} in {report}", self.kinds);
        }
    }

    /// Panics if the checker reports a failure of the corrected future.
    pub(crate) fn assert_passes_when_fixed(&self) {
        let report = (self.check)(true);
        println!("{report}");
        assert!(report.passed(), "{report}");
    }

    /// Runs one of its tests in a child process. Returns whether it passed, and its output.
    fn run_in_child(&self, test: &str) -> (bool, String) {
        let program = std::env::current_exe().expect("the path of this executable");
        let name = format!("{}::{test}", self.name());
        let arguments = ["--exact", &name, "--ignored", "--nocapture"];
        let output = Command::new(program).args(arguments).output();
        let output = output.expect("failed to start a child process");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let passed = output.status.success() && text.contains("1 passed");
        (passed, text + &String::from_utf8_lossy(&output.stderr))
    }

    /// Its row in the table, and whether both of its tests passed.
    fn row(&self) -> (bool, String) {
        let (reported, output) = self.run_in_child("is_reported");
        let result = output.lines().find_map(|line| line.strip_prefix("RESULT "));
        let result = result.unwrap_or("aborted\t\t0").replace('\t', " | ");
        let (passes, fixed) = self.run_in_child("passes_when_fixed");
        for (right, output) in [(reported, &output), (passes, &fixed)] {
            if !right {
                eprintln!("{}: {output}", self.name());
            }
        }
        let passed = if passes { "passes" } else { "fails" };
        (reported && passes, format!("| {} | {} | {result} | {passed} |", self.name(), self.source))
    }
}

/// Defines `BUGS`, and for each bug a module with its two tests.
#[macro_export]
macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $name:ident ($source:literal, [$($kind:ident),+]):
        |$fixed:ident| $check:expr;)+) => {
        pub(crate) const BUGS: &[$crate::bug::Bug] = &[$($crate::bug::Bug {
            path: concat!(module_path!(), "::", stringify!($name)),
            source: $source,
            kinds: &[$(dormouse_check::Kind::$kind),+],
            check: |$fixed: bool| $check.name(stringify!($name)).run(),
        }),+];

        $(
            $(#[doc = $doc])+
            mod $name {
                fn bug() -> &'static $crate::bug::Bug {
                    let bug = super::BUGS.iter().find(|bug| module_path!() == bug.path);
                    bug.expect("a bug in the list")
                }

                #[test]
                #[ignore = "run by scripts/check-corpus"]
                fn is_reported() {
                    bug().assert_reported();
                }

                #[test]
                #[ignore = "run by scripts/check-corpus"]
                fn passes_when_fixed() {
                    bug().assert_passes_when_fixed();
                }
            }
        )+
    };
}

/// Runs both tests of each of these bugs in child processes, four at a time.
pub(crate) fn check_all(bugs: &[&[Bug]], names: &[&str]) {
    let (failed, _) = rows(bugs, |bug| names.contains(&bug.name()));
    assert!(failed.is_empty(), "these are not right: {failed:?}");
}

/// Runs all of them, and prints a table.
pub(crate) fn print_table(bugs: &[&[Bug]]) {
    let (failed, rows) = rows(bugs, |_| true);
    println!("\n| bug | source | verdict | reported as | seconds | corrected |");
    println!("|---|---|---|---|---|---|");
    for row in rows {
        println!("{row}");
    }
    assert!(failed.is_empty(), "these are not right: {failed:?}");
}

/// The names of those that are not right, and the rows of all, in order.
fn rows(bugs: &[&[Bug]], select: impl Fn(&Bug) -> bool) -> (Vec<&'static str>, Vec<String>) {
    let bugs: Vec<&Bug> = bugs.iter().copied().flatten().filter(|bug| select(bug)).collect();
    let next = Mutex::new(bugs.iter().enumerate());
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((index, bug)) = next.lock().expect("a job panicked").next() else {
                        break;
                    };
                    let (right, row) = bug.row();
                    results.lock().expect("a job panicked").push((index, bug.name(), right, row));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("a job panicked");
    results.sort_by_key(|(index, ..)| *index);
    let failed = results.iter().filter(|result| !result.2).map(|result| result.1).collect();
    (failed, results.into_iter().map(|(.., row)| row).collect())
}
