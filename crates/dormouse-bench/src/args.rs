//! The command line.

use crate::peer;
use crate::workload::{self, Size};
use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Timers of dormouse, tokio, async-io, futures-timer and others, side by side.
///
/// Every measurement is a process of its own, and the peers take turns. Ratios are to `tokio-ct`,
/// measured in the same rounds. tokio's sleeps run under `task::unconstrained`: with its coop budget
/// they would often not be registered at all.
///
/// dormouse-async-io and dormouse-builtin need different builds of dormouse, and tokio-alt one of tokio
/// with --cfg tokio_unstable. Under `cargo run` those that are missing are built into target/bench, which
/// is not counted as minutes, and measured in the same rounds.
///
/// monoio, glommio and compio run on one thread each, with io_uring where the kernel allows it. compio
/// needs a newer Rust than dormouse, and `cargo run --features extra-peers`.
#[derive(Debug, Parser)]
#[command(name = "dormouse-bench", version)]
pub(crate) struct Args {
    /// Which workloads [default: all]; --list says what they are.
    #[arg(value_parser = PossibleValuesParser::new(workload::NAMES.iter().map(|(name, _)| *name)))]
    pub(crate) workloads: Vec<String>,

    /// Less than two minutes instead of less than fifteen.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only this peer; may be given more than once. tokio-ct is always there.
    #[arg(long = "peer", value_name = "NAME")]
    #[arg(value_parser = PossibleValuesParser::new(peer::ALL.iter().map(|entry| entry.name)))]
    pub(crate) peers: Vec<String>,

    /// How to print the results.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// Where to write the page with the plots [default: bench/report.html in the target folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Lists the workloads and the peers.
    #[arg(long)]
    pub(crate) list: bool,

    /// Does not build what is missing; peers that need it are skipped.
    #[arg(long)]
    pub(crate) no_build: bool,

    /// A few seconds, with sizes that measure nothing: for tests.
    #[arg(long, hide = true)]
    pub(crate) tiny: bool,

    /// Runs one measurement in this process.
    #[arg(long, hide = true)]
    pub(crate) child: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

impl Args {
    pub(crate) fn size(&self) -> Size {
        match (self.tiny, self.quick) {
            (true, _) => Size::Tiny,
            (false, true) => Size::Quick,
            (false, false) => Size::Full,
        }
    }
}
