//! Composes the page.

use super::html::escape;
use super::{figures, opening, style, tables};
use crate::date::date;
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
         <title>dormouse-bench</title>\n<style>\n{palette}{STYLE}{rules}</style>\n</head>\n<body>\n<main>\n\
         <h1>Timers and sockets, side by side</h1>\n{about}{opening}{how_to_read}<nav><ul>\n{contents}</ul></nav>\n{sections}\
         </main>\n</body>\n</html>\n",
        palette = style::palette(),
        rules = style::rules(),
        opening = opening::opening(report)?,
        how_to_read = how_to_read(report),
        about = about(report),
    ))
}

fn about(report: &Report) -> String {
    let (machine, version) = (escape(&report.machine), escape(&report.version));
    let date = date(report.unix_time);
    format!("<p>dormouse {version}, on {date}<br/>{machine}</p>\n")
}

fn how_to_read(report: &Report) -> String {
    let command = escape(&command(report));
    format!(
        "<h2>All results</h2>\n<p>Command: <code>{command}</code></p>\n\
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
