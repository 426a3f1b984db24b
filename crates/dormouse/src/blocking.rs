//! Threads for work that blocks: it waits for the disk, for another process, or computes for long.
//!
//! A pool starts a thread for each piece of work that finds no idle one, up to [`MAX_THREADS`]. A thread ends after
//! [`KEEP_ALIVE`] without work. Work never waits behind other work that blocks, as long as there are fewer threads than
//! that. There is a pool for each [`Kind`] of work, so lookups that hang keep no other work from running.
//!
//! A thread runs work of any part of the program, so it has the processors of the main thread, not those of the thread
//! that starts it. It inherits that thread's signal mask, as threads of std do: children that the work starts inherit it
//! too, so it must not block all signals, as the reactor's does.
//!
//! The crate `blocking` is not used: if the system refuses its first thread, it tries again for ever, with its lock held,
//! and a child of a fork waits for threads that only its parent has.
//!
//! # Invariants
//! - A thread begins with the work for which it was started. So that work does not wait for other work, which is queued while
//!   the thread is being started.
//! - Work that is queued is run: when it is queued, a thread exists that looks into the queue before it waits or ends.
//!   `run`: (1) claims an idle thread, or sees that a thread exists; (2) queues the work, under the same lock.
//!   A thread: (1) looks into the queue; (2) begins to wait, or ends, under the same lock.
//!   A thread that is being started need not exist: the system may refuse it. So it is counted in `starting` until the
//!   result is known, and at least `threads - starting` threads exist.
//! - `idle` is the number of waiting threads that no notification is for. A thread that is claimed (`notified`) does not
//!   end before it has looked into the queue.

#[cfg(all(test, not(loom)))]
mod tests;

use crate::catch_panic::catch_panic;
use crate::fork::PerProcess;
use crate::reactor::{cannot, use_processors_of_main_thread};
use crate::sync::{Mutex, lock, thread};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

/// As in tokio.
const MAX_THREADS: usize = 512;
const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(crate) type Work = Box<dyn FnOnce() + Send>;

#[derive(Clone, Copy)]
#[allow(dead_code, reason = "each needs a feature")]
pub(crate) enum Kind {
    /// Work of the program, and on Windows the waits for its children.
    Program,
    /// Calls of the resolver. They hang while a name server does not answer.
    Lookup,
}

/// Starts a thread that calls the closure.
type Start = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

struct Pool {
    start: Start,
    state: Mutex<State>,
    /// `notified` was incremented.
    claimed: Condvar,
}

struct State {
    queue: VecDeque<Work>,
    /// How many threads there are, with those in `starting`.
    threads: usize,
    /// How many threads are being started.
    starting: usize,
    idle: usize,
    /// How many waiting threads have been claimed, and have not noticed it yet.
    notified: usize,
}

/// Runs `work` on a thread that may block. A panic is reported by the panic hook, and ends there.
///
/// # Errors
/// The work, if the pool has no thread and the system refuses to start one.
pub(crate) fn run(kind: Kind, work: Work) -> Result<(), (io::Error, Work)> {
    static PROGRAM: PerProcess<Pool> = PerProcess::new(Pool::new(start));
    static LOOKUPS: PerProcess<Pool> = PerProcess::new(Pool::new(start));
    let pool = match kind {
        Kind::Program => &PROGRAM,
        Kind::Lookup => &LOOKUPS,
    };
    pool.get(|_| Pool::new(start)).run(work)
}

fn start(serve: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let thread = thread::Builder::new().name("dormouse-blocking".into());
    let started = thread.spawn(|| {
        use_processors_of_main_thread();
        serve();
    });
    started.map(drop)
}

impl Pool {
    const fn new(start: Start) -> Pool {
        let state = State { queue: VecDeque::new(), threads: 0, starting: 0, idle: 0, notified: 0 };
        Pool { start, state: Mutex::new(state), claimed: Condvar::new() }
    }

    fn run(&'static self, mut work: Work) -> Result<(), (io::Error, Work)> {
        let mut state = lock(&self.state);
        if state.idle == 0 && (state.threads < MAX_THREADS || !state.thread_exists()) {
            state.threads += 1;
            state.starting += 1;
            drop(state);
            let started = self.start_thread(work);
            state = lock(&self.state);
            state.starting -= 1;
            let Err((err, refused)) = started else { return Ok(()) };
            state.threads -= 1;
            if !state.thread_exists() {
                return Err((err, refused));
            }
            work = refused;
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
        let started = (self.start)(Box::new(move || {
            let first = lock(&first).take();
            self.serve(first);
        }));
        let Err(err) = started else { return Ok(()) };
        let err = cannot("cannot start a thread \"dormouse-blocking\"", &err);
        let refused = lock(&work).take();
        refused.map_or(Ok(()), |work| Err((err, work)))
    }

    /// The main function of a thread.
    fn serve(&self, first: Option<Work>) {
        first.into_iter().for_each(catch_panic);
        let mut state = lock(&self.state);
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

impl State {
    /// Whether at least one thread certainly exists.
    fn thread_exists(&self) -> bool {
        self.threads > self.starting
    }
}
