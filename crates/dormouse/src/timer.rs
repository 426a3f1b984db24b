//! Timers: which waker is called at which time.
//!
//! All sleeps of one clock on one reactor share a queue, with one wake source. This module selects the queue for the
//! calling code. [`queue`] is how a queue works, [`runtime`] has those of tokio runtimes, and [`wake_source`] is the seam
//! to the system: a timerfd, or a deadline of the builtin reactor's thread.
//!
//! It does not know futures: a `Sleep` holds a [`TimerHandle`], and decides when to insert a timer.

mod fallback;
#[cfg(all(loom, test))]
pub(crate) mod loom_tests;
mod queue;
#[cfg_attr(not(feature = "tokio"), path = "timer/runtime/absent.rs")]
mod runtime;
#[cfg_attr(all(loom, test), path = "timer/timerfd/mock.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "timer/timerfd/absent.rs")]
pub(crate) mod timerfd;
mod wake_source;

use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::sync::{loom_const_fn, loom_static};
use queue::{ReactorKind, TimerId, TimerQueue};
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

const HAS_ASYNC_IO: bool = cfg!(feature = "smol");

loom_static! {
    static ASYNC_IO: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::AsyncIo));
    static BUILTIN: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::Builtin));
}

/// async-io's queues. In a child of a fork, the first call wakes the tasks whose timers were inherited.
#[inline]
fn async_io() -> &'static Queues {
    ASYNC_IO.get(|inherited| {
        inherited.iter().for_each(TimerQueue::drain_if_inherited);
        queues(ReactorKind::AsyncIo)
    })
}

/// The builtin reactor's queues. In a child of a fork, the first call wakes the tasks whose timers were inherited.
#[inline]
fn builtin() -> &'static Queues {
    BUILTIN.get(|inherited| {
        inherited.iter().for_each(TimerQueue::drain_if_inherited);
        queues(ReactorKind::Builtin)
    })
}

/// A timer in a queue. Not RAII: call [`remove`](Self::remove), or the timer stays queued until it fires.
#[derive(Debug)]
pub(crate) struct TimerHandle {
    queue: &'static TimerQueue,
    id: TimerId,
    /// When it fires.
    deadline: u64,
}

impl TimerHandle {
    /// Whether the queue has seen the clock reach `deadline`, which must be no earlier than that of the timer. This
    /// takes no lock and does not read the clock. The timer has fired then; if it was inserted while the queue was
    /// processed, it may still be queued, and fires shortly with a spurious wake-up.
    #[inline]
    pub(crate) fn is_expired(&self, deadline: u64) -> bool {
        deadline <= self.queue.processed_until()
    }

    /// Moves the timer to `deadline` if that is earlier, and returns whether the timer is still pending.
    pub(crate) fn fire_by(&mut self, deadline: u64) -> bool {
        if deadline >= self.deadline {
            return true;
        }
        self.deadline = deadline;
        self.queue.reset(self.id, deadline)
    }

    /// Replaces the waker, if the timer is still pending and in the queue that the calling code would insert it into.
    /// Returns whether it is.
    pub(crate) fn refresh(&self, clock: ClockId, waker: &Waker) -> bool {
        is_current(clock, self.queue, waker) && self.queue.refresh(self.id, waker)
    }

    #[inline]
    pub(crate) fn remove(self) {
        self.queue.remove(self.id);
    }
}

/// Inserts a timer into the first of these queues that is available: that of the tokio runtime the caller is inside,
/// async-io's, the builtin reactor's.
///
/// # Errors
/// If even the thread of the builtin reactor cannot be started.
#[inline]
pub(crate) fn insert(
    clock: ClockId,
    deadline: u64,
    now: u64,
    waker: &Waker,
) -> io::Result<TimerHandle> {
    if let Some(RuntimeQueue { queue, epoch }) = runtime::current(clock, waker) {
        if let Ok(id) = queue.insert(epoch, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    // Both calls come first: in a child of a fork, each may wake inherited tasks.
    let candidates = [HAS_ASYNC_IO.then(async_io), Some(builtin())];
    for queues in candidates.into_iter().flatten() {
        let queue = &queues[clock as usize];
        // They are not pooled, and so stay in epoch 0.
        if let Ok(id) = queue.insert(0, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    Err(io::Error::other(
        "no reactor is available: the thread of the builtin reactor cannot be started",
    ))
}

/// Whether `queue` is the one that [`insert`] would try first.
fn is_current(clock: ClockId, queue: &'static TimerQueue, waker: &Waker) -> bool {
    match runtime::current(clock, waker) {
        Some(current) => std::ptr::eq(current.queue, queue),
        None => queue.kind() != ReactorKind::Tokio,
    }
}
