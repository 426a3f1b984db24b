//! How late a sleep is, beside a bare timerfd in the same run. Alone in its file: it measures.
#![cfg(target_os = "linux")]

mod common;

use common::{MS, never_early};
use dormouse::clock::{Boottime, Clock};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How late a thread is that reads a timerfd set to 1 ms from now.
fn bare_timerfd() -> Duration {
    let fd = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC).unwrap();
    let deadline = Boottime::now() + MS;
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let time = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    let time = Itimerspec { it_interval: zero, it_value: time };
    timerfd_settime(&fd, TimerfdTimerFlags::empty(), &time).unwrap();
    rustix::io::read(&fd, &mut [0; 8]).unwrap();
    Boottime::now() - deadline
}

fn median(mut late: Vec<Duration>) -> Duration {
    late.sort_unstable();
    late[late.len() / 2]
}

/// Samples of both by turns, so that what else the machine does hits both alike.
fn compare(
    executor: &str,
    run: impl Fn(Pin<Box<dyn Future<Output = Vec<Duration>>>>) -> Vec<Duration>,
) {
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        bare.extend((0..20).map(|_| bare_timerfd()));
        ours.extend(run(Box::pin(async {
            let mut late = Vec::new();
            for _ in 0..20 {
                late.push(never_early(Boottime::sleep(MS)).await);
            }
            late
        })));
    }
    let (bare, ours) = (median(bare), median(ours));
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("{executor}: bare timerfd {bare:?}, dormouse {ours:?}, ratio {ratio:.2}");
    // Quiet and optimized it is 1.0 to 1.25 times; the test has to hold on a loaded machine. tokio's
    // own sleeps are 20 times as late as a bare timerfd.
    assert!(ours <= 3 * bare + MS / 4, "bare timerfd {bare:?}, dormouse {ours:?}");
}

#[test]
fn a_sleep_is_about_as_late_as_a_bare_timerfd() {
    compare("dormouse::block_on", dormouse::block_on);
    compare("futures block_on", futures::executor::block_on);
    compare("smol", smol::block_on);
    let runtime = common::current_thread();
    compare("tokio current_thread", |sleeps| runtime.block_on(sleeps));
    let runtime = common::multi_thread();
    compare("tokio multi_thread", |sleeps| runtime.block_on(sleeps));
}
