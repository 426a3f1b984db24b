//! A long run: creates, resets, cancels and moves 100,000 timers at random, beside sockets, on all executors at once.
//! Checks each timer, and that memory does not grow. `scripts/soak` runs it.
//!
//! ```text
//! soak [--seconds 600] [--timers 100000] [--seed 1]
//! ```

mod memory;
mod random;
mod sockets;
mod state;
mod stats;
mod timers;

use dormouse_stress::checks;
use dormouse_stress::executors::EXECUTORS;
use memory::Memory;
use state::State;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many timers share a task.
const GROUP: usize = 1000;
const SAMPLE_EVERY: Duration = Duration::from_millis(500);
/// If this thread is late by this much, the machine has stalled.
const STALL: Duration = Duration::from_secs(5);
const PRINT_EVERY: Duration = Duration::from_secs(10);
/// The time limit for the last timers, on a loaded machine.
const STOP_LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.map_or(Ok(default), |at| arguments.get(at + 1).map_or("", String::as_str).parse())
    };
    let (Ok(seconds), Ok(timers), Ok(seed)) =
        (number("--seconds", 600), number("--timers", 100_000), number("--seed", 1))
    else {
        eprintln!("usage: soak [--seconds N] [--timers N] [--seed N]");
        return ExitCode::FAILURE;
    };
    println!("soak --seconds {seconds} --timers {timers} --seed {seed}");

    let state = Arc::new(State::default());
    let groups = (timers as usize).div_ceil(GROUP).div_ceil(EXECUTORS.len());
    let mut threads = Vec::new();
    for (index, (executor, seed)) in
        EXECUTORS.into_iter().zip((seed << 32..).step_by(1 << 16)).enumerate()
    {
        let state = state.clone();
        threads.push(std::thread::spawn(move || {
            (executor.run)(Box::pin(async move {
                let timers = (0..groups as u64)
                    .map(|nth| timers::run(state.clone(), index, GROUP, seed + nth));
                let timers = futures::future::join_all(timers);
                futures::join!(timers, sockets::run(state.clone(), seed));
            }));
        }));
    }

    let mut memory = Memory::default();
    let start = Instant::now();
    let mut printed = Duration::ZERO;
    while start.elapsed() < Duration::from_secs(seconds) {
        let before = Instant::now();
        std::thread::sleep(SAMPLE_EVERY);
        if before.elapsed() > STALL {
            println!("the machine has stalled for {:?}", before.elapsed());
            state.stalls.add();
        }
        memory.sample();
        if start.elapsed() >= printed + PRINT_EVERY {
            printed = start.elapsed();
            println!(
                "{:3.0} s: late by up to {:?} ms",
                printed.as_secs_f64(),
                state.stats.take_max_late_ms()
            );
        }
    }
    state.stopping.store(true, Ordering::Relaxed);
    let start = Instant::now();
    while threads.iter().any(|thread| !thread.is_finished()) && start.elapsed() < STOP_LIMIT {
        std::thread::sleep(Duration::from_millis(10));
    }

    state.stats.print();
    let (faults, count) = state.stats.faults();
    faults.iter().for_each(|fault| println!("  {fault}"));
    checks::check(count == 0, format!("no timer is early, lost, or woken twice ({count} faults)"));
    checks::check(
        state.stats.fired.get() > timers,
        "more timers have fired than are pending at a time",
    );
    checks::check(
        threads.iter().all(std::thread::JoinHandle::is_finished),
        "all threads have ended",
    );
    let panics = threads.into_iter().filter(|thread| thread.is_finished());
    let panics = panics.filter_map(|thread| thread.join().err()).count();
    checks::check(panics == 0, format!("{panics} panics"));
    let (first, last, flat) = memory.compare();
    checks::check(
        flat,
        format!("memory was {first} KiB in the first third, and {last} KiB in the last"),
    );
    if checks::summarize("soak") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
