//! The results as text: one table per workload.

use crate::registry::{ALL, reference};
use crate::summary::{CaseReport, Metric, Report};
use crate::workload::NAMES;
use comfy_table::TableComponent::{HorizontalLines, MiddleIntersections};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, Row, Table};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What `--list` prints.
pub(crate) fn list() -> String {
    let mut text = String::from("Workloads:\n");
    for (name, about) in NAMES {
        let _ = writeln!(text, "  {name:<18} {about}");
    }
    text.push_str("Peers:\n");
    for entry in ALL {
        let _ = writeln!(text, "  {:<18} {}", entry.name, entry.about);
    }
    text
}

pub(crate) fn render(report: &Report) -> String {
    let mut text = format!("{}\n", report.machine);
    for (name, about) in NAMES {
        let cases: Vec<_> = report.cases.iter().filter(|c| c.case.workload == *name).collect();
        if !cases.is_empty() {
            let title = name.to_uppercase();
            let _ = writeln!(text, "\n{title}: {about}; ratios to {}", reference(name));
            let _ = writeln!(text, "{}", table(&cases));
            text.push_str(&notes(&cases));
        }
    }
    text + "\nmedian (10th to 90th percentile) and ratio to the reference\n"
}

/// The columns, in this order. Metrics that are not listed serve to check the measurement; see [`notes`].
const COLUMNS: &[&str] = &[
    "wall ns",
    "requests/s",
    "cpu ns",
    "late us",
    "late p99 us",
    "overrun ms",
    "bytes",
    "future bytes",
    "wake-ups",
    "system calls",
];

/// The columns that have values.
pub(crate) fn columns(cases: &[&CaseReport]) -> Vec<&'static str> {
    let measured = |name: &&str| {
        cases.iter().flat_map(|c| &c.peers).any(|peer| peer.metrics.contains_key(*name))
    };
    COLUMNS.iter().copied().filter(measured).collect()
}

fn table(cases: &[&CaseReport]) -> Table {
    let names = columns(cases);
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    for line in [HorizontalLines, MiddleIntersections] {
        table.remove_style(line);
    }
    table.set_header(std::iter::once("").chain(names.iter().copied()));
    for case in cases {
        table.add_row(Row::from([Cell::new(&case.case.label)]));
        for peer in &case.peers {
            if peer.metrics.is_empty() {
                continue;
            }
            let mut row = Row::from([Cell::new(format!("  {}", peer.peer))]);
            for name in &names {
                let text = peer.metrics.get(*name).map(cell).unwrap_or_default();
                row.add_cell(Cell::new(text).set_alignment(CellAlignment::Right));
            }
            table.add_row(row);
        }
    }
    table
}

fn cell(metric: &Metric) -> String {
    let mut text = number(metric.median);
    if metric.p10 != metric.p90 {
        let _ = write!(text, " ({} to {})", number(metric.p10), number(metric.p90));
    }
    if let Some(ratio) = metric.ratio {
        let _ = write!(text, " {ratio:5.2}x");
    }
    text
}

/// Formats with three digits.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        0.0 | 100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Skipped peers with the reason, and measurements that failed their checks.
pub(crate) fn notes(cases: &[&CaseReport]) -> String {
    let mut text = String::new();
    let mut skipped: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for case in cases {
        let label = &case.case.label;
        for peer in &case.peers {
            let name = peer.peer;
            if let Some(reason) = &peer.skipped {
                skipped.entry((name, reason)).or_default().push(label);
            }
            let early = peer.metrics.get("early").map_or(0.0, |metric| metric.p90);
            if early > 0.0 {
                let _ = writeln!(text, "  {name}, {label}: {early} fired early");
            }
            if peer.metrics.get("headroom ms").is_some_and(|metric| metric.p10 <= 0.0) {
                let _ = writeln!(text, "  {name}, {label}: some were due before all were created");
            }
        }
    }
    for ((name, reason), labels) in skipped {
        let all = labels.len() == cases.len();
        let of = if all { String::new() } else { format!(" ({})", labels.join("; ")) };
        let _ = writeln!(text, "  skipped {name}{of}: {reason}");
    }
    text
}
