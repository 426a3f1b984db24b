//! Deadlines that limit how long the builtin reactor's thread waits, where no timerfd is available.
//!
//! # Invariants
//! - [`fire_deadlines`] runs before each wait of the thread, and limits the wait to the earliest deadline.
//!   [`set_deadline`]: (1) stores the deadline, (2) wakes the thread if it is no later than before. So no wait outlasts
//!   a deadline (see `reactor::builtin`).
//! - While `firing` is set, `set_deadline` need not wake the thread: `fire_deadlines` (1) sets `firing`, (2) calls a waker,
//!   (3) scans the deadlines, and clears `firing` in the same critical section. So (3) sees what is stored before it.
//! - `start_with_hook` disables the poller role before a deadline is stored, so it is the reactor thread that waits.
//! - Wakers are called while no lock is held. They are those of queues, which catch the panics of foreign wakers.

use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::reactor;
use crate::sync::{Mutex, lock, loom_const_fn, loom_static};
use std::io;
use std::task::Waker;
use std::time::Duration;

/// The wait of the thread does not count suspend, and ignores that the wall clock is set. So a clock that moves then is
/// read at least this often. A timerfd follows its clock.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// For the monotonic clock, which the wait follows. Some systems refuse a longer wait, or take it for one without limit:
/// Windows and epoll have 32 bits for the milliseconds.
const LONGEST_WAIT_MONOTONIC: Duration = Duration::from_secs(86_400);

/// The deadline of a queue. Its waker identifies the queue.
struct Deadline {
    clock: ClockId,
    /// In ns.
    at: u64,
    waker: Waker,
}

struct Deadlines {
    /// A few: a process has a queue for each clock.
    pending: Vec<Deadline>,
    /// The reactor thread calls a waker, and scans the deadlines after that.
    firing: bool,
}

impl Deadlines {
    loom_const_fn! {
        const fn new() -> Mutex<Deadlines> {
            Mutex::new(Deadlines { pending: Vec::new(), firing: false })
        }
    }
}

loom_static! {
    static DEADLINES: PerProcess<Mutex<Deadlines>> = PerProcess::new(Deadlines::new());
}

fn deadlines() -> &'static Mutex<Deadlines> {
    DEADLINES.get(|_| Deadlines::new())
}

/// Makes sure that deadlines can be waited for.
pub(super) fn start() -> io::Result<()> {
    reactor::start_with_hook(fire_deadlines)
}

/// Makes the reactor thread call `waker` once `clock` has reached `at`, in place of an earlier deadline with that waker.
pub(super) fn set_deadline(clock: ClockId, at: u64, waker: &Waker) -> io::Result<()> {
    let new = Deadline { clock, at, waker: waker.clone() };
    start()?;
    let mut deadlines = lock(deadlines());
    let pending = &mut deadlines.pending;
    let same = pending.iter_mut().find(|deadline| deadline.waker.will_wake(waker));
    let old = match same {
        Some(same) => Some(std::mem::replace(same, new)),
        None => {
            pending.push(new);
            None
        }
    };
    let firing = deadlines.firing;
    drop(deadlines);
    // Also for the same deadline: it is set again if the clock may have been moved.
    if !firing && old.is_none_or(|old| at <= old.at) {
        reactor::wake_thread();
    }
    Ok(())
}

/// Calls the wakers whose deadlines have passed, and returns how long the thread may wait.
fn fire_deadlines() -> Option<Duration> {
    loop {
        let expired = match next(&mut lock(deadlines())) {
            Next::Expired(waker) => waker,
            Next::Wait(timeout) => return timeout,
        };
        expired.wake();
    }
}

enum Next {
    Expired(Waker),
    /// `None` is without limit.
    Wait(Option<Duration>),
}

/// Takes the waker of a deadline that has passed.
fn next(deadlines: &mut Deadlines) -> Next {
    let mut timeout = None;
    for (index, deadline) in deadlines.pending.iter().enumerate() {
        let left = Duration::from_nanos(deadline.at.saturating_sub(deadline.clock.now_ns()));
        if left.is_zero() {
            deadlines.firing = true;
            return Next::Expired(deadlines.pending.swap_remove(index).waker);
        }
        let left = left.min(match deadline.clock {
            ClockId::Monotonic => LONGEST_WAIT_MONOTONIC,
            ClockId::Boottime | ClockId::Realtime => LONGEST_WAIT,
        });
        timeout = Some(timeout.map_or(left, |other: Duration| other.min(left)));
    }
    deadlines.firing = false;
    Next::Wait(timeout)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A wait has no limit if its milliseconds exceed an i32 (mio 1.2.0 on epoll), or are u32::MAX (Windows).
    #[test]
    fn a_distant_deadline_does_not_make_a_wait_that_the_system_takes_for_endless() {
        for clock in ClockId::ALL {
            let mut deadlines = Deadlines { pending: Vec::new(), firing: false };
            let waker = Waker::noop().clone();
            deadlines.pending.push(Deadline { clock, at: u64::MAX - 1, waker });
            let Next::Wait(Some(wait)) = next(&mut deadlines) else { panic!("{clock:?}") };
            assert!(wait.as_millis() <= i32::MAX as u128, "{clock:?}: {wait:?}");
        }
    }
}
