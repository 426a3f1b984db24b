//! The report of a check, as text and as JSON.

use crate::finding::{Finding, wrap};
use crate::json::Json;
use crate::kind::Kind;
use std::fmt;
use std::time::Duration;

/// The findings of a check.
///
/// `{}` prints it; [`assert`](Report::assert) panics with it if there is a failure, or if nothing was checked.
///
/// ```
/// let report = dormouse_check::check(|| dormouse::sleep(std::time::Duration::from_millis(2))).run();
/// assert!(report.passed(), "{report}");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a failure does not fail the test until `assert` is called"]
pub struct Report {
    pub(crate) name: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unconfirmed: Vec<Finding>,
    pub(crate) probes: Vec<&'static str>,
    pub(crate) skipped: Vec<(&'static str, String)>,
    pub(crate) executors: Vec<(&'static str, String)>,
    pub(crate) instances: usize,
    /// The time limit was reached.
    pub(crate) out_of_time: bool,
    pub(crate) took: Duration,
}

impl Report {
    /// All findings: the failures first, then the notes.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was seen once and not again. It is no failure: repeat the check, on a machine with less load.
    ///
    /// ```
    /// let report = dormouse_check::check(|| async {}).run();
    /// assert!(report.unconfirmed().is_empty());
    /// ```
    pub fn unconfirmed(&self) -> &[Finding] {
        &self.unconfirmed
    }

    /// The kinds of the failures, without the notes. Each kind occurs once.
    pub fn failures(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self
            .findings
            .iter()
            .filter(|finding| !finding.is_note())
            .map(|finding| finding.kind())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Whether there is no failure. There may be notes, and probes that were [skipped](Report::skipped), but not all of them.
    pub fn passed(&self) -> bool {
        !self.probes.is_empty() && self.findings.iter().all(Finding::is_note)
    }

    /// The result on each executor that is compiled in: the executor's name, and "works" or what happened.
    ///
    /// Empty if the probe was skipped.
    pub fn executors(&self) -> &[(&'static str, String)] {
        &self.executors
    }

    /// The probes that were skipped, and why.
    pub fn skipped(&self) -> &[(&'static str, String)] {
        &self.skipped
    }

    /// Fails the test if there is a failure, or if nothing was checked.
    ///
    /// # Panics
    /// With the report as the message, if the report has not [passed](Report::passed).
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.passed(), "\n{self}");
    }

    /// The report as a JSON object: `name`, `passed`, `findings` (each with `kind`, `note`, `headline`, `poll`,
    /// `details`, `timeline`, `culprit`, `contract`, `mend`), `unconfirmed` (the same), `probes`, `skipped`, `executors`,
    /// `copies` (the number of instances of the future), `took_ms`.
    ///
    /// ```
    /// let report = dormouse_check::check(|| async {}).name("nothing").run();
    /// assert!(report.to_json().starts_with(r#"{"name":"nothing","passed":true"#));
    /// ```
    pub fn to_json(&self) -> String {
        let findings = self.findings.iter().map(Finding::to_json);
        let pair = |names: [&'static str; 2], first: &str, second: &str| {
            Json::object([(names[0], Json::string(first)), (names[1], Json::string(second))])
        };
        Json::object([
            ("name", Json::string(&self.name)),
            ("passed", Json::bool(self.passed())),
            ("findings", Json::array(findings)),
            ("unconfirmed", Json::array(self.unconfirmed.iter().map(Finding::to_json))),
            ("probes", Json::array(self.probes.iter().map(|probe| Json::string(probe)))),
            (
                "skipped",
                Json::array(
                    self.skipped.iter().map(|(probe, why)| pair(["probe", "why"], probe, why)),
                ),
            ),
            (
                "executors",
                Json::array(
                    self.executors
                        .iter()
                        .map(|(name, how)| pair(["executor", "result"], name, how)),
                ),
            ),
            ("copies", Json::number(self.instances as u64)),
            ("took_ms", Json::number(u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX))),
        ])
        .into_text()
    }
}

impl Report {
    /// The reasons, each with the probes that were skipped because of it.
    fn skipped_by_reason(&self) -> Vec<(&str, Vec<&str>)> {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (probe, why) in &self.skipped {
            match reasons.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, probes)) => probes.push(probe),
                None => reasons.push((why, vec![probe])),
            }
        }
        reasons
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.findings.iter().filter(|finding| !finding.is_note()).count();
        let notes = self.findings.len() - failures;
        let verdict = match failures {
            0 if self.probes.is_empty() => "nothing was checked",
            0 if self.out_of_time => {
                "keeps the contract, as far as the time limit permitted to check it"
            }
            0 => "keeps the contract",
            _ => "breaks the contract",
        };
        let count = |number: usize, one: &str| {
            format!("{number} {one}{}", if number == 1 { "" } else { "s" })
        };
        writeln!(
            f,
            "{}: {verdict} ({}, {}; {} on {} instances in {:.1} s)",
            self.name,
            count(failures, "failure"),
            count(notes, "note"),
            count(self.probes.len(), "probe"),
            self.instances,
            self.took.as_secs_f64(),
        )?;
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        if !self.unconfirmed.is_empty() {
            writeln!(f, "\nnot confirmed (repeat the check)")?;
            for finding in &self.unconfirmed {
                let seen = finding.details.last().map(String::as_str).unwrap_or_default();
                writeln!(f, "      {}: {}; {seen}", finding.kind, finding.headline)?;
            }
        }
        if !self.skipped.is_empty() {
            writeln!(f, "\nskipped")?;
            for (why, probes) in self.skipped_by_reason() {
                for line in wrap(why, 94) {
                    writeln!(f, "      {line}")?;
                }
                for line in wrap(&probes.join(", "), 92) {
                    writeln!(f, "        {line}")?;
                }
            }
        }
        Ok(())
    }
}
