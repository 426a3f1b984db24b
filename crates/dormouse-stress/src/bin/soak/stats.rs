//! Counts, faults, and a histogram of lateness.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) created: Count,
    pub(crate) fired: Count,
    pub(crate) cancelled: Count,
    pub(crate) reset: Count,
    pub(crate) moved: Count,
    pub(crate) round_trips: Count,
    /// Lateness, by the power of two of microseconds.
    late: [Count; 32],
    /// The maximum lateness since the last `take_max_late_ms`, by executor.
    max_late_ms: [AtomicU64; 4],
    faults: Mutex<Vec<String>>,
    fault_count: Count,
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

/// How many faults are kept as text.
const MAX_FAULTS: usize = 10;

impl Stats {
    pub(crate) fn fault(&self, description: String) {
        self.fault_count.add();
        let mut faults = self.faults.lock().expect("no panic under this lock");
        if faults.len() < MAX_FAULTS {
            faults.push(description);
        }
    }

    /// The maximum lateness since the last call, by executor.
    pub(crate) fn take_max_late_ms(&self) -> [u64; 4] {
        std::array::from_fn(|nth| self.max_late_ms[nth].swap(0, Ordering::Relaxed))
    }

    pub(crate) fn record_lateness(&self, executor: usize, late: Duration) {
        self.max_late_ms[executor].fetch_max(late.as_millis() as u64, Ordering::Relaxed);
        let power = (late.as_micros() as u64 + 1).ilog2() as usize;
        self.late[power.min(self.late.len() - 1)].add();
    }

    /// The first faults as text, and the number of all.
    pub(crate) fn faults(&self) -> (Vec<String>, u64) {
        (self.faults.lock().expect("no panic under this lock").clone(), self.fault_count.get())
    }

    pub(crate) fn print(&self) {
        println!(
            "{} timers created, {} fired, {} cancelled, {} reset, {} moved; {} round trips by sockets",
            self.created.get(),
            self.fired.get(),
            self.cancelled.get(),
            self.reset.get(),
            self.moved.get(),
            self.round_trips.get(),
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
