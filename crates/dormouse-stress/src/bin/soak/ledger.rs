//! What has happened: counts, faults, and a histogram of how late timers were.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) created: Count,
    pub(crate) fired: Count,
    pub(crate) cancelled: Count,
    pub(crate) reset: Count,
    pub(crate) moved: Count,
    pub(crate) exchanges: Count,
    /// By the power of two of microseconds.
    late: [Count; 32],
    /// The latest since it was last asked, in ms, by executor.
    worst: [AtomicU64; 4],
    faults: Mutex<Vec<String>>,
    faulty: Count,
}

#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many faults are told in full.
const TOLD: usize = 10;

impl Ledger {
    pub(crate) fn fault(&self, what: String) {
        self.faulty.add();
        let mut faults = self.faults.lock().expect("no panic under this lock");
        if faults.len() < TOLD {
            faults.push(what);
        }
    }

    /// The latest timers since the last call, in ms, by executor.
    pub(crate) fn take_worst(&self) -> [u64; 4] {
        std::array::from_fn(|nth| self.worst[nth].swap(0, Ordering::Relaxed))
    }

    pub(crate) fn note_late(&self, executor: usize, late: Duration) {
        self.worst[executor].fetch_max(late.as_millis() as u64, Ordering::Relaxed);
        let power = (late.as_micros() as u64 + 1).ilog2() as usize;
        self.late[power.min(self.late.len() - 1)].add();
    }

    /// The faults, of which there should be none, and how many there were.
    pub(crate) fn faults(&self) -> (Vec<String>, u64) {
        (self.faults.lock().expect("no panic under this lock").clone(), self.faulty.get())
    }

    pub(crate) fn print(&self) {
        println!(
            "{} timers created, {} fired, {} cancelled, {} reset, {} moved; {} exchanges by sockets",
            self.created.get(),
            self.fired.get(),
            self.cancelled.get(),
            self.reset.get(),
            self.moved.get(),
            self.exchanges.get(),
        );
        println!("late by less than");
        let all = self.late.iter().map(Count::get).sum::<u64>().max(1);
        let mut sum = 0;
        for (power, count) in self.late.iter().enumerate().filter(|(_, count)| count.get() > 0) {
            sum += count.get();
            let limit = Duration::from_micros((2 << power) - 1);
            let share = 100.0 * sum as f64 / all as f64;
            println!("  {:>10} {:>10} {share:8.4} %", format!("{limit:.0?}"), count.get());
        }
    }
}
