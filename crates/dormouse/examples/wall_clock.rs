//! A small cron: prints a line at each full second. It also reports when the wall clock is set and when the machine
//! resumes from suspend.
//!
//! Run it with `cargo run -p dormouse --example wall_clock`, which takes three seconds. With `-- 60` at the end it takes a
//! minute: time to set the clock with `date --set`, or to suspend the machine.

use dormouse::clock::Realtime;
use dormouse::time::{Instant, Resumes, WallClockChanges};
use futures::{FutureExt, select};
use std::time::{Duration, UNIX_EPOCH};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(3);
    dormouse::block_on(run(Realtime::now() + Duration::from_secs(seconds)));
}

async fn run(until: Instant<Realtime>) {
    let mut full_second = Realtime::interval_aligned(Duration::from_secs(1));
    let (mut changes, mut resumes) = (WallClockChanges::new(), Resumes::new());
    let mut end = Realtime::sleep_until(until).fuse();
    loop {
        select! {
            tick = full_second.tick().fuse() => println!("{} tick", time_of_day(tick)),
            change = changes.next().fuse() => println!("the clock was set: {change:?}"),
            slept = resumes.next().fuse() => println!("the machine was suspended for {slept:?}"),
            () = end => return,
        }
    }
}

/// The time of day in UTC.
fn time_of_day(time: Instant<Realtime>) -> String {
    let seconds = time.duration_since(UNIX_EPOCH.into()).as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
