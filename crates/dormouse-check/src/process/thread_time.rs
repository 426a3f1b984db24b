//! How the current thread spends its time: running, asleep, or waiting for a CPU.

use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::time::{Duration, Instant};

/// Measures the current thread from the time of its creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadTimer {
    wall: Instant,
    cpu: Duration,
    /// `None` if the kernel does not report it.
    runqueue_wait: Option<Duration>,
}

/// How the current thread spent a span of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThreadTime {
    pub(crate) cpu: Duration,
    /// The rest: neither running nor waiting for a CPU.
    pub(crate) asleep: Duration,
    /// The whole span, including the wait for a CPU.
    pub(crate) wall: Duration,
}

impl ThreadTime {
    /// The time that counts against the blocking limit.
    pub(crate) fn blocked(&self) -> Duration {
        self.asleep.max(self.cpu)
    }
}

impl ThreadTimer {
    pub(crate) fn start() -> ThreadTimer {
        let runqueue_wait = runqueue_wait("thread-self");
        ThreadTimer { wall: Instant::now(), cpu: cpu_time(), runqueue_wait }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.wall.elapsed()
    }

    pub(crate) fn cpu_elapsed(&self) -> Duration {
        cpu_time().saturating_sub(self.cpu)
    }

    pub(crate) fn time_spent(&self) -> ThreadTime {
        // In the reverse order of `start`, so that the wait for a CPU is measured over the longest span.
        let (cpu, wall) = (self.cpu_elapsed(), self.wall.elapsed());
        let waited = match (self.runqueue_wait, runqueue_wait("thread-self")) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            // Not reported: only repetition distinguishes a thread that slept from one that waited for a CPU.
            _ => Duration::ZERO,
        };
        ThreadTime { cpu, asleep: wall.saturating_sub(cpu).saturating_sub(waited), wall }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// How long a thread has waited for a CPU since it was started: the second field of `schedstat`. The thread is named by its
/// folder in `/proc`.
pub(super) fn runqueue_wait(thread: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{thread}/schedstat")).ok()?;
    stat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn sleep_is_distinguished_from_work() {
        let timer = ThreadTimer::start();
        thread::sleep(Duration::from_millis(20));
        let slept = timer.time_spent();
        assert!(slept.asleep >= Duration::from_millis(15), "{slept:?}");
        assert!(slept.cpu < Duration::from_millis(15), "{slept:?}");

        let timer = ThreadTimer::start();
        while timer.time_spent().cpu < Duration::from_millis(20) {}
        let worked = timer.time_spent();
        assert!(worked.asleep < worked.cpu, "{worked:?}");
    }
}
