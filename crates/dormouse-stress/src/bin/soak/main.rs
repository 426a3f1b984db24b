//! A long run: a hundred thousand timers, created, reset, cancelled and moved between executors at random, beside
//! sockets, on all executors at once. Each firing is checked, and memory has to stay flat. `scripts/soak` runs it.
//!
//! ```text
//! soak [--seconds 600] [--timers 100000] [--seed 1]
//! ```

mod cohort;
mod ledger;
mod memory;
mod random;
mod traffic;

use cohort::Field;
use dormouse_stress::executors::EXECUTORS;
use dormouse_stress::verdict;
use memory::Memory;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many timers a task has.
const COHORT: usize = 1000;
const SAMPLE_EVERY: Duration = Duration::from_millis(500);
/// A thread that sleeps for a moment is not that late on a machine that runs.
const STANDSTILL: Duration = Duration::from_secs(5);
const TELL_EVERY: Duration = Duration::from_secs(10);
/// For the last timers, on a loaded machine.
const END: Duration = Duration::from_secs(60);

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

    let field = Arc::new(Field::new());
    let cohorts = (timers as usize).div_ceil(COHORT).div_ceil(EXECUTORS.len());
    let mut threads = Vec::new();
    for (index, (executor, seed)) in
        EXECUTORS.into_iter().zip((seed << 32..).step_by(1 << 16)).enumerate()
    {
        let field = field.clone();
        threads.push(std::thread::spawn(move || {
            (executor.run)(Box::pin(async move {
                let timers = (0..cohorts as u64)
                    .map(|nth| cohort::run(field.clone(), index, COHORT, seed + nth));
                let timers = futures::future::join_all(timers);
                futures::join!(timers, traffic::run(field.clone(), seed));
            }));
        }));
    }

    let mut memory = Memory::new();
    let start = Instant::now();
    let mut told = Duration::ZERO;
    while start.elapsed() < Duration::from_secs(seconds) {
        let before = Instant::now();
        std::thread::sleep(SAMPLE_EVERY);
        if before.elapsed() > STANDSTILL {
            println!("the machine has stood still for {:?}", before.elapsed());
            field.standstills.add();
        }
        memory.sample();
        if start.elapsed() >= told + TELL_EVERY {
            told = start.elapsed();
            println!(
                "{:3.0} s: late by up to {:?} ms",
                told.as_secs_f64(),
                field.ledger.take_worst()
            );
        }
    }
    field.ending.store(true, Ordering::Relaxed);
    let start = Instant::now();
    while threads.iter().any(|thread| !thread.is_finished()) && start.elapsed() < END {
        std::thread::sleep(Duration::from_millis(10));
    }

    field.ledger.print();
    let (faults, count) = field.ledger.faults();
    faults.iter().for_each(|fault| println!("  {fault}"));
    verdict::check(count == 0, format!("none early, none lost, none twice ({count} faults)"));
    verdict::check(field.ledger.fired.get() > timers, "each has fired, on average");
    verdict::check(threads.iter().all(std::thread::JoinHandle::is_finished), "all came to an end");
    let panics = threads.into_iter().filter(|thread| thread.is_finished());
    let panics = panics.filter_map(|thread| thread.join().err()).count();
    verdict::check(panics == 0, format!("{panics} panics"));
    let (first, last, flat) = memory.judge();
    verdict::check(
        flat,
        format!("memory was {first} KiB in the first third, and {last} in the last"),
    );
    if verdict::close("soak") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
