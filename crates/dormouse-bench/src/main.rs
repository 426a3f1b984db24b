//! Measures dormouse side by side with the timers and fd wrappers of tokio, async-io and others.
//!
//! Layers, from the top. Imports point down, or to a module further right on the same line:
//! 1. [`report`] writes a page with plots. [`table`] prints text.
//! 2. [`rounds`] runs each peer once per round, so that other load on the machine affects all peers alike.
//!    [`strace`] counts system calls.
//! 3. [`summary`] computes medians, spread and ratios. [`args`] is the command line.
//! 4. [`child`] runs each measurement in its own process: memory, threads and system calls belong to one peer, and
//!    each starts with a fresh heap. [`builds`] makes builds with other features or cfgs.
//! 5. [`registry`] is the list of peers, with the functions that measure each. It alone joins workloads and peers.
//! 6. [`workload`] is what is measured. It is generic over the traits of peers, and knows none of them.
//! 7. [`net_peer`], [`fd_peer`], [`peer`] are what is compared. They do not know workloads.
//! 8. [`case`] is the plain data that the layers exchange.

mod args;
mod builds;
mod case;
mod child;
mod fd_peer;
mod net_peer;
mod peer;
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
        // The reader closed the pipe, as `head` does.
        Err(_) => ExitCode::FAILURE,
    }
}
