//! How long the checker's threads wait for a CPU.

use super::thread_time::runqueue_wait;
use super::threads::checker_threads;
use std::collections::BTreeMap;
use std::time::Duration;

/// Measures from one call of [`longest`](CpuWait::longest) to the next.
#[derive(Debug)]
pub(crate) struct CpuWait {
    /// How long each thread has waited since it was started.
    total: BTreeMap<u32, Duration>,
}

impl CpuWait {
    pub(crate) fn start() -> CpuWait {
        CpuWait { total: totals() }
    }

    /// The longest wait of a thread since the last call. Zero if the kernel does not report it.
    pub(crate) fn longest(&mut self) -> Duration {
        let now = totals();
        let before = |id| self.total.get(id).copied().unwrap_or_default();
        let longest = now.iter().map(|(id, total)| total.saturating_sub(before(id))).max();
        self.total = now;
        longest.unwrap_or_default()
    }
}

fn totals() -> BTreeMap<u32, Duration> {
    let waited = |id| Some((id, runqueue_wait(&format!("self/task/{id}"))?));
    checker_threads().into_iter().filter_map(waited).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::process;
    use std::sync::Arc;
    use std::sync::Barrier;
    use std::time::Instant;

    #[test]
    fn threads_that_compete_for_the_processors_wait_for_them() {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let all_run = Arc::new(Barrier::new(4 * processors));
        let mut wait = CpuWait::start();
        let compute = || {
            let all_run = all_run.clone();
            process::spawn(move || {
                all_run.wait();
                let started = Instant::now();
                while started.elapsed() < Duration::from_millis(200) {}
                all_run.wait();
            })
        };
        let threads: Vec<_> = (1..4 * processors).map(|_| compute()).collect();
        all_run.wait();
        std::thread::sleep(Duration::from_millis(200));
        let longest = wait.longest();
        assert!(longest > Duration::from_millis(20), "{longest:?}");
        all_run.wait();
        threads.into_iter().flatten().for_each(|thread| drop(thread.join()));
    }
}
