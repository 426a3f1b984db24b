//! Computes median, spread and the ratio to the reference from the samples of all rounds.
//!
//! The ratio is the median of the ratios within each round, in which both peers ran one after the other. So a
//! machine that becomes slower between rounds does not distort it.

use crate::case::{Case, Outcome, Size};
use crate::registry;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// The rounds of one case.
#[derive(Debug)]
pub(crate) struct CaseRuns {
    pub(crate) case: Case,
    pub(crate) peers: Vec<PeerRuns>,
}

#[derive(Debug)]
pub(crate) struct PeerRuns {
    pub(crate) peer: &'static str,
    pub(crate) rounds: Vec<Outcome>,
    pub(crate) skipped: Option<String>,
}

/// The complete results. Their JSON form is the output of `--format json`, and the input of `--from`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) version: String,
    pub(crate) machine: String,
    pub(crate) unix_time: u64,
    pub(crate) size: String,
    pub(crate) cases: Vec<CaseReport>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CaseReport {
    pub(crate) case: Case,
    pub(crate) peers: Vec<PeerReport>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PeerReport {
    #[serde(deserialize_with = "known_peer")]
    pub(crate) peer: PeerName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skipped: Option<String>,
    pub(crate) metrics: BTreeMap<String, Metric>,
    /// Pairs of a lateness in ns and its count, over all rounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lateness: Vec<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
}

/// An alias, for serde would take a field of the type `&'static str` from the JSON text.
type PeerName = &'static str;

/// Results of a version with other peers are refused: a plot has a colour for each known peer.
fn known_peer<'de, D: Deserializer<'de>>(from: D) -> Result<PeerName, D::Error> {
    let name = String::deserialize(from)?;
    let entry = registry::ALL.iter().find(|entry| entry.name == name);
    entry.map(|entry| entry.name).ok_or_else(|| D::Error::custom(format!("unknown peer {name}")))
}

/// The samples of each round with their weights, by metric.
type Rounds = BTreeMap<String, Vec<Vec<(f64, u64)>>>;

impl Report {
    pub(crate) fn new(size: Size, cases: Vec<CaseReport>) -> Report {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Report {
            version: env!("CARGO_PKG_VERSION").into(),
            machine: machine(),
            unix_time: now.map_or(0, |time| time.as_secs()),
            size: format!("{size:?}").to_lowercase(),
            cases,
        }
    }

    /// Reads what `--format json` has printed.
    pub(crate) fn read(path: &Path) -> Result<Report, Box<dyn Error>> {
        Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
    }

    pub(crate) fn case(runs: CaseRuns) -> CaseReport {
        let reference = registry::reference(&runs.case.workload);
        let reference = runs.peers.iter().find(|run| run.peer == reference).map(rounds);
        let peers = runs.peers.iter().map(|run| summarize(run, reference.as_ref())).collect();
        CaseReport { case: runs.case, peers }
    }
}

fn summarize(run: &PeerRuns, reference: Option<&Rounds>) -> PeerReport {
    let mut metrics = BTreeMap::new();
    for (name, rounds) in rounds(run) {
        let mut pooled: Vec<_> = rounds.concat();
        // Pooled over all rounds: the 99th percentile of one round is noise.
        if name == LATENESS {
            let tail = quantile(&mut pooled, 0.99);
            metrics.insert(
                "late p99 us".into(),
                Metric { median: tail, p10: tail, p90: tail, ratio: None },
            );
        }
        let ratio =
            reference.and_then(|all| all.get(&name)).and_then(|other| ratio(&rounds, other));
        let [p10, p90] = [0.1, 0.9].map(|q| quantile(&mut pooled, q));
        let median = median(&mut pooled);
        metrics.insert(name, Metric { median, p10, p90, ratio });
    }
    let mut lateness = BTreeMap::new();
    for (ns, count) in run.rounds.iter().flat_map(|round| &round.lateness) {
        *lateness.entry(*ns).or_insert(0) += count;
    }
    let lateness = lateness.into_iter().collect();
    PeerReport { peer: run.peer, skipped: run.skipped.clone(), metrics, lateness }
}

const LATENESS: &str = "late us";

fn rounds(run: &PeerRuns) -> Rounds {
    let mut all = Rounds::new();
    for outcome in &run.rounds {
        for (name, values) in &outcome.values {
            let samples = values.iter().map(|value| (*value, 1)).collect();
            all.entry(name.clone()).or_default().push(samples);
        }
        if !outcome.lateness.is_empty() {
            let samples = outcome.lateness.iter().map(|(ns, count)| (*ns as f64 / 1e3, *count));
            all.entry(LATENESS.into()).or_default().push(samples.collect());
        }
    }
    all
}

fn ratio(peer: &[Vec<(f64, u64)>], reference: &[Vec<(f64, u64)>]) -> Option<f64> {
    let median_of = |round: &Vec<(f64, u64)>| median(&mut round.clone());
    let ratios = peer.iter().zip(reference).map(|(a, b)| median_of(a) / median_of(b));
    let mut ratios: Vec<_> =
        ratios.filter(|ratio| ratio.is_finite()).map(|ratio| (ratio, 1)).collect();
    (!ratios.is_empty()).then(|| median(&mut ratios))
}

/// For an even number of samples, the mean of the two in the middle: with two rounds, the lower one would favour
/// the peer with the larger spread.
fn median(samples: &mut [(f64, u64)]) -> f64 {
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = samples.iter().map(|(_, weight)| weight).sum();
    let low = quantile(samples, 0.5);
    let up_to_low: u64 = samples.iter().filter(|(v, _)| *v <= low).map(|(_, weight)| weight).sum();
    let next = samples.iter().map(|(value, _)| *value).find(|value| *value > low);
    match next {
        Some(high) if up_to_low * 2 == total => (low + high) / 2.0,
        _ => low,
    }
}

/// The smallest value that at least a fraction `q` of the samples do not exceed.
fn quantile(samples: &mut [(f64, u64)], q: f64) -> f64 {
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = samples.iter().map(|(_, weight)| weight).sum();
    let mut remaining = (total as f64 * q).ceil().max(1.0) as u64;
    for (value, weight) in samples.iter() {
        if *weight >= remaining {
            return *value;
        }
        remaining -= weight;
    }
    f64::NAN
}

fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let name = cpus.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(": ")).map_or("unknown CPU", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{name}, {cores} cores, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_counts_weights() {
        let mut samples = vec![(3.0, 1), (1.0, 2), (2.0, 7)];
        assert_eq!(quantile(&mut samples, 0.1), 1.0);
        assert_eq!(quantile(&mut samples, 0.5), 2.0);
        assert_eq!(quantile(&mut samples, 1.0), 3.0);
    }

    #[test]
    fn the_median_of_an_even_number_of_samples_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&mut [(1.0, 1), (3.0, 1)]), 2.0);
        assert_eq!(median(&mut [(3.0, 1), (1.0, 1), (2.0, 1)]), 2.0);
        assert_eq!(median(&mut [(1.0, 2), (3.0, 1)]), 1.0);
        assert_eq!(median(&mut [(1.0, 2), (1.0, 2), (5.0, 4)]), 3.0);
    }

    #[test]
    fn a_ratio_compares_within_rounds() {
        // In the second round, both took ten times as long.
        let peer = [vec![(1.0, 1)], vec![(10.0, 1)], vec![(1.0, 1)]];
        let reference = [vec![(2.0, 1)], vec![(20.0, 1)], vec![(2.0, 1)]];
        assert_eq!(ratio(&peer, &reference), Some(0.5));
    }
}
