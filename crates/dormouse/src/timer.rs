//! Timers: who is to be woken when.
//!
//! All sleeps of one clock on one reactor share one [`Queue`]: one timing wheel and one alarm. This
//! module finds the queue that serves the calling code; `queue` is how it works; `alarm` is the seam
//! to the system, a timerfd or a deadline on the builtin thread's wait.

mod fallback;
#[cfg(all(loom, test))]
mod loom_tests;
mod queue;
#[cfg(feature = "tokio")]
mod runtime;
mod wake_source;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use wake_source::set_timerfd;

use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::sync::{loom_const_fn, loom_static};
use queue::{ReactorKind, TimerId, TimerQueue};
use std::io;
use std::task::Waker;

/// By clock.
type Queues = [TimerQueue; ClockId::ALL.len()];

loom_const_fn! {
    /// The queues outside tokio; the first that can be had serves.
    const fn queues(kind: ReactorKind) -> Queues {
        [
            TimerQueue::new(ClockId::Boottime, kind),
            TimerQueue::new(ClockId::Monotonic, kind),
            TimerQueue::new(ClockId::Realtime, kind),
        ]
    }
}

#[cfg(feature = "smol")]
loom_static! {
    static ASYNC_IO: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::AsyncIo));
}
loom_static! {
    static BUILTIN: PerProcess<Queues> = PerProcess::new(queues(ReactorKind::Builtin));
}

/// Ends what the queues are left with when a model has run.
#[cfg(all(loom, test))]
pub(crate) fn reset_after_test() {
    BUILTIN.get(|_| queues(ReactorKind::Builtin)).iter().for_each(TimerQueue::reset_after_test);
    #[cfg(feature = "tokio")]
    runtime::reset_after_test();
}

/// A timer that was registered. It is in its queue until it has fired or is removed; nobody does that
/// unasked.
#[derive(Debug)]
pub(crate) struct TimerHandle {
    queue: &'static TimerQueue,
    id: TimerId,
    /// When it fires.
    deadline: u64,
}

impl TimerHandle {
    /// Whether the clock is known to have reached `deadline`, without a lock or a look at it. Then the
    /// timer, which fires no later, has fired. (Or it does so this moment, for nobody: if it was registered
    /// while the queue was turned at this very time.)
    #[inline]
    pub(crate) fn is_expired(&self, deadline: u64) -> bool {
        deadline <= self.queue.processed_until()
    }

    /// Has it fire at `deadline` if it would do so later, and says whether it still waits.
    pub(crate) fn fire_by(&mut self, deadline: u64) -> bool {
        if deadline >= self.deadline {
            return true;
        }
        self.deadline = deadline;
        self.queue.reset(self.id, deadline)
    }

    /// Has it wake `waker`, if it still waits, where the calling code would put it too.
    pub(crate) fn refresh(&self, clock: ClockId, waker: &Waker) -> bool {
        is_current(clock, self.queue, waker) && self.queue.refresh(self.id, waker)
    }

    #[inline]
    pub(crate) fn remove(self) {
        self.queue.remove(self.id);
    }
}

/// Registers a timer with the first queue in line: that of the tokio runtime the caller is inside,
/// async-io's, the builtin reactor's.
///
/// # Errors
/// Only if the builtin reactor's thread cannot be started either.
#[inline]
pub(crate) fn insert(
    clock: ClockId,
    deadline: u64,
    now: u64,
    waker: &Waker,
) -> io::Result<TimerHandle> {
    #[cfg(feature = "tokio")]
    if let Some(runtime::RuntimeQueue { queue, epoch }) = runtime::current(clock, waker) {
        if let Ok(id) = queue.insert(epoch, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    #[cfg(feature = "smol")]
    let line = [
        ASYNC_IO.get(|parents| TimerQueue::drain_inherited(parents, queues(ReactorKind::AsyncIo))),
        BUILTIN.get(|parents| TimerQueue::drain_inherited(parents, queues(ReactorKind::Builtin))),
    ];
    #[cfg(not(feature = "smol"))]
    let line =
        [BUILTIN.get(|parents| TimerQueue::drain_inherited(parents, queues(ReactorKind::Builtin)))];
    for queues in line {
        let queue = &queues[clock as usize];
        if let Ok(id) = queue.insert(0, deadline, now, waker) {
            return Ok(TimerHandle { queue, id, deadline });
        }
    }
    Err(io::Error::other("no reactor can be had: not even the builtin one's thread can be started"))
}

/// Whether `queue` is the one that [`insert`] would choose now.
fn is_current(clock: ClockId, queue: &'static TimerQueue, waker: &Waker) -> bool {
    #[cfg(feature = "tokio")]
    {
        let here = runtime::current(clock, waker);
        match queue.kind() {
            ReactorKind::Tokio => {
                here.is_some_and(|runtime_queue| std::ptr::eq(runtime_queue.queue, queue))
            }
            _ => here.is_none(),
        }
    }
    #[cfg(not(feature = "tokio"))]
    {
        let _ = (clock, queue, waker);
        true
    }
}
