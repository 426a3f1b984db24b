//! Who is measured when: every peer once a round, beginning with another each round.

use crate::args::Args;
use crate::builds::Builds;
use crate::child;
use crate::peer::{self, Entry, REFERENCE};
use crate::summary::{Measured, Report, Row};
use crate::workload::{self, Case, Outcome};
use indicatif::{ProgressBar, ProgressStyle};
use std::thread;

pub(crate) fn run(args: &Args) -> Report {
    let chosen = |name: &str| args.workloads.is_empty() || args.workloads.iter().any(|w| w == name);
    let cases: Vec<_> =
        workload::cases(args.size()).into_iter().filter(|case| chosen(&case.workload)).collect();
    let wanted = |entry: &&Entry| {
        let name = entry.name;
        args.peers.is_empty() || name == REFERENCE || args.peers.iter().any(|peer| peer == name)
    };
    let peers: Vec<_> = peer::ALL.iter().filter(wanted).collect();
    let needed: Vec<_> = peers.iter().map(|entry| entry.build).collect();
    let builds = Builds::new(&needed, !args.no_build);

    let steps: usize = cases.iter().map(|case| case.rounds * serving(&peers, case).count()).sum();
    // Draws nothing unless stderr is a terminal.
    let bar = ProgressBar::new(steps as u64);
    let style = "{wide_bar} {pos}/{len} {elapsed} {msg:28!}";
    bar.set_style(ProgressStyle::with_template(style).expect("a valid template"));
    let results = cases
        .into_iter()
        .map(|case| {
            let runs = serving(&peers, &case).map(Run::new).collect();
            Report::case(measure(case, runs, &builds, &bar))
        })
        .collect();
    bar.finish_and_clear();
    Report::new(args.size(), results)
}

fn serving<'a>(peers: &'a [&Entry], case: &'a Case) -> impl Iterator<Item = &'static Entry> {
    let names: Vec<_> = peers
        .iter()
        .filter(|entry| entry.only.is_none_or(|only| only == case.workload))
        .map(|entry| entry.name)
        .collect();
    peer::ALL.iter().filter(move |entry| names.contains(&entry.name))
}

struct Run {
    entry: &'static Entry,
    rounds: Vec<Outcome>,
    skipped: Option<String>,
}

impl Run {
    fn new(entry: &'static Entry) -> Run {
        Run { entry, rounds: Vec::new(), skipped: None }
    }

    fn go(&mut self, case: &Case, builds: &Builds, bar: &ProgressBar) {
        if self.skipped.is_none() {
            bar.set_message(format!("{}: {}", case.workload, self.entry.name));
            let outcome = builds
                .program(self.entry.build)
                .and_then(|program| child::run(program, self.entry.name, case));
            match outcome {
                Ok(outcome) => self.rounds.push(outcome),
                Err(why) => self.skipped = Some(why),
            }
        }
        bar.inc(1);
    }

    fn trace(&mut self, case: &Case, builds: &Builds) {
        let Some(last) = self.rounds.last_mut() else { return };
        let calls = builds
            .program(self.entry.build)
            .and_then(|program| child::count_system_calls(program, self.entry.name, case));
        // No strace, or not allowed: then the table has no such column.
        if let Ok(calls) = calls {
            last.values.insert("system calls".into(), vec![calls as f64]);
        }
    }
}

fn measure(case: Case, mut runs: Vec<Run>, builds: &Builds, bar: &ProgressBar) -> Measured {
    // Counts, unlike times, are the same when all run at once.
    let counts = case.workload == "w6";
    if counts && case.variant != "timeouts" {
        thread::scope(|scope| {
            for run in &mut runs {
                scope.spawn(|| run.go(&case, builds, bar));
            }
        });
    } else {
        for round in 0..case.rounds {
            let first = round % runs.len().max(1);
            runs.rotate_left(first);
            for run in &mut runs {
                run.go(&case, builds, bar);
            }
            runs.rotate_right(first);
        }
    }
    if counts {
        bar.set_message("w6: once more, under strace");
        thread::scope(|scope| {
            for run in &mut runs {
                scope.spawn(|| run.trace(&case, builds));
            }
        });
    }
    let rows = runs
        .into_iter()
        .map(|run| Row { peer: run.entry.name, rounds: run.rounds, skipped: run.skipped })
        .collect();
    Measured { case, rows }
}
