//! Timers: who is to be woken when.
//!
//! All sleeps of one clock on one reactor share one [`Queue`]: one timing wheel and one alarm. This
//! module finds the queue that serves the calling code; `queue` is how it works; `alarm` is the seam
//! to the system, a timerfd or a deadline on the builtin thread's wait.

mod alarm;
mod queue;
#[cfg(feature = "tokio")]
mod runtime;

pub(crate) use queue::Queue;

use crate::clock::ClockId;
use crate::wheel::Key;
use queue::Home;
use std::io;
use std::task::Waker;

/// The queues outside tokio, by clock; the first that can be had serves.
const fn queues(home: Home) -> [Queue; ClockId::ALL.len()] {
    [Queue::new(ClockId::Boottime, home), Queue::new(ClockId::Monotonic, home)]
}
#[cfg(feature = "smol")]
static ASYNC_IO: [Queue; ClockId::ALL.len()] = queues(Home::AsyncIo);
static BUILTIN: [Queue; ClockId::ALL.len()] = queues(Home::Builtin);

/// A timer that was registered: where, and as what.
pub(crate) type Registered = (&'static Queue, Key);

/// Registers a timer with the first queue in line: that of the tokio runtime the caller is inside,
/// async-io's, the builtin reactor's.
///
/// # Errors
/// Only if the builtin reactor's thread cannot be started either.
pub(crate) fn insert(
    clock: ClockId,
    deadline: u64,
    now: u64,
    waker: &Waker,
) -> io::Result<Registered> {
    #[cfg(feature = "tokio")]
    if let Some(runtime::Lease { queue, term }) = runtime::current(clock) {
        if let Ok(key) = queue.insert(term, deadline, now, waker) {
            return Ok((queue, key));
        }
    }
    #[cfg(feature = "smol")]
    let line = [&ASYNC_IO, &BUILTIN];
    #[cfg(not(feature = "smol"))]
    let line = [&BUILTIN];
    for queues in line {
        let queue = &queues[clock as usize];
        if let Ok(key) = queue.insert(0, deadline, now, waker) {
            return Ok((queue, key));
        }
    }
    Err(io::Error::other("no reactor can be had: not even the builtin one's thread can be started"))
}

/// Whether `queue` is the one that [`insert`] would choose now.
pub(crate) fn serves_here(clock: ClockId, queue: &'static Queue) -> bool {
    #[cfg(feature = "tokio")]
    {
        let here = runtime::current(clock);
        match queue.home() {
            Home::Tokio => here.is_some_and(|lease| std::ptr::eq(lease.queue, queue)),
            _ => here.is_none(),
        }
    }
    #[cfg(not(feature = "tokio"))]
    {
        let _ = (clock, queue);
        true
    }
}
