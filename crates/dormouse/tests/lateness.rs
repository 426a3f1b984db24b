//! How late a sleep is, compared with a bare timerfd in the same run. The only test in its file, because it measures
//! time.
#![cfg(target_os = "linux")]

mod common;

use common::{MS, assert_not_early};
use dormouse::clock::Boottime;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How late a blocking read returns from a timerfd that is set to 1 ms from now.
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

/// How long the threads of this process have waited for a processor, the second field of their `schedstat`.
fn waited_for_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let waited = |task: std::io::Result<std::fs::DirEntry>| {
        // A kernel may not report it, and a thread may have ended.
        let stat = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        stat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
    };
    tasks.filter_map(waited).sum()
}

fn median(mut late: Vec<Duration>) -> Duration {
    late.sort_unstable();
    late[late.len() / 2]
}

/// Alternates the samples of both, so that the load of the machine affects both equally, and does not count the time for
/// which a thread was ready but had no processor: on a loaded machine, that depends on how much the thread has run before.
fn compare(
    executor: &str,
    run: impl Fn(Pin<Box<dyn Future<Output = Vec<Duration>>>>) -> Vec<Duration>,
) {
    let (mut bare, mut dormouse) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        bare.extend((0..20).map(|_| {
            let waited = waited_for_cpu();
            let late = bare_timerfd();
            late.saturating_sub(waited_for_cpu().saturating_sub(waited))
        }));
        dormouse.extend(run(Box::pin(async {
            let mut late = Vec::new();
            for _ in 0..20 {
                let waited = waited_for_cpu();
                let this = assert_not_early(Boottime::sleep(MS)).await;
                late.push(this.saturating_sub(waited_for_cpu().saturating_sub(waited)));
            }
            late
        })));
    }
    let (bare, dormouse) = (median(bare), median(dormouse));
    let ratio = dormouse.as_secs_f64() / bare.as_secs_f64();
    println!("{executor}: bare timerfd {bare:?}, dormouse {dormouse:?}, ratio {ratio:.2}");
    // In a release build on an idle machine the ratio is 1.0 to 1.25, but the test has to pass on a loaded
    // machine. tokio's own sleeps are 20 times as late as a bare timerfd.
    assert!(dormouse <= 3 * bare + MS / 4, "bare timerfd {bare:?}, dormouse {dormouse:?}");
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
