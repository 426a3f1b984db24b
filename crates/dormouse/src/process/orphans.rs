//! Children that were dropped before they were waited for.
//!
//! # Invariants
//! - A child that has ended stays a zombie, and keeps its number, until it is reaped here. So the number belongs to no
//!   other process when it is waited for.
//! - The lock is not held during a system call: what is checked is taken out of the list.
//! - A child of `fork` has a list of its own: the children of its parent are not its children.

use crate::fork::PerProcess;
use crate::sync::{Mutex, lock};
use std::process::Child;

static ORPHANS: PerProcess<Mutex<Vec<Child>>> = PerProcess::new(Mutex::new(Vec::new()));

fn orphans() -> &'static Mutex<Vec<Child>> {
    ORPHANS.get(|_| Mutex::new(Vec::new()))
}

/// Reaps a child, now or when it has ended and this module is used again.
pub(super) fn adopt(child: Child) {
    lock(orphans()).push(child);
    reap();
}

/// Reaps those that have ended.
pub(super) fn reap() {
    let mut orphans_now = std::mem::take(&mut *lock(orphans()));
    // An error says that another part of the program has reaped it.
    orphans_now.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    if !orphans_now.is_empty() {
        lock(orphans()).append(&mut orphans_now);
    }
}
