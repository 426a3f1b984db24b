//! Curves and bars, as SVG.
//!
//! Plots are small, and their text is readable at the width of a phone. The page provides the legend.

use super::axis::Axis;
use super::style::{self, INK, PAPER};
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
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        plot(&area)?;
        area.present()?;
    }
    // With a viewBox and without width and height, the image scales to its container.
    let sized = format!("<svg width=\"{WIDTH}\" height=\"{height}\"");
    Ok(style::insert_classes(&svg).replace(&sized, "<svg role=\"img\""))
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
    const LEFT: i32 = 172;
    let room = f64::from(WIDTH as i32 - LEFT - 60);
    let max = max_length(bars);
    draw((bars.len() as i32 * STEP + 8) as u32, |area| {
        for (i, (peer, value)) in bars.iter().enumerate() {
            let (top, bottom) = (4 + i as i32 * STEP, i as i32 * STEP + STEP);
            let middle = (top + bottom) / 2;
            let right = LEFT + (value / max).min(1.0).mul_add(room, 1.0) as i32;
            let bar = Rectangle::new(
                [(LEFT, top + 1), (right, bottom - 1)],
                style::key_colour(peer).filled(),
            );
            area.draw(&bar)?;
            if *value > max {
                let at = right - 30;
                let gap = [(at, bottom), (at + 6, top), (at + 12, top), (at + 6, bottom)];
                area.draw(&Polygon::new(gap, PAPER.filled()))?;
            }
            let font = TEXT.into_font();
            let font = if style::is_dormouse(peer) { font.style(FontStyle::Bold) } else { font };
            let text = |side| font.clone().color(&INK).pos(Pos::new(side, VPos::Center));
            area.draw(&Text::new(*peer, (LEFT - 8, middle), text(HPos::Right)))?;
            area.draw(&Text::new(number(*value), (right + 6, middle), text(HPos::Left)))?;
        }
        Ok(())
    })
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
