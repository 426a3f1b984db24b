//! The tables of the page.

use super::html::escape;
use super::style;
use crate::summary::{CaseReport, Metric, PeerReport};
use crate::table;
use std::fmt::Write;

pub(super) fn table(cases: &[&CaseReport]) -> String {
    let names = table::columns(cases);
    // With a tabindex, the keyboard scrolls it.
    let mut html =
        String::from("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><td></td>");
    for name in &names {
        let _ = write!(html, "<th scope=\"col\" colspan=\"3\">{}</th>", escape(name));
    }
    html.push_str("</tr></thead>\n");
    for case in cases {
        let (label, span) = (escape(&case.case.label), names.len() * 3);
        let _ = write!(
            html,
            "<tbody>\n<tr class=\"case\"><th scope=\"rowgroup\">{label}</th>\
             <td colspan=\"{span}\"></td></tr>\n"
        );
        for peer in case.peers.iter().filter(|peer| !peer.metrics.is_empty()) {
            html.push_str(&row(peer, &names));
        }
        html.push_str("</tbody>\n");
    }
    html + "</table></div>\n"
}

fn row(peer: &PeerReport, names: &[&str]) -> String {
    let class = if style::is_dormouse(peer.peer) { " class=\"ours\"" } else { "" };
    let mut html = format!("<tr{class}><th scope=\"row\">{}</th>", escape(peer.peer));
    for name in names {
        html.push_str(&cells(peer.metrics.get(*name)));
    }
    html + "</tr>\n"
}

/// Three cells, so that medians, ratios and spreads align in columns.
fn cells(metric: Option<&Metric>) -> String {
    let Some(metric) = metric else { return "<td></td><td></td><td></td>".into() };
    let ratio = metric.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    let median = table::number(metric.median);
    let mut html =
        format!("<td>{median}</td><td class=\"ratio\">{ratio}</td><td class=\"spread\">");
    if metric.p10 != metric.p90 {
        let (p10, p90) = (table::number(metric.p10), table::number(metric.p90));
        let _ = write!(html, "{p10} to {p90}");
    }
    html + "</td>"
}

/// [`table::notes`] as a list.
pub(super) fn notes(cases: &[&CaseReport]) -> String {
    let notes = table::notes(cases);
    if notes.is_empty() {
        return String::new();
    }
    let items = notes.lines().map(|note| format!("<li>{}</li>\n", escape(note.trim())));
    format!("<ul class=\"notes\">\n{}</ul>\n", items.collect::<String>())
}
