//! The command line.

use crate::case::Size;
use crate::{registry, workload};
use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Timers of dormouse, tokio, async-io, futures-timer and others, side by side.
///
/// Each measurement runs in its own process, and the peers take turns. Ratios are to `tokio-ct` (in w9 to
/// `tokio-tcp`, in w10 to `tokio-spawn`, in w11 to `tokio-net`), measured in the same rounds. tokio's sleeps run under `task::unconstrained`: under its
/// coop budget many polls would return Pending without registering the timer.
///
/// dormouse-async-io and each row of w9 need another build of dormouse, and tokio-alt needs tokio built
/// with --cfg tokio_unstable. `cargo run` builds what is missing into target/bench and measures it in the
/// same rounds; the minutes given below do not include these builds.
///
/// monoio, glommio, compio and zruntime run on one thread each; the first three use io_uring where the kernel
/// allows it. compio and zruntime need a newer Rust than dormouse, and `cargo run --features extra-peers`.
#[derive(Debug, Parser)]
#[command(name = "dormouse-bench", version)]
pub(crate) struct Args {
    /// Workloads to run [default: all]; --list describes them.
    #[arg(value_parser = PossibleValuesParser::new(workload::NAMES.iter().map(|(name, _)| *name)))]
    pub(crate) workloads: Vec<String>,

    /// Takes about two minutes instead of less than twenty.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measures only this peer; may be repeated. The references are always included.
    #[arg(long = "peer", value_name = "NAME")]
    #[arg(value_parser = PossibleValuesParser::new(registry::ALL.iter().map(|entry| entry.name)))]
    pub(crate) peers: Vec<String>,

    /// Format of the results on stdout.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// Path of the page with the plots [default: bench/report.html in the target folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Folder for plots that stand alone, for documentation: SVG that follows the light or dark theme. The first is
    /// written as the definition of a Markdown link too, for rustdoc, which has no place for files.
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,

    /// Measures nothing; reads the results of an earlier run from its `--format json`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["workloads", "quick", "peers"])]
    pub(crate) from: Option<PathBuf>,

    /// Lists the workloads and the peers.
    #[arg(long)]
    pub(crate) list: bool,

    /// Builds nothing; peers that need a missing build are skipped.
    #[arg(long)]
    pub(crate) no_build: bool,

    /// Takes a few seconds, with sizes too small for valid numbers: for tests.
    #[arg(long, hide = true)]
    pub(crate) tiny: bool,

    /// Runs one measurement in this process.
    #[arg(long, hide = true)]
    pub(crate) child: Option<String>,

    /// Opens idle connections and keeps them: a helper of w11.
    #[arg(long, hide = true)]
    pub(crate) hold_connections_to: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    /// The tables of BENCHMARKS.md.
    Markdown,
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
