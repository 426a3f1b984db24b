//! Curves and bars, as SVG.
//!
//! Plots are small, and their text is readable at the width of a phone. The page provides the legend. [`panels`] needs
//! none, and stands alone too.

use super::axis::Axis;
use super::style::{self, INK, PAPER};
use crate::overview::Panel;
use crate::quantity::quantity;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;

const WIDTH: u32 = 460;
/// plotters divides the size by 1.24.
const TEXT: (&str, u32) = ("sans-serif", 17);

pub(super) type Svg = Result<String, Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

#[derive(Debug)]
pub(super) struct Curve {
    pub(super) peer: &'static str,
    /// In the units of the axes.
    pub(super) points: Vec<(f64, f64)>,
}

fn draw(height: u32, plot: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error>>) -> Svg {
    Ok(for_page(&draw_in_key_colours((WIDTH, height), plot)?))
}

fn draw_in_key_colours(
    size: (u32, u32),
    plot: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error>>,
) -> Svg {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        plot(&area)?;
        area.present()?;
    }
    Ok(svg)
}

/// An image with the colours of the page. With a viewBox and without width and height, it scales to its container.
pub(super) fn for_page(svg: &str) -> String {
    let svg = style::insert_classes(svg);
    match svg.split_once(" viewBox=") {
        Some((_size, rest)) => format!("<svg role=\"img\" viewBox={rest}"),
        None => svg,
    }
}

/// Curves with a mark at each point.
pub(super) fn marked(x: &Axis, y: &Axis, curves: &[Curve]) -> Svg {
    chart(x, y, curves, true)
}

/// Curves of cumulative fractions, from 0 to 100 %.
pub(super) fn cumulative(x: &Axis, curves: &[Curve]) -> Svg {
    let ticks =
        [0, 25, 50, 75, 100].map(|percent| (f64::from(percent) / 100.0, format!("{percent} %")));
    chart(x, &Axis { range: 0.0..1.02, ticks: ticks.into(), gap: None }, curves, false)
}

fn chart(x: &Axis, y: &Axis, curves: &[Curve], marks: bool) -> Svg {
    draw(320, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(58)
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.15))
            .axis_style(INK.mix(0.6))
            .label_style(TEXT.into_font().color(&INK))
            .draw()?;
        if let Some(gap) = x.gap {
            let line =
                |at| PathElement::new([(at, y.range.start), (at, y.range.end)], INK.mix(0.6));
            chart.draw_series([line(gap - 0.03), line(gap + 0.03)])?;
        }
        // dormouse's curves are drawn last, on top of the others.
        let (dormouse, others): (Vec<_>, Vec<_>) =
            curves.iter().partition(|c| style::is_dormouse(c.peer));
        for curve in others.into_iter().chain(dormouse) {
            let colour = style::key_colour(curve.peer);
            if curve.points.len() > 1 {
                chart.draw_series([PathElement::new(curve.points.clone(), colour)])?;
            }
            if marks {
                let size = if style::is_dormouse(curve.peer) { 4 } else { 3 };
                let mark = |point: &(f64, f64)| Circle::new(*point, size, colour.filled());
                chart.draw_series(curve.points.iter().map(mark))?;
            }
        }
        Ok(())
    })
}

