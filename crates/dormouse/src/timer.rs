//! Timers: which waker is called at which time.
//!
//! All sleeps of one clock on one reactor share a queue, with one wake source. This module selects the queue for the
//! calling code. [`queue`] implements a queue, [`runtime`] assigns queues to tokio runtimes, and [`wake_source`] is
//! the seam to the system: a timerfd, or a deadline of the builtin reactor's thread.
//!
//! It does not know futures: a `Sleep` holds a [`TimerHandle`], and decides when to insert a timer.

#[cfg(not(target_family = "wasm"))]
mod fallback;
#[cfg(all(loom, test))]
pub(crate) mod loom_tests;
mod queue;
#[cfg_attr(any(not(feature = "tokio"), target_family = "wasm"), path = "timer/runtime/absent.rs")]
mod runtime;
#[cfg(feature = "stats")]
pub(crate) mod stats;
#[cfg_attr(all(loom, test), path = "timer/timerfd/mock.rs")]
#[cfg_attr(
    all(
        any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
        not(target_family = "wasm")
    ),
    path = "timer/timerfd/absent.rs"
)]
#[cfg_attr(target_family = "wasm", path = "timer/timerfd/web.rs")]
pub(crate) mod timerfd;
#[cfg_attr(target_family = "wasm", path = "timer/wake_source/web.rs")]
mod wake_source;

use crate::clock::ClockId;
use crate::context::in_block_on;
use crate::fork::PerProcess;
use crate::sync::{loom_const_fn, loom_static};
use queue::{ReactorKind, TimerId, TimerQueue, Unavailable};
use runtime::RuntimeQueue;
use std::io;
use std::task::Waker;

/// Indexed by clock.
type Queues = [TimerQueue; ClockId::ALL.len()];

loom_const_fn! {
    const fn queues(kind: ReactorKind) -> Queues {
        [
            TimerQueue::new(ClockId::Boottime, kind),
            TimerQueue::new(ClockId::Monotonic, kind),
            TimerQueue::new(ClockId::Realtime, kind),
        ]
    }
}

/// The epoch of a queue that is not pooled.
const NOT_POOLED: u64 = 0;
/// Without timerfds, every timer is in a queue of the builtin reactor.
const HAS_ASYNC_IO: bool = cfg!(feature = "smol") && timerfd::EXISTS;

loom_static! {
    static ASYNC_IO: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::AsyncIo));
    static BUILTIN: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::Builtin));
}

/// async-io's queues. In a child of a fork, the first call wakes the tasks whose timers were inherited.
#[inline]
fn async_io() -> &'static Queues {
    ASYNC_IO.get_then(
        |_| queues(ReactorKind::AsyncIo),
        |inherited| inherited.iter().for_each(TimerQueue::drain_if_inherited),
    )
}

/// The builtin reactor's queues. In a child of a fork, the first call wakes the tasks whose timers were inherited.
#[inline]
fn builtin() -> &'static Queues {
    BUILTIN.get_then(
        |_| queues(ReactorKind::Builtin),
        |inherited| inherited.iter().for_each(TimerQueue::drain_if_inherited),
    )
}

/// In the child of a fork, closes its copies of the timerfds of all inherited queues.
///
/// Called before a queue creates a timerfd. That may get a number that the program has closed, as a daemon does that
/// closes all fds. If the inherited queue were drained later, it would close the new timerfd.
fn close_inherited() {
    let queues = ASYNC_IO.inherited().chain(BUILTIN.inherited()).flatten();
    queues.chain(runtime::inherited()).for_each(TimerQueue::close_if_inherited);
}

/// A timer in a queue. Not RAII: call [`remove`](Self::remove), or the timer stays queued until it fires.
#[derive(Debug)]
pub(crate) struct TimerHandle {
    queue: &'static TimerQueue,
    id: TimerId,
    /// When it fires, in ns of the queue's clock.
    deadline: u64,
}

