//! A logarithmic axis: its range, its ticks and their labels.

use crate::case::abbreviate;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// All positions are decimal logarithms.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) range: Range<f64>,
    pub(super) ticks: Vec<(f64, String)>,
    /// The position that separates zero from the other values, if zero has a tick.
    pub(super) gap: Option<f64>,
}

impl Axis {
    /// An axis of times in ns.
    pub(super) fn time(low: f64, high: f64) -> Axis {
        let range = low.log10() - 0.05..high.max(low * 1.01).log10() + 0.05;
        // On a short axis, one tick per decade would be too few.
        let steps: &[f64] = if range.end - range.start < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let decades = range.start.floor() as i32..=range.end.ceil() as i32;
        let all = decades.flat_map(|decade| steps.iter().map(move |s| s * 10f64.powi(decade)));
        let ticks = all.map(|ns| (ns.log10(), time(ns)));
        let ticks = ticks.filter(|(at, _)| range.contains(at)).collect();
        Axis { range, ticks, gap: None }
    }

    /// An axis of numbers of timers, with a tick for each. Zero has no logarithm, so its tick is placed one decade
    /// below the others.
    pub(super) fn counts(counts: &[u64]) -> Axis {
        let mut ticks: Vec<_> = counts
            .iter()
            .filter(|n| **n > 0)
            .map(|n| ((*n as f64).log10(), abbreviate(*n)))
            .collect();
        let first = ticks.first().map_or(0.0, |tick| tick.0);
        let gap = counts.contains(&0).then_some(first - 0.5);
        if counts.contains(&0) {
            ticks.insert(0, (first - 1.0, "none".into()));
        }
        let ends = [ticks.first(), ticks.last()].map(|tick| tick.map_or(0.0, |tick| tick.0));
        Axis { range: ends[0] - 0.3..ends[1] + 0.3, ticks, gap }
    }

    /// The position of a number of timers.
    pub(super) fn position(&self, n: u64) -> f64 {
        if n == 0 { self.ticks.first().map_or(0.0, |tick| tick.0) } else { (n as f64).log10() }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let fraction = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (fraction * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|tick| tick.0).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, at: &f64) -> String {
        let found = self.ticks.iter().find(|(tick, _)| (tick - at).abs() < 1e-6);
        found.map_or_else(String::new, |(_, label)| label.clone())
    }
}

fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        1e9.. => (ns / 1e9, "s"),
        1e6.. => (ns / 1e6, "ms"),
        1e3.. => (ns / 1e3, "µs"),
        _ => (ns, "ns"),
    };
    format!("{} {unit}", (value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn zero_has_a_separate_tick() {
        let axis = Axis::counts(&[0, 1_000, 1_000_000]);
        assert_eq!(labels(&axis), ["none", "1 k", "1 M"]);
        assert!(axis.position(0) < axis.gap.unwrap() && axis.gap.unwrap() < axis.position(1_000));
        assert!(axis.range.contains(&axis.position(0)));
        assert_eq!(Axis::counts(&[1_000]).gap, None);
    }

    #[test]
    fn a_short_axis_has_more_ticks() {
        assert_eq!(labels(&Axis::time(900.0, 6e3)), ["1 µs", "2 µs", "5 µs"]);
        assert_eq!(labels(&Axis::time(1e3, 1e6)), ["1 µs", "10 µs", "100 µs", "1 ms"]);
    }
}
