//! Counts how many instances were ready at their first poll, and how many were pending.
//!
//! All instances have to behave alike. Only first polls with no event before them are counted.

use crate::timeline::PollResult;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Shared by all instances.
#[derive(Debug, Default)]
pub(crate) struct FirstPolls {
    pending: AtomicUsize,
    ready: AtomicUsize,
}

impl FirstPolls {
    pub(crate) fn record(&self, result: &PollResult) {
        let counter = if result.made_progress() { &self.ready } else { &self.pending };
        counter.fetch_add(1, SeqCst);
    }

    /// How many were ready, and how many there were, if they differ.
    pub(crate) fn difference(&self) -> Option<(usize, usize)> {
        let (pending, ready) = (self.pending.load(SeqCst), self.ready.load(SeqCst));
        (pending > 0 && ready > 0).then_some((ready, pending + ready))
    }
}
