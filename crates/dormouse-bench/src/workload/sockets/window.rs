//! The measured window of W11, which all tasks of a case share.
//!
//! It opens a moment after every task has started, and ends with the first round trip that completes after its
//! duration.

use super::idle::Holder;
use crate::workload::support::{WARM_UP, cpu_ns};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Times of one round trip, in ns.
pub(super) struct Totals {
    pub(super) wall_ns: f64,
    pub(super) cpu_ns: f64,
    /// The mean of each batch, if there was one client only. A stall of the machine affects their median less than the
    /// total.
    pub(super) samples: Option<Vec<f64>>,
}

pub(super) struct Window {
    duration: Duration,
    /// Tasks that have not started.
    missing: AtomicUsize,
    opens: OnceLock<Instant>,
    start: OnceLock<(Instant, f64)>,
    end: OnceLock<(Duration, f64)>,
    round_trips: AtomicU64,
    samples: Option<Mutex<Vec<f64>>>,
    /// Ends the tasks of idle connections when it is dropped.
    holder: Mutex<Option<Holder>>,
}

impl Window {
    pub(super) fn new(ms: u64, tasks: usize, clients: usize, holder: Option<Holder>) -> Window {
        Window {
            duration: Duration::from_millis(ms),
            missing: AtomicUsize::new(tasks),
            opens: OnceLock::new(),
            start: OnceLock::new(),
            end: OnceLock::new(),
            round_trips: AtomicU64::new(0),
            samples: (clients == 1).then(Mutex::default),
            holder: Mutex::new(holder),
        }
    }

    pub(super) fn task_started(&self) {
        self.missing.fetch_sub(1, Relaxed);
    }

    fn is_open(&self) -> bool {
        self.start.get().is_some()
    }

    /// Returns false after the end of the window.
    fn round_trip_done(&self) -> bool {
        let Some((start, cpu)) = self.start.get() else {
            let opens = || *self.opens.get_or_init(|| Instant::now() + WARM_UP);
            if self.missing.load(Relaxed) == 0 && Instant::now() >= opens() {
                self.start.get_or_init(|| (Instant::now(), cpu_ns()));
            }
            return true;
        };
        if self.end.get().is_some() {
            return false;
        }
        self.round_trips.fetch_add(1, Relaxed);
        let elapsed = start.elapsed();
        if elapsed < self.duration {
            return true;
        }
        self.end.get_or_init(|| (elapsed, cpu_ns() - cpu));
        drop(self.holder.lock().unwrap().take());
        false
    }

    /// Called with the mean of a batch of round trips that were made within the window.
    fn batch_done(&self, ns: f64) {
        if let Some(samples) = &self.samples {
            samples.lock().unwrap().push(ns);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let (wall, cpu) = self.end.get().expect("the window has ended");
        let round_trips = self.round_trips.load(Relaxed) as f64;
        let samples = self.samples.as_ref().map(|samples| samples.lock().unwrap().clone());
        let wall_ns = wall.as_nanos() as f64 / round_trips;
        Totals { wall_ns, cpu_ns: cpu / round_trips, samples }
    }
}

/// The window, as a client uses it.
pub(super) struct Batches<'a> {
    window: &'a Window,
    /// Round trips in each batch.
    size: u32,
    done: u32,
    start: Instant,
    starts_in_window: bool,
}

impl<'a> Batches<'a> {
    pub(super) fn new(window: &'a Window, size: u32) -> Batches<'a> {
        let starts_in_window = window.is_open();
        Batches { window, size, done: 0, start: Instant::now(), starts_in_window }
    }

    /// Called after each round trip. Returns false after the end of the window.
    pub(super) fn round_trip_done(&mut self) -> bool {
        if !self.window.round_trip_done() {
            return false;
        }
        self.done += 1;
        if self.done == self.size {
            if self.starts_in_window {
                let ns = self.start.elapsed().as_nanos() as f64 / f64::from(self.size);
                self.window.batch_done(ns);
            }
            *self = Batches::new(self.window, self.size);
        }
        true
    }
}
