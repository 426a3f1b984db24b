//! The memory of a pending timer. The only test in its file, because it measures the process.
#![cfg(target_os = "linux")]

mod common;

use common::{Count, poll};
use std::time::Duration;

/// The resident memory of the process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size()
}

#[test]
fn a_million_pending_timers_take_at_most_130_bytes_each_and_their_memory_is_reused() {
    const TIMERS: usize = 1_000_000;
    let (_, waker) = Count::new();
    let hour = Duration::from_secs(3600);
    let before = resident();
    let fill = || {
        let mut sleeps = Vec::with_capacity(TIMERS);
        for i in 0..TIMERS as u64 {
            let mut sleep = dormouse::sleep(hour + Duration::from_micros(i * 7919 % 1_000_000_000));
            assert!(poll(&mut sleep, &waker).is_pending());
            sleeps.push(sleep);
        }
        (resident() - before, sleeps)
    };
    let (first, sleeps) = fill();
    println!("{} bytes a timer", first / TIMERS);
    assert!(first <= 130 * TIMERS, "{} bytes a timer", first / TIMERS);
    drop(sleeps);
    let (again, _sleeps) = fill();
    assert!(again <= first + first / 10, "{first} bytes the first time, {again} the second time");
}
