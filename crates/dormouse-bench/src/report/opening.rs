//! The opening of the page: a picture and the rows that matter most. And the same pictures as files.

use super::html::escape;
use super::{plot, style};
use crate::date::date;
use crate::overview::{self, COLUMNS, Cell, PICTURES, Picture, Row};
use crate::quantity::quantity;
use crate::summary::Report;
use std::error::Error;
use std::fmt::Write;

/// Empty if none of these rows was measured.
pub(super) fn opening(report: &Report) -> Result<String, Box<dyn Error>> {
    let rows: Vec<_> = overview::rows(report).into_iter().filter(|row| row.on_page).collect();
    if rows.is_empty() {
        return Ok(String::new());
    }
    let picture = match draw(&PICTURES[0], report)? {
        Some(svg) => {
            let title = escape(PICTURES[0].title);
            let svg =
                plot::for_page(&svg).replacen("<svg", &format!("<svg aria-label=\"{title}\""), 1);
            format!("<figure><figcaption>{title}</figcaption>\n{svg}</figure>\n")
        }
        None => String::new(),
    };
    Ok(format!(
        "<section id=\"summary\">\n<h2>Summary</h2>\n{picture}{}\
         <p>{}</p>\n</section>\n",
        table(&rows),
        overview::explanation(),
    ))
}

fn table(rows: &[Row]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"summary\">\n<thead><tr><td></td>\
         <th scope=\"col\">tokio</th>",
    );
    for (i, name) in COLUMNS.iter().enumerate() {
        let class = if i < 3 { "ours" } else { "best" };
        let _ = write!(html, "<th scope=\"col\" colspan=\"2\" class=\"{class}\">{name}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let title = escape(&row.title);
        let reference = quantity(row.metric, row.reference.median);
        let _ = write!(html, "<tr><th scope=\"row\">{title}</th><td>{reference}</td>");
        for cell in &row.dormouse {
            html.push_str(&cells(row.metric, cell.as_ref(), "ours", None));
        }
        for cell in [&row.best, &row.best_of_one_thread] {
            html.push_str(&cells(row.metric, cell.as_ref(), "best", cell.map(|cell| cell.peer)));
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n</table></div>\n"
}

/// Two cells: the value, and the ratio or the value of a peer without one.
fn cells(metric: &str, cell: Option<&Cell>, class: &str, name: Option<&str>) -> String {
    let Some(cell) = cell else { return format!("<td class=\"{class}\" colspan=\"2\">–</td>") };
    let value = quantity(metric, cell.median);
    let ratio = cell.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
    let name = name.map(|name| format!("<small>{}</small> ", escape(name))).unwrap_or_default();
    format!("<td class=\"{class}\">{name}{value}</td><td class=\"{class} ratio\">{ratio}</td>")
}

/// In key colours. None if nothing of it was measured.
fn draw(picture: &Picture, report: &Report) -> Result<Option<String>, Box<dyn Error>> {
    let panels = picture.panels(report);
    if panels.is_empty() {
        return Ok(None);
    }
    let footer = format!("Shorter is better. {}", date(report.unix_time));
    plot::panels(&panels, &footer).map(Some)
}

/// The name and the text of each picture that was measured. And of the first, a definition of a link to it for rustdoc,
/// which has no place for files: the link is the picture itself.
pub(super) fn files(report: &Report) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut files = Vec::new();
    for (i, picture) in PICTURES.iter().enumerate() {
        let Some(svg) = draw(picture, report)? else { continue };
        let svg = style::stand_alone(&svg, &escape(picture.title), &escape(&report.machine));
        if i == 0 {
            let link = format!("[{}]: {}\n", picture.name, data_url(&svg));
            files.push((format!("{}.link.md", picture.name), link));
        }
        files.push((format!("{}.svg", picture.name), svg));
    }
    Ok(files)
}

/// Encodes what ends a URL in Markdown or in HTML, and the rest of what is not ASCII.
fn data_url(svg: &str) -> String {
    let mut url = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'"' => url.push('\''),
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'/'
            | b':'
            | b';'
            | b'='
            | b',' => {
                url.push(char::from(byte));
            }
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}
