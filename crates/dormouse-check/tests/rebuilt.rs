//! Defects of published crates, each rebuilt from its description as a small future.
//!
//! Each has a source (`crate#issue`), the kinds that fit it, and a second form with the correction. The checker must
//! report one of the kinds for the first form, and no failure for the second. docs/checker.md has the results.
//!
//! All together they take minutes, so that most are ignored: `scripts/check-corpus` runs them and prints the table of
//! docs/checker.md. `the_quick_ones_are_right` runs a part in each `cargo test`.

#![allow(missing_docs)]

#[path = "rebuilt/bug.rs"]
mod bug;
#[path = "rebuilt/parts.rs"]
mod parts;

#[path = "rebuilt/blocking.rs"]
mod blocking;
#[path = "rebuilt/busy.rs"]
mod busy;
#[path = "rebuilt/cancelled.rs"]
mod cancelled;
#[path = "rebuilt/children.rs"]
mod children;
#[path = "rebuilt/delays.rs"]
mod delays;
#[path = "rebuilt/leaks.rs"]
mod leaks;
#[path = "rebuilt/locks.rs"]
mod locks;
#[path = "rebuilt/lost.rs"]
mod lost;
#[path = "rebuilt/oneshots.rs"]
mod oneshots;
#[path = "rebuilt/patterns.rs"]
mod patterns;
#[path = "rebuilt/races.rs"]
mod races;
#[path = "rebuilt/unwoken.rs"]
mod unwoken;
#[path = "rebuilt/wakers.rs"]
mod wakers;

use bug::Bug;
use cap::Cap;
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const BUGS: [&[Bug]; 13] = [
    wakers::BUGS,
    lost::BUGS,
    delays::BUGS,
    unwoken::BUGS,
    cancelled::BUGS,
    children::BUGS,
    oneshots::BUGS,
    races::BUGS,
    locks::BUGS,
    busy::BUGS,
    blocking::BUGS,
    leaks::BUGS,
    patterns::BUGS,
];

/// The bugs that the checker does not report, or reports as something else. A test of such a bug fails when it is
/// reported: then remove it from this list.
const MISSED: &[&str] = &[
    "cancelled::tigerbeetle_78",
    "locks::asyncband_189",
    "busy::woken_by_a_helper",
    "patterns::wakes_a_thousand_times",
    "patterns::polls_a_flag",
];

/// Races that are reported in some runs only: no waker is cloned where the event has to happen. Their tests accept any
/// result.
const UNCERTAIN: &[&str] =
    &["children::futures_2706", "races::tuff_840", "races::vector_11741", "races::second_item"];

/// What each `cargo test` checks: one or two bugs of each file.
const QUICK: &[&str] = &[
    "wakers::lighthouse_7656",
    "wakers::tokio_websockets_106",
    "lost::rusoto_1790",
    "delays::tokio_6751",
    "unwoken::postage_44",
    "cancelled::tokio_4618",
    "children::futures_concurrency_135",
    "oneshots::affinitypool_7",
    "busy::tokio_5436",
    "blocking::bounty_18362",
    "leaks::flume_88",
];

#[test]
fn the_quick_ones_are_right() {
    bug::check_all(&BUGS, QUICK);
}

#[test]
#[ignore = "takes several minutes; see scripts/check-corpus"]
fn table() {
    bug::print_table(&BUGS);
}
