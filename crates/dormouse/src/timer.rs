//! Timers: who is to be woken when.
//!
//! All sleeps of one clock on one reactor share one [`Queue`]: one timing wheel and one alarm. This
//! module finds the queue that serves the calling code; `queue` is how it works; `alarm` is the seam
//! to the system, a timerfd or a deadline on the builtin thread's wait.

mod alarm;
#[cfg(all(loom, test))]
mod models;
mod queue;
#[cfg(feature = "tokio")]
mod runtime;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use alarm::set_timerfd;

use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::sync::{const_fn, statics};
use queue::{Home, Queue, Ticket};
use std::io;
use std::task::Waker;

/// By clock.
type Queues = [Queue; ClockId::ALL.len()];

const_fn! {
    /// The queues outside tokio; the first that can be had serves.
    const fn queues(home: Home) -> Queues {
        [
            Queue::new(ClockId::Boottime, home),
            Queue::new(ClockId::Monotonic, home),
            Queue::new(ClockId::Realtime, home),
        ]
    }
}

#[cfg(feature = "smol")]
statics! {
    static ASYNC_IO: PerProcess<Queues> = PerProcess::new(queues(Home::AsyncIo));
}
statics! {
    static BUILTIN: PerProcess<Queues> = PerProcess::new(queues(Home::Builtin));
}

/// Ends what the queues are left with when a model has run.
#[cfg(all(loom, test))]
pub(crate) fn dismantle() {
    BUILTIN.here(|_| queues(Home::Builtin)).iter().for_each(Queue::dismantle);
    #[cfg(feature = "tokio")]
    runtime::dismantle();
}

/// A timer that was registered. It is in its queue until it has fired or is removed; nobody does that
/// unasked.
#[derive(Debug)]
pub(crate) struct Registered {
    queue: &'static Queue,
    ticket: Ticket,
    /// When it fires.
    deadline: u64,
}

impl Registered {
    /// Whether the clock is known to have reached `deadline`, without a lock or a look at it. Then the
    /// timer, which fires no later, has fired. (Or it does so this moment, for nobody: if it was registered
    /// while the queue was turned at this very time.)
    #[inline]
    pub(crate) fn has_passed(&self, deadline: u64) -> bool {
        deadline <= self.queue.passed()
    }

    /// Has it fire at `deadline` if it would do so later, and says whether it still waits.
    pub(crate) fn fire_by(&mut self, deadline: u64) -> bool {
        if deadline >= self.deadline {
            return true;
        }
        self.deadline = deadline;
        self.queue.reset(self.ticket, deadline)
    }

    /// Has it wake `waker`, if it still waits, where the calling code would put it too.
    pub(crate) fn refresh(&self, clock: ClockId, waker: &Waker) -> bool {
        serves_here(clock, self.queue, waker) && self.queue.refresh(self.ticket, waker)
    }

    #[inline]
    pub(crate) fn remove(self) {
        self.queue.remove(self.ticket);
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
) -> io::Result<Registered> {
    #[cfg(feature = "tokio")]
    if let Some(runtime::Lease { queue, term }) = runtime::current(clock, waker) {
        if let Ok(ticket) = queue.insert(term, deadline, now, waker) {
            return Ok(Registered { queue, ticket, deadline });
        }
    }
    #[cfg(feature = "smol")]
    let line = [
        ASYNC_IO.here(|parents| Queue::leave(parents, queues(Home::AsyncIo))),
        BUILTIN.here(|parents| Queue::leave(parents, queues(Home::Builtin))),
    ];
    #[cfg(not(feature = "smol"))]
    let line = [BUILTIN.here(|parents| Queue::leave(parents, queues(Home::Builtin)))];
    for queues in line {
        let queue = &queues[clock as usize];
        if let Ok(ticket) = queue.insert(0, deadline, now, waker) {
            return Ok(Registered { queue, ticket, deadline });
        }
    }
    Err(io::Error::other("no reactor can be had: not even the builtin one's thread can be started"))
}

/// Whether `queue` is the one that [`insert`] would choose now.
fn serves_here(clock: ClockId, queue: &'static Queue, waker: &Waker) -> bool {
    #[cfg(feature = "tokio")]
    {
        if crate::sync::planted("timer: a sleep stays where it was") {
            return true;
        }
        let here = runtime::current(clock, waker);
        match queue.home() {
            Home::Tokio => here.is_some_and(|lease| std::ptr::eq(lease.queue, queue)),
            _ => here.is_none(),
        }
    }
    #[cfg(not(feature = "tokio"))]
    {
        let _ = (clock, queue, waker);
        true
    }
}
