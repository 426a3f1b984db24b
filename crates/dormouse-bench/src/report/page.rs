//! Composes the page.

use super::html::escape;
use super::{figures, style, tables};
use crate::registry::{ALL, Entry, reference};
use crate::summary::{CaseReport, Report};
use crate::workload::NAMES;
use std::error::Error;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

pub(super) fn page(report: &Report) -> Result<String, Box<dyn Error>> {
    let (mut contents, mut sections) = (String::new(), String::new());
    for (name, about) in NAMES {
        let of_name = |case: &&CaseReport| case.case.workload == *name;
        let cases: Vec<_> = report.cases.iter().filter(of_name).collect();
        if cases.is_empty() {
            continue;
        }
        let (title, about) = (name.to_uppercase(), escape(about));
        let _ = writeln!(contents, "<li><a href=\"#{name}\">{title}: {about}</a></li>");
        let _ = writeln!(sections, "<section id=\"{name}\">\n<h2>{title}: {about}</h2>");
        let _ = writeln!(sections, "<p>Ratios are to {}.</p>", reference(name));
        let figures = figures::of(name, &cases)?;
        if !figures.is_empty() {
            let peers = peers(&cases);
            let figures = figures.concat();
            let legend = style::legend(&peers);
            let _ = writeln!(sections, "{legend}<div class=\"figures\">\n{figures}</div>");
        }
        let _ = writeln!(sections, "{}{}</section>", tables::table(&cases), tables::notes(&cases));
    }
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>dormouse-bench</title>\n<style>\n{STYLE}{rules}</style>\n</head>\n<body>\n<main>\n\
         <h1>Timers, side by side</h1>\n{about}<nav><ul>\n{contents}</ul></nav>\n{sections}\
         </main>\n</body>\n</html>\n",
        rules = style::rules(),
        about = about(report),
    ))
}

fn about(report: &Report) -> String {
    let (machine, version) = (escape(&report.machine), report.version);
    let (date, command) = (date(report.unix_time), escape(&command(report)));
    format!(
        "<p>dormouse {version}, on {date}<br/>{machine}</p>\n\
         <p>Command: <code>{command}</code></p>\n\
         <p>Each number is a median. It is followed by its ratio to a reference (the median over the \
         rounds) and the 10th to the 90th percentile. Lower is better, except for requests/s. In the \
         plots, peers of one family share a colour, and dormouse's lines are thick.</p>\n"
    )
}

/// The peers that have numbers.
fn peers(cases: &[&CaseReport]) -> Vec<&'static str> {
    let all = cases.iter().flat_map(|case| &case.peers);
    all.filter(|peer| !peer.metrics.is_empty()).map(|peer| peer.peer).collect()
}

/// The command that repeats the measurement.
fn command(report: &Report) -> String {
    let mut args = String::new();
    if report.size != "full" {
        let _ = write!(args, " --{}", report.size);
    }
    let has = |name: &str| report.cases.iter().any(|case| case.case.workload == name);
    if !NAMES.iter().all(|(name, _)| has(name)) {
        for (name, _) in NAMES.iter().filter(|(name, _)| has(name)) {
            let _ = write!(args, " {name}");
        }
    }
    // A skipped peer was selected too.
    let selected = |name| report.cases.iter().flat_map(|c| &c.peers).any(|peer| peer.peer == name);
    let could_run =
        |entry: &Entry| NAMES.iter().any(|(workload, _)| has(workload) && entry.runs(workload));
    if !ALL.iter().all(|entry| selected(entry.name) || !could_run(entry)) {
        for entry in ALL.iter().filter(|entry| selected(entry.name)) {
            let _ = write!(args, " --peer {}", entry.name);
        }
    }
    let separator = if args.is_empty() { "" } else { " --" };
    format!("cargo run --release -p dormouse-bench{separator}{args}")
}

/// The date in UTC. Computes with years that begin in March, so that a leap day is the last day of a year.
fn date(unix_time: u64) -> String {
    let days = unix_time / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_account_for_leap_years() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(951_868_800), "2000-03-01");
        assert_eq!(date(1_735_689_599), "2024-12-31");
    }
}
