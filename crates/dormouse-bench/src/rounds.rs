//! The order of measurements: each round runs every peer once, and starts with a different peer.

use crate::args::Args;
use crate::builds::Builds;
use crate::case::{Case, Outcome};
use crate::registry::{self, Entry};
use crate::summary::{CaseRuns, PeerRuns, Report};
use crate::{child, strace, workload};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::Command;
use std::thread;

pub(crate) fn run(args: &Args) -> Report {
    let is_selected =
        |name: &str| args.workloads.is_empty() || args.workloads.iter().any(|w| w == name);
    let mut cases = workload::cases(args.size());
    cases.retain(|case| is_selected(&case.workload));
    let peers = selected_peers(args);
    let is_used = |entry: &&&Entry| cases.iter().any(|case| entry.runs(&case.workload));
    let needed: Vec<_> = peers.iter().filter(is_used).map(|entry| entry.build).collect();
    let builds = Builds::new(&needed, !args.no_build);

    let steps: usize = cases.iter().map(|case| case.rounds * peers_for(&peers, case).count()).sum();
    // Draws nothing unless stderr is a terminal.
    let bar = ProgressBar::new(steps as u64);
    let style = "{wide_bar} {pos}/{len} {elapsed} {msg:28!}";
    bar.set_style(ProgressStyle::with_template(style).expect("a valid template"));
    let results = cases
        .into_iter()
        .map(|case| {
            let runs = peers_for(&peers, &case).map(Run::new).collect();
            Report::case(measure(case, runs, &builds, &bar))
        })
        .collect();
    bar.finish_and_clear();
    Report::new(args.size(), results)
}

fn selected_peers(args: &Args) -> Vec<&'static Entry> {
    let is_selected = |entry: &&Entry| {
        let is_named = || args.peers.iter().any(|peer| peer == entry.name);
        args.peers.is_empty() || entry.is_reference() || is_named()
    };
    registry::ALL.iter().filter(is_selected).collect()
}

fn peers_for<'a>(
    peers: &'a [&'static Entry],
    case: &'a Case,
) -> impl Iterator<Item = &'static Entry> {
    peers.iter().copied().filter(|entry| entry.runs(&case.workload))
}

/// The rounds of one peer.
struct Run {
    entry: &'static Entry,
    rounds: Vec<Outcome>,
    skipped: Option<String>,
}

impl Run {
    fn new(entry: &'static Entry) -> Run {
        Run { entry, rounds: Vec::new(), skipped: None }
    }

    /// Runs one round, unless an earlier one has failed.
    fn measure(&mut self, case: &Case, builds: &Builds, bar: &ProgressBar) {
        if self.skipped.is_none() {
            bar.set_message(format!("{}: {}", case.workload, self.entry.name));
            let outcome = builds
                .program(self.entry.build)
                .and_then(|program| child::run(Command::new(program), self.entry.name, case));
            match outcome {
                Ok(outcome) => self.rounds.push(outcome),
                Err(reason) => self.skipped = Some(reason),
            }
        }
        bar.inc(1);
    }

    fn count_system_calls(&mut self, case: &Case, builds: &Builds) {
        let Some(last) = self.rounds.last_mut() else { return };
        let calls = builds
            .program(self.entry.build)
            .and_then(|program| strace::count_system_calls(program, self.entry.name, case));
        // Without strace, or where ptrace is not permitted, the table has no such column.
        if let Ok(calls) = calls {
            last.values.insert("system calls".into(), vec![calls as f64]);
        }
    }
}

fn measure(case: Case, mut runs: Vec<Run>, builds: &Builds, bar: &ProgressBar) -> CaseRuns {
    // Counts, unlike times, do not change when all peers run at the same time.
    let counts = case.workload == "w6";
    if counts && case.variant != "timeouts" {
        thread::scope(|scope| {
            for run in &mut runs {
                scope.spawn(|| run.measure(&case, builds, bar));
            }
        });
    } else {
        for round in 0..case.rounds {
            let first = round % runs.len().max(1);
            runs.rotate_left(first);
            for run in &mut runs {
                run.measure(&case, builds, bar);
            }
            runs.rotate_right(first);
        }
    }
    if counts {
        bar.set_message("w6: once more, under strace");
        thread::scope(|scope| {
            for run in &mut runs {
                scope.spawn(|| run.count_system_calls(&case, builds));
            }
        });
    }
    let peers = runs
        .into_iter()
        .map(|run| PeerRuns { peer: run.entry.name, rounds: run.rounds, skipped: run.skipped })
        .collect();
    CaseRuns { case, peers }
}
