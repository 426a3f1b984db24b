//! dormouse side by side with the timers that people use today.
//!
//! Read in this order:
//! - [`peer`]: what is compared. One trait, an implementation for each timer and its executor.
//! - [`fd_peer`]: the same for file descriptors, which W7 measures.
//! - [`workload`]: what is measured, generic over the peer.
//! - [`child`]: each measurement is a process of its own, so that memory, threads and system calls can be
//!   told apart, and nobody inherits a warm or a fragmented heap.
//! - [`rounds`]: peers take turns, round by round, so that what else the machine does hits all alike.
//! - [`builds`]: the other builds, with dormouse's feature `smol` and with tokio's unstable timer.
//! - [`summary`], [`table`], [`report`]: medians, spread, ratios; as tables, as JSON, and as a page with plots.

mod args;
mod builds;
mod child;
mod fd_peer;
mod peer;
mod report;
mod rounds;
mod summary;
mod table;
mod workload;

use args::{Args, Format};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(order) = &args.child {
        child::obey(order);
    }
    if args.list {
        print!("{}", table::catalogue());
        return ExitCode::SUCCESS;
    }
    let report = rounds::run(&args);
    match report::write(&report, args.report.as_deref()) {
        Ok(path) => eprintln!("plots: {}", path.display()),
        Err(err) => eprintln!("no plots: {err}"),
    }
    let text = match args.format {
        Format::Table => table::render(&report),
        Format::Json => serde_json::to_string_pretty(&report).expect("plain data") + "\n",
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader had enough, as `head` does.
        Err(_) => ExitCode::FAILURE,
    }
}
