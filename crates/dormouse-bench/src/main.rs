//! Measures dormouse side by side with the timers and fd wrappers of tokio, async-io and others.
//!
//! Layers, from the top. Imports point down, or to a module further right on the same line:
//! 1. [`report`] writes a page with plots, and plots that stand alone. [`table`] and [`markdown`] print text.
//! 2. [`rounds`] runs each peer once per round, so that other load on the machine affects all peers alike.
//!    [`strace`] counts system calls.
//! 3. [`overview`] selects the rows that matter most, of the results that [`summary`] computes: medians, spread and
//!    ratios. [`args`] is the command line.
//! 4. [`child`] runs each measurement in its own process: memory, threads and system calls belong to one peer, and
//!    each starts with a fresh heap. [`builds`] makes builds with other features or cfgs.
//! 5. [`registry`] is the list of peers, with the functions that measure each. It alone joins workloads and peers.
//! 6. [`workload`] is what is measured. It is generic over the traits of peers, and knows none of them.
//! 7. [`net_peer`], [`fd_peer`], [`peer`] are what is compared. They do not know workloads.
//! 8. [`case`] is the plain data that the layers exchange. [`date`] and [`quantity`] format values for readers.

mod args;
mod builds;
mod case;
mod child;
mod date;
mod fd_peer;
mod markdown;
mod net_peer;
mod overview;
mod peer;
mod quantity;
mod registry;
mod report;
mod rounds;
mod strace;
mod summary;
mod table;
mod workload;

use args::{Args, Format};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;
use summary::Report;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(request) = &args.child {
        child::serve(request);
    }
    if let Some(address) = args.hold_connections_to {
        return match workload::sockets::hold_connections(address) {
            Ok(()) => ExitCode::SUCCESS,
            Err(err) => {
                eprintln!("cannot hold idle connections: {err}");
                ExitCode::FAILURE
            }
        };
    }
    if args.list {
        print!("{}", table::list());
        return ExitCode::SUCCESS;
    }
    let report = match &args.from {
        None => rounds::run(&args),
        Some(path) => match Report::read(path) {
            Ok(report) => report,
            Err(err) => {
                eprintln!("cannot read {}: {err}", path.display());
                return ExitCode::FAILURE;
            }
        },
    };
    // The results are printed even if a file cannot be written: they may have taken a quarter of an hour.
    let mut code = ExitCode::SUCCESS;
    if let Some(folder) = &args.plots {
        if let Err(err) = report::write_plots(&report, folder) {
            eprintln!("cannot write plots to {}: {err}", folder.display());
            code = ExitCode::FAILURE;
        }
    }
    match report::write(&report, args.report.as_deref()) {
        Ok(path) => eprintln!("page: {}", path.display()),
        Err(err) => eprintln!("no page: {err}"),
    }
    let text = match args.format {
        Format::Table => table::render(&report),
        Format::Markdown => markdown::render(&report),
        Format::Json => serde_json::to_string_pretty(&report).expect("plain data") + "\n",
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => code,
        // The reader closed the pipe, as `head` does.
        Err(_) => ExitCode::FAILURE,
    }
}
