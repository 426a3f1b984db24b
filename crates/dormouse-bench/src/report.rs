//! `target/bench/report.html`: the plots, in one page that needs nothing else.
//!
//! The plots are SVG. Their text and axes take the page's colour, so that they follow its light or dark.

use crate::summary::{CaseReport, Report};
use crate::table;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const SIZE: (u32, u32) = (640, 400);
/// In the SVG; the page makes it `currentColor`.
const INK: RGBColor = BLACK;
/// Legible on white and on black.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 130, 200),
    RGBColor(245, 130, 48),
    RGBColor(60, 160, 75),
    RGBColor(220, 50, 90),
    RGBColor(145, 80, 200),
    RGBColor(0, 150, 150),
    RGBColor(170, 110, 40),
    RGBColor(130, 130, 130),
];

type Plotted = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Line = (&'static str, Vec<(f64, f64)>);

/// Writes the page, and says where.
pub(crate) fn write(report: &Report, path: Option<&Path>) -> Result<PathBuf, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).ok_or("no target folder")?;
    let path = path.map_or_else(|| target.join("bench/report.html"), Path::to_path_buf);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, page(report)?)?;
    Ok(path)
}

fn page(report: &Report) -> Result<String, Box<dyn Error>> {
    let mut body = String::new();
    let lines = churn(report);
    if !lines.is_empty() {
        figure(&mut body, "Create, poll, drop: ns, against how many others are pending", |area| {
            curves(area, &lines, "others pending", "ns")
        })?;
    }
    for case in &report.cases {
        let workload = case.case.workload.as_str();
        let label = &case.case.label;
        let lines = lateness(case);
        if !lines.is_empty() {
            let title =
                format!("{}, {label}: part that was no later than", workload.to_uppercase());
            figure(&mut body, &title, |area| cumulative(area, &lines))?;
        }
        if workload == "w5" {
            let title = format!("Bytes of a pending timer, {label}");
            figure(&mut body, &title, |area| bars(area, case, "bytes"))?;
        }
    }
    let tables = escape(&table::render(report));
    let machine = escape(&report.machine);
    Ok(format!("{HEAD}<p>{machine}</p>\n{body}<pre>{tables}</pre>\n</main></body></html>\n"))
}

const HEAD: &str = "<!doctype html><html lang=en><head><meta charset=utf-8>\
<meta name=viewport content='width=device-width, initial-scale=1'><title>dormouse-bench</title><style>\
:root{color-scheme:light dark;--ink:#222;--paper:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#16181c}}\
body{margin:0;color:var(--ink);background:var(--paper);font:16px/1.5 system-ui,sans-serif}\
main{max-width:60rem;margin:auto;padding:1rem}figure{margin:2rem 0}figcaption{font-weight:600}\
svg{width:100%;height:auto;max-width:44rem}pre{overflow-x:auto;font-size:.75rem}\
</style></head><body><main><h1>Timers, side by side</h1>\n";

fn figure(body: &mut String, title: &str, plot: impl FnOnce(&Area<'_>) -> Plotted) -> Plotted {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        plot(&area)?;
        area.present()?;
    }
    let (width, height) = SIZE;
    // A viewBox without a size of its own scales to the screen.
    let sized = format!("<svg width=\"{width}\" height=\"{height}\"");
    let svg = svg.replace(&sized, "<svg").replace("#000000", "currentColor");
    let title = escape(title);
    Ok(write!(body, "<figure><figcaption>{title}</figcaption>\n{svg}</figure>\n")?)
}

/// W1 from one thread: a line for each peer.
fn churn(report: &Report) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for case in report.cases.iter().filter(|c| c.case.workload == "w1" && c.case.threads == 1) {
        for peer in &case.peers {
            let Some(metric) = peer.metrics.get("wall ns") else { continue };
            // A logarithm has no place for none.
            let point = (case.case.n.max(100) as f64, metric.median);
            match lines.iter_mut().find(|(name, _)| *name == peer.peer) {
                Some((_, points)) => points.push(point),
                None => lines.push((peer.peer, vec![point])),
            }
        }
    }
    lines
}

/// Microseconds, and which part was no later.
fn lateness(case: &CaseReport) -> Vec<Line> {
    let lines = case.peers.iter().filter(|peer| !peer.lateness.is_empty()).map(|peer| {
        let total: u64 = peer.lateness.iter().map(|(_, count)| count).sum();
        let mut seen = 0;
        let point = |(ns, count): &(u64, u64)| {
            seen += count;
            (*ns as f64 / 1e3, seen as f64 / total as f64)
        };
        (peer.peer, peer.lateness.iter().map(point).collect())
    });
    lines.collect()
}

fn bounds(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    (least.max(1.0), values.fold(least, f64::max).max(10.0))
}

fn curves(area: &Area<'_>, lines: &[Line], x_name: &str, y_name: &str) -> Plotted {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let (x, y) = (bounds(points().map(|p| p.0)), bounds(points().map(|p| p.1)));
    let mut chart =
        ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((x.0..x.1).log_scale(), (y.0 * 0.8..y.1 * 1.2).log_scale())?;
    chart.configure_mesh().light_line_style(TRANSPARENT).x_desc(x_name).y_desc(y_name).draw()?;
    for (i, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .label_font(("sans-serif", 11).into_font().color(&INK))
        .draw()?;
    Ok(())
}

fn cumulative(area: &Area<'_>, lines: &[Line]) -> Plotted {
    let x = bounds(lines.iter().flat_map(|(_, points)| points).map(|p| p.0));
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d((x.0..x.1).log_scale(), 0.0..1.0)?;
    chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("microseconds late").draw()?;
    for (i, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(3)));
    }
    let labels = ("sans-serif", 11).into_font().color(&INK);
    let corner = SeriesLabelPosition::LowerRight;
    chart.configure_series_labels().position(corner).label_font(labels).draw()?;
    Ok(())
}

fn bars(area: &Area<'_>, case: &CaseReport, metric: &str) -> Plotted {
    let found = case.peers.iter().filter_map(|p| Some((p.peer, p.metrics.get(metric)?.median)));
    let found: Vec<_> = found.collect();
    let most = found.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let step = 360 / found.len().max(1) as i32;
    let text = ("sans-serif", 13).into_font().color(&INK);
    for (i, (name, value)) in found.iter().enumerate() {
        let (top, right) = (20 + i as i32 * step, 150 + (value / most * 420.0) as i32);
        let colour = COLOURS[usize::from(name.starts_with("dormouse"))];
        let bar = [(150, top), (right, top + step * 2 / 3)];
        area.draw(&Rectangle::new(bar, colour.filled()))?;
        area.draw(&Text::new(*name, (8, top + step / 5), text.clone()))?;
        area.draw(&Text::new(format!("{value:.0}"), (right + 6, top + step / 5), text.clone()))?;
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
