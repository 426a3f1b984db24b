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
//! - Work that is queued is run: when it is queued, a thread runs that looks into the queue before it waits or ends.
//!   `run`: (1) claims an idle thread, or starts one; (2) queues the work, under the lock under which it has seen that a
//!   thread exists.
//!   A thread: (1) looks into the queue; (2) begins to wait, or ends, under the same lock.
//! - `idle` is the number of waiting threads that no notification is for. A thread that is claimed (`notified`) does not
//!   end before it has looked into the queue.

use crate::catch_panic::catch_panic;
use crate::fork::PerProcess;
use crate::sync::{Mutex, lock, thread};
use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, PoisonError};
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

    fn run(&'static self, work: Work) -> Result<(), (io::Error, Work)> {
        let mut state = lock(&self.state);
        if state.idle == 0 && state.starting + state.threads < MAX_THREADS {
            state.starting += 1;
            drop(state);
            let name = "dormouse-blocking".into();
            let started = thread::Builder::new().name(name).spawn(|| self.serve());
            state = lock(&self.state);
            if let Err(err) = started {
                state.starting -= 1;
                if state.threads == 0 {
                    return Err((err, work));
                }
            }
        }
        state.queue.push_back(work);
        // The thread that was started may be idle already.
        if state.idle > 0 {
            state.idle -= 1;
            state.notified += 1;
            drop(state);
            self.claimed.notify_one();
        }
        Ok(())
    }

    /// The main function of a thread.
    fn serve(&self) {
        let mut state = lock(&self.state);
        state.starting -= 1;
        state.threads += 1;
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
