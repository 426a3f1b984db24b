//! Threads for work that blocks: it waits for the disk, for another process, or computes for long.
//!
//! The pool starts a thread for each piece of work that finds no idle one, up to [`MAX_THREADS`]. A thread ends after
//! [`KEEP_ALIVE`] without work. Work never waits behind other work that blocks, as long as there are fewer threads than
//! that.
//!
//! The crate `blocking` is not used: if the system refuses its first thread, it tries again for ever, with its lock held,
//! and a child of a fork waits for threads that only its parent has.
//!
//! # Invariants
//! - A thread begins with the work for which it was started. So no other work can take its place in the meantime.
//! - Work that is queued is run: when it is queued, a thread runs that looks into the queue before it waits or ends.
//!   `run`: (1) claims an idle thread, or sees that there are threads and none more can start; (2) queues the work, under
//!   the same lock.
//!   A thread: (1) looks into the queue; (2) begins to wait, or ends, under the same lock.
//! - `idle` is the number of waiting threads that no notification is for. A thread that is claimed (`notified`) does not
//!   end before it has looked into the queue.

use crate::catch_panic::catch_panic;
use crate::fork::PerProcess;
use crate::reactor::cannot;
use crate::sync::{Mutex, lock, thread};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

/// As in tokio.
const MAX_THREADS: usize = 512;
const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(crate) type Work = Box<dyn FnOnce() + Send>;

struct Pool {
    state: Mutex<State>,
    /// `notified` was incremented.
    claimed: Condvar,
}

struct State {
    queue: VecDeque<Work>,
    /// How many threads are about to run. They may fail to start.
    starting: usize,
    /// How many threads run.
    threads: usize,
    idle: usize,
    /// How many waiting threads have been claimed, and have not noticed it yet.
    notified: usize,
}

/// Runs `work` on a thread that may block. A panic is reported by the panic hook, and ends there.
///
/// # Errors
/// The work, if the pool has no thread and the system refuses to start one.
pub(crate) fn run(work: Work) -> Result<(), (io::Error, Work)> {
    static POOL: PerProcess<Pool> = PerProcess::new(Pool::new());
    POOL.get(|_| Pool::new()).run(work)
}

impl Pool {
    const fn new() -> Pool {
        let state = State { queue: VecDeque::new(), starting: 0, threads: 0, idle: 0, notified: 0 };
        Pool { state: Mutex::new(state), claimed: Condvar::new() }
    }

    fn run(&'static self, mut work: Work) -> Result<(), (io::Error, Work)> {
        let mut state = lock(&self.state);
        if state.idle == 0 && state.starting + state.threads < MAX_THREADS {
            state.starting += 1;
            drop(state);
            let Err((err, refused)) = self.start_thread(work) else { return Ok(()) };
            work = refused;
            state = lock(&self.state);
            state.starting -= 1;
            if state.threads == 0 {
                return Err((err, work));
            }
        }
        state.queue.push_back(work);
        if state.idle > 0 {
            state.idle -= 1;
            state.notified += 1;
            drop(state);
            self.claimed.notify_one();
        }
        Ok(())
    }

    /// Starts a thread that begins with `work`.
    fn start_thread(&'static self, work: Work) -> Result<(), (io::Error, Work)> {
        // Shared, because a thread that cannot start drops its closure.
        let work = Arc::new(Mutex::new(Some(work)));
        let first = work.clone();
        let thread = thread::Builder::new().name("dormouse-blocking".into());
        let started = thread.spawn(move || {
            let first = lock(&first).take();
            self.serve(first);
        });
        let Err(err) = started else { return Ok(()) };
        let err = cannot("cannot start a thread \"dormouse-blocking\"", &err);
        let refused = lock(&work).take();
        refused.map_or(Ok(()), |work| Err((err, work)))
    }

    /// The main function of a thread.
    fn serve(&self, first: Option<Work>) {
        let mut state = lock(&self.state);
        state.starting -= 1;
        state.threads += 1;
        drop(state);
        first.into_iter().for_each(catch_panic);
        state = lock(&self.state);
        loop {
            while let Some(work) = state.queue.pop_front() {
                drop(state);
                catch_panic(work);
                state = lock(&self.state);
            }
            state.idle += 1;
            while state.notified == 0 {
                let waited = self.claimed.wait_timeout(state, KEEP_ALIVE);
                let (locked, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                state = locked;
                if timeout.timed_out() && state.notified == 0 {
                    state.idle -= 1;
                    state.threads -= 1;
                    return;
                }
            }
            state.notified -= 1;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::{Barrier, mpsc};

    const LIMIT: Duration = Duration::from_secs(20);

    /// Each pool gets some pieces of work at the same time, each of which waits for the others.
    #[test]
    fn work_runs_although_work_that_came_at_the_same_time_blocks() {
        const WORK: usize = 16;

        for _ in 0..30 {
            let pool: &'static Pool = Box::leak(Box::new(Pool::new()));
            let (all_called, all_run) = (Barrier::new(WORK), Arc::new(Barrier::new(WORK)));
            let (done, all_done) = mpsc::channel();
            std::thread::scope(|scope| {
                for _ in 0..WORK {
                    let (all_run, done) = (all_run.clone(), done.clone());
                    let all_called = &all_called;
                    scope.spawn(move || {
                        all_called.wait();
                        let work = move || {
                            all_run.wait();
                            done.send(()).unwrap();
                        };
                        assert!(pool.run(Box::new(work)).is_ok());
                    });
                }
            });
            for _ in 0..WORK {
                all_done.recv_timeout(LIMIT).unwrap();
            }
        }
    }
}
