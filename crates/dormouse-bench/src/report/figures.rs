//! Selects the plots of each workload.

use super::axis::Axis;
use super::html::escape;
use super::plot::{self, Curve, Svg};
use crate::summary::{CaseReport, PeerReport};
use std::error::Error;

type Figure = Result<String, Box<dyn Error>>;

/// The axis of lateness starts here at the lowest.
const MIN_NS: f64 = 100.0;

/// A plot leaves out values above this multiple of the median.
const MAX_TIMES_MEDIAN: f64 = 12.0;

pub(super) fn of(workload: &str, cases: &[&CaseReport]) -> Result<Vec<String>, Box<dyn Error>> {
    match workload {
        "w1" => ["wall ns", "cpu ns"].into_iter().filter_map(|m| churn(cases, m)).collect(),
        "w3" => {
            let cpu = by_count("CPU time per timer, by number of timers", cases, "cpu ns");
            cpu.into_iter().chain(cases.iter().filter_map(|case| lateness(case))).collect()
        }
        "w4" => cases.iter().filter_map(|case| lateness(case)).collect(),
        "w5" => cases.iter().filter_map(|case| bars(case, "bytes", "bytes per timer")).collect(),
        "w2" | "w8" | "w9" | "w10" => {
            cases.iter().filter_map(|case| bars(case, "wall ns", "ns per operation")).collect()
        }
        "w11" => cases.iter().filter_map(|case| sockets(case)).collect(),
        _ => Ok(Vec::new()),
    }
}

/// With many clients there is no time of one round trip, and more requests/s are better. The CPU time is comparable.
fn sockets(case: &CaseReport) -> Option<Figure> {
    let wall = bars(case, "wall ns", "ns per operation");
    wall.or_else(|| bars(case, "cpu ns", "CPU time in ns per round trip"))
}

fn figure(title: &str, svg: Svg) -> Figure {
    let title = escape(title);
    let svg = svg?.replacen("<svg", &format!("<svg aria-label=\"{title}\""), 1);
    Ok(format!("<figure><figcaption>{title}</figcaption>\n{svg}</figure>\n"))
}

/// With one thread: the cases with two threads are too few for a curve.
fn churn(cases: &[&CaseReport], metric: &str) -> Option<Figure> {
    let one: Vec<_> = cases.iter().copied().filter(|case| case.case.threads == 1).collect();
    let title = match metric {
        "wall ns" => "Time of one sleep, by number of pending sleeps; one thread",
        _ => "CPU time of the process per sleep",
    };
    by_count(title, &one, metric)
}

/// One curve per peer, over the number of timers.
fn by_count(title: &str, cases: &[&CaseReport], metric: &str) -> Option<Figure> {
    let mut counts: Vec<_> = cases.iter().map(|case| case.case.n).collect();
    counts.sort_unstable();
    counts.dedup();
    if let (1, Some(case)) = (counts.len(), cases.first()) {
        return bars(case, metric, metric);
    }
    let x = Axis::counts(&counts);
    let mut curves = curves(cases, metric, &x);
    let omitted = far_above(&curves);
    curves.retain(|curve| !omitted.contains(&curve.peer));
    let y = span(values(&curves))?;
    let mut title = title.to_string();
    if !omitted.is_empty() {
        title += &format!("; far above: {}", omitted.join(", "));
    }
    Some(figure(&title, plot::marked(&x, &y, &curves)))
}

/// A peer that has a value at zero gets a second curve for it: the tick of zero is not on the logarithmic scale,
/// so no line connects it to the others.
fn curves(cases: &[&CaseReport], metric: &str, x: &Axis) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for case in cases {
        let at = x.position(case.case.n);
        for peer in &case.peers {
            let Some(ns) = peer.metrics.get(metric).map(|m| m.median).filter(|ns| *ns > 0.0) else {
                continue;
            };
            let same_side = |c: &Curve| x.gap.is_none_or(|gap| (c.points[0].0 < gap) == (at < gap));
            let (peer, point) = (peer.peer, (at, ns.log10()));
            match curves.iter_mut().find(|curve| curve.peer == peer && same_side(curve)) {
                Some(curve) => curve.points.push(point),
                None => curves.push(Curve { peer, points: vec![point] }),
            }
        }
    }
    curves
}