impl TimerHandle {
    /// Whether the timer has this deadline, and is known to have fired: since its insertion, the clock has reached
    /// `deadline`. This takes no lock and does not read the clock. If the result is true, the queue has removed the
    /// timer, so the handle can be dropped.
    #[inline]
    pub(crate) fn is_expired(&self, deadline: u64) -> bool {
        deadline == self.deadline && self.queue.has_processed(deadline)
    }

    /// The name of the reactor that it waits on.
    #[inline]
    pub(crate) fn reactor(&self) -> &'static str {
        self.queue.kind().name()
    }

    #[inline]
    pub(crate) fn shares_queue(&self, other: &TimerHandle) -> bool {
        std::ptr::eq(self.queue, other.queue)
    }

    /// Moves the timer to `deadline` if that is earlier. Returns false if the timer had to be moved, but is no longer
    /// pending.
    pub(crate) fn fire_by(&mut self, deadline: u64) -> bool {
        if deadline >= self.deadline {
            return true;
        }
        self.deadline = deadline;
        self.queue.reset(self.id, deadline, self.queue.coarse_now())
    }

    /// Replaces the waker. Returns false if the timer is no longer pending, or is in the queue of a reactor other than
    /// that of the calling code; then a new timer must be inserted.
    pub(crate) fn refresh(&self, clock: ClockId, now: u64, waker: &Waker) -> bool {
        current_epoch(clock, self.queue)
            .is_some_and(|epoch| self.queue.refresh(epoch, self.id, now, waker))
    }

    #[inline]
    pub(crate) fn remove(self) {
        self.queue.remove(self.id);
    }

    /// Like [`remove`](Self::remove), for a timer whose sleep has completed.
    pub(crate) fn complete(self) {
        self.queue.complete(self.id);
    }
}

/// Inserts a timer into the first of these queues that is available: that of the tokio runtime the caller is inside,
/// async-io's, the builtin reactor's. In `block_on`, it is the builtin reactor's.
///
/// # Errors
/// If no reactor is available: not even the thread of the builtin reactor can be started.
#[inline]
pub(crate) fn insert(
    clock: ClockId,
    deadline: u64,
    now: u64,
    waker: &Waker,
) -> io::Result<TimerHandle> {
    if let Some(RuntimeQueue { queue, epoch }) = runtime_queue(clock) {
        if let Ok(id) = queue.insert(epoch, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    // Both functions are called, even if only one queue is tried: in a child of a fork, each may wake the tasks of
    // inherited timers.
    let async_io = HAS_ASYNC_IO.then(async_io);
    let builtin = builtin();
    if let Some(queues) = async_io.filter(|_| !in_block_on()) {
        let queue = &queues[clock as usize];
        if let Ok(id) = queue.insert(NOT_POOLED, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    let queue = &builtin[clock as usize];
    match queue.insert(NOT_POOLED, deadline, now, waker) {
        Ok(id) => Ok(TimerHandle { queue, id, deadline }),
        Err(Unavailable) => Err(no_reactor()),
    }
}

#[cold]
fn no_reactor() -> io::Error {
    io::Error::other("no reactor is available: the thread of the builtin reactor cannot be started")
}

/// The queue of the tokio runtime that the caller is inside.
#[inline]
fn runtime_queue(clock: ClockId) -> Option<RuntimeQueue> {
    if timerfd::EXISTS { runtime::current(clock) } else { None }
}

/// The epoch in which `queue` serves the calling code, or `None` if a timer may not stay there. Inside a tokio runtime,
/// the timer may stay in the queue of the runtime; in `block_on`, in that of the builtin reactor. Elsewhere it may stay in
/// any queue of async-io or of the builtin reactor, although [`insert`] prefers async-io.
fn current_epoch(clock: ClockId, queue: &'static TimerQueue) -> Option<u64> {
    match runtime_queue(clock) {
        Some(current) => std::ptr::eq(current.queue, queue).then_some(current.epoch),
        None => match queue.kind() {
            ReactorKind::Builtin => Some(NOT_POOLED),
            ReactorKind::AsyncIo => (!in_block_on()).then_some(NOT_POOLED),
            ReactorKind::Tokio => None,
        },
    }
}
