//! The results as Markdown: the rows of README.md, and the tables of BENCHMARKS.md.

use crate::date::date;
use crate::overview::{self, COLUMNS, Cell, PICTURES, Panel};
use crate::quantity::quantity;
use crate::registry::reference;
use crate::summary::{CaseReport, Report};
use crate::table::{columns, number};
use crate::workload::NAMES;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(crate) fn render(report: &Report) -> String {
    let mut text =
        format!("{}, {}, dormouse {}\n", report.machine, date(report.unix_time), report.version);
    let panels = PICTURES[0].panels(report);
    if !panels.is_empty() {
        let _ = write!(text, "\n## README\n\n{}", panel_table(&panels));
    }
    let explanation = overview::explanation();
    let _ = write!(text, "\n## Summary\n\n{explanation}\n\n{}", summary(report));
    text.push_str("\n## All results\n");
    for (name, about) in NAMES {
        let cases: Vec<_> = report.cases.iter().filter(|c| c.case.workload == *name).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n### {}: {about}", name.to_uppercase());
        if reference(name) != "tokio-ct" {
            let _ = writeln!(text, "\nRatios are to {}.", reference(name));
        }
        for case in cases {
            text.push_str(&results(case));
        }
    }
    text
}

/// The rows of a picture.
fn panel_table(panels: &[Panel]) -> String {
    // A peer that one row lacks may have a value in another.
    let longest = panels.iter().max_by_key(|panel| panel.bars.len());
    let labels: Vec<_> =
        longest.into_iter().flat_map(|panel| &panel.bars).map(|bar| bar.0).collect();
    let mut text = header(labels.iter().copied());
    for panel in panels {
        let value = |label: &&str| {
            let bar = panel.bars.iter().find(|bar| bar.0 == *label);
            bar.map_or("–".into(), |(_, cell)| quantity(panel.metric, cell.median))
        };
        text.push_str(&line(&panel.title, labels.iter().map(value)));
    }
    text
}

fn summary(report: &Report) -> String {
    let mut text = header(std::iter::once("tokio").chain(COLUMNS));
    for row in overview::rows(report) {
        let of = |cell: &Cell| match cell.ratio {
            Some(ratio) => format!("{ratio:.2}"),
            None => quantity(row.metric, cell.median),
        };
        let missing = || String::from("–");
        let reference = quantity(row.metric, row.reference.median);
        let dormouse = row.dormouse.iter().map(|cell| cell.as_ref().map_or_else(missing, of));
        let others = [&row.best, &row.best_of_one_thread];
        let named = |cell: &Cell| format!("{} {}", cell.peer, of(cell));
        let others = others.map(|cell| cell.as_ref().map_or_else(missing, named));
        text.push_str(&line(&row.title, std::iter::once(reference).chain(dormouse).chain(others)));
    }
    text
}

/// All peers in one case, with the reason for each that was skipped.
fn results(case: &CaseReport) -> String {
    let names = columns(&[case]);
    let mut text = format!("\n**{}**\n\n{}", case.case.label, header(names.iter().copied()));
    for peer in case.peers.iter().filter(|peer| !peer.metrics.is_empty()) {
        let title = if peer.peer.starts_with("dormouse") {
            format!("**{}**", peer.peer)
        } else {
            peer.peer.into()
        };
        let value = |name: &&str| {
            let Some(metric) = peer.metrics.get(*name) else { return String::new() };
            let ratio = metric.ratio.map(|ratio| format!(" ({ratio:.2}x)")).unwrap_or_default();
            thousands(&number(metric.median)) + &ratio
        };
        text.push_str(&line(&title, names.iter().map(value)));
    }
    let mut skipped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for peer in &case.peers {
        if let Some(reason) = &peer.skipped {
            skipped.entry(reason).or_default().push(peer.peer);
        }
    }
    if !skipped.is_empty() {
        let reasons =
            skipped.iter().map(|(reason, peers)| format!("{} ({reason})", peers.join(", ")));
        let _ = writeln!(text, "\nSkipped: {}.", reasons.collect::<Vec<_>>().join("; "));
    }
    text
}

fn header<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    let alignment = "--:|".repeat(names.len());
    format!("| | {} |\n|---|{alignment}\n", names.join(" | "))
}

fn line(title: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = cells.collect();
    format!("| {title} | {} |\n", cells.join(" | "))
}

/// `1234` as `1,234`.
fn thousands(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in
            [("0", "0"), ("999", "999"), ("1234567", "1,234,567"), ("1.25", "1.25")]
        {
            assert_eq!(thousands(number), text);
        }
    }
}