fn values(curves: &[Curve]) -> impl Iterator<Item = f64> {
    curves.iter().flat_map(|curve| &curve.points).map(|point| 10f64.powf(point.1))
}

/// The peers whose points are all out of range.
fn far_above(curves: &[Curve]) -> Vec<&'static str> {
    let max = plot::max_within(values(curves), MAX_TIMES_MEDIAN)
        .map_or(f64::INFINITY, |ns| ns.log10() + 1e-6);
    let points = |peer| curves.iter().filter(move |c| c.peer == peer).flat_map(|c| &c.points);
    let in_range = |peer| points(peer).any(|point| point.1 <= max);
    let mut omitted: Vec<_> =
        curves.iter().map(|curve| curve.peer).filter(|peer| !in_range(*peer)).collect();
    omitted.sort_unstable();
    omitted.dedup();
    omitted
}

fn span(values: impl Iterator<Item = f64>) -> Option<Axis> {
    let ends = values.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    });
    ends.map(|(low, high)| Axis::time(low, high))
}

/// The cumulative distribution of lateness.
fn lateness(case: &CaseReport) -> Option<Figure> {
    let peers: Vec<_> = case.peers.iter().filter(|peer| !peer.lateness.is_empty()).collect();
    // The maximum of one peer may be a hundred times the values of interest.
    let ends = peers.iter().flat_map(|peer| [quantile(peer, 0.01), quantile(peer, 0.99)]);
    let x = span(ends.map(|ns| ns.max(MIN_NS)))?;
    let curve = |peer: &&PeerReport| Curve { peer: peer.peer, points: steps(&peer.lateness, &x) };
    let curves: Vec<_> = peers.iter().map(curve).collect();
    let title = format!("{}: fraction that is no later than", case.case.label);
    Some(figure(&title, plot::cumulative(&x, &curves)))
}

fn quantile(peer: &PeerReport, q: f64) -> f64 {
    let total: u64 = peer.lateness.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let reached = peer.lateness.iter().find(|(_, count)| {
        seen += count;
        seen as f64 >= total as f64 * q
    });
    reached.map_or(0.0, |(ns, _)| *ns as f64)
}

/// A staircase, cut at the end of the axis, with at most one step per pixel.
fn steps(lateness: &[(u64, u64)], x: &Axis) -> Vec<(f64, f64)> {
    let total: u64 = lateness.iter().map(|(_, count)| count).sum();
    let pixel = (x.range.end - x.range.start) / 800.0;
    let (mut points, mut seen) = (Vec::<(f64, f64)>::new(), 0);
    for (ns, count) in lateness {
        let at = (*ns as f64).max(1.0).log10().max(x.range.start);
        let before = seen as f64 / total as f64;
        seen += count;
        if at > x.range.end {
            points.push((x.range.end, before));
            break;
        }
        let fraction = seen as f64 / total as f64;
        match points.last_mut() {
            Some(last) if at - last.0 < pixel => last.1 = fraction,
            _ => points.extend([(at, before), (at, fraction)]),
        }
    }
    points
}

fn bars(case: &CaseReport, metric: &str, unit: &str) -> Option<Figure> {
    let value = |peer: &PeerReport| Some((peer.peer, peer.metrics.get(metric)?.median));
    let all: Vec<_> = case.peers.iter().filter_map(value).collect();
    let note = if plot::is_cut(&all) { "; bars with a gap are far longer" } else { "" };
    let title = format!("{}: {unit}{note}", case.case.label);
    (!all.is_empty()).then(|| figure(&title, plot::bars(&all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_is_cut_at_the_end_of_the_axis() {
        let x = Axis::time(1e3, 1e4);
        let points = steps(&[(2_000, 98), (3_000, 1), (90_000_000, 1)], &x);
        assert_eq!(points.first(), Some(&(2_000f64.log10(), 0.0)));
        assert_eq!(points.last(), Some(&(x.range.end, 0.99)));
        assert_eq!(points.len(), 5);
    }

    #[test]
    fn steps_closer_than_a_pixel_are_merged() {
        let many: Vec<_> = (0..10_000).map(|i| (1_000_000 + i, 1)).collect();
        let points = steps(&many, &Axis::time(1e3, 1e9));
        assert!(points.len() < 10, "{points:?}");
        assert_eq!(points.last().unwrap().1, 1.0);
    }
}