/// One bar per peer, with its name and value. A bar far longer than the others is cut, and drawn with a gap.
pub(super) fn bars(bars: &[(&'static str, f64)]) -> Svg {
    const STEP: i32 = 24;
    let max = max_length(bars);
    draw((bars.len() as i32 * STEP + 8) as u32, |area| {
        for (i, (peer, value)) in bars.iter().enumerate() {
            let text = number(*value);
            let bar = Bar { label: peer, peer, text: &text, length: value / max };
            bar.draw(
                area,
                &Layout { left: 172, right: WIDTH as i32 - 60, step: STEP },
                4 + i as i32 * STEP,
            )?;
        }
        Ok(())
    })
}

/// Panels of bars from zero, one above the other, each with a title and as wide as its longest bar; in key colours.
pub(super) fn panels(panels: &[Panel], footer: &str) -> Svg {
    const WIDTH: u32 = 400;
    const TITLE: i32 = 30;
    const GAP: i32 = 14;
    const LAYOUT: Layout = Layout { left: 170, right: WIDTH as i32 - 82, step: 24 };
    let heights = panels.iter().map(|panel| TITLE + GAP + panel.bars.len() as i32 * LAYOUT.step);
    let height = heights.sum::<i32>() + 34;
    draw_in_key_colours((WIDTH, height as u32), |area| {
        area.fill(&PAPER)?;
        let text = |size: u32, style| {
            let font = ("sans-serif", size).into_font().style(style);
            font.color(&INK).pos(Pos::new(HPos::Left, VPos::Center))
        };
        let mut top = 4;
        for panel in panels {
            let title = text(19, FontStyle::Bold);
            area.draw(&Text::new(panel.title.as_str(), (12, top + TITLE / 2), title))?;
            top += TITLE;
            let longest = panel.bars.iter().map(|(_, cell)| cell.median).fold(0.0, f64::max);
            for (label, cell) in &panel.bars {
                let value = quantity(panel.metric, cell.median);
                let length = cell.median / longest.max(f64::MIN_POSITIVE);
                Bar { label, peer: cell.peer, text: &value, length }.draw(area, &LAYOUT, top)?;
                top += LAYOUT.step;
            }
            top += GAP;
        }
        area.draw(&Text::new(footer, (12, top + 8), text(16, FontStyle::Normal)))?;
        Ok(())
    })
}

/// Where bars are.
struct Layout {
    /// The start of all bars. Their labels are to the left of it.
    left: i32,
    /// The end of the longest bar.
    right: i32,
    step: i32,
}

struct Bar<'a> {
    label: &'a str,
    peer: &'a str,
    text: &'a str,
    /// 1 is the longest that fits. A longer bar is cut, and drawn with a gap.
    length: f64,
}

impl Bar<'_> {
    fn draw(&self, area: &Area<'_>, layout: &Layout, top: i32) -> Result<(), Box<dyn Error>> {
        let (left, bottom) = (layout.left, top + layout.step - 4);
        let middle = (top + bottom) / 2;
        let room = f64::from(layout.right - left);
        let right = left + self.length.min(1.0).mul_add(room, 1.0) as i32;
        let corners = [(left, top + 1), (right, bottom - 1)];
        area.draw(&Rectangle::new(corners, style::key_colour(self.peer).filled()))?;
        if self.length > 1.0 {
            let at = right - 30;
            let gap = [(at, bottom), (at + 6, top), (at + 12, top), (at + 6, bottom)];
            area.draw(&Polygon::new(gap, PAPER.filled()))?;
        }
        let font = TEXT.into_font();
        let is_bold = style::is_dormouse(self.peer);
        let font = if is_bold { font.style(FontStyle::Bold) } else { font };
        let text = |side| font.clone().color(&INK).pos(Pos::new(side, VPos::Center));
        area.draw(&Text::new(self.label, (left - 8, middle), text(HPos::Right)))?;
        area.draw(&Text::new(self.text, (right + 6, middle), text(HPos::Left)))?;
        Ok(())
    }
}

fn max_length(bars: &[(&'static str, f64)]) -> f64 {
    max_within(bars.iter().map(|bar| bar.1), 6.0).unwrap_or(1.0).max(f64::MIN_POSITIVE)
}

/// The largest value that is at most `times` the median. Larger values would compress the rest of the plot.
pub(super) fn max_within(values: impl Iterator<Item = f64>, times: f64) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let median = *values.get(values.len().saturating_sub(1) / 2)?;
    values.into_iter().rfind(|value| *value <= median * times)
}

pub(super) fn is_cut(bars: &[(&'static str, f64)]) -> bool {
    bars.iter().any(|bar| bar.1 > max_length(bars))
}

fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_bar_does_not_flatten_the_rest() {
        let bars = [("tokio-ct", 10.0), ("tokio-mt", 12.0), ("thread", 9000.0), ("async-io", 30.0)];
        assert_eq!(max_length(&bars), 30.0);
        assert!(is_cut(&bars) && !is_cut(&bars[..2]));
    }
}
