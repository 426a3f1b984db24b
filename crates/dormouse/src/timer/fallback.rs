//! Deadlines that limit how long the builtin reactor's thread waits, where no timerfd is available.
//!
//! # Invariants
//! - [`fire_deadlines`] runs before each wait of the thread, and limits the wait to the earliest deadline.
//!   [`set_deadline`]: (1) stores the deadline, (2) wakes the thread if it is earlier than before. So no wait outlasts
//!   a deadline (see `reactor::builtin`).
//! - `start_with_hook` disables the poller role before a deadline is stored, so it is the reactor thread that waits.
//! - Wakers are called while no lock is held. They are those of queues, which catch the panics of foreign wakers.

use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::reactor;
use crate::sync::{Mutex, lock, loom_static};
use std::io;
use std::task::Waker;
use std::time::Duration;

/// epoll's timeout does not count suspend, and ignores that the wall clock is set. So the clock is read at least this
/// often. This concerns only the fallback: a timerfd follows its clock.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Indexed by clock: the deadline in ns, and the waker to call.
type Deadlines = [Option<(u64, Waker)>; ClockId::ALL.len()];

loom_static! {
    static DEADLINES: PerProcess<Mutex<Deadlines>> = PerProcess::new(Mutex::new([const { None }; ClockId::ALL.len()]));
}

fn deadlines() -> &'static Mutex<Deadlines> {
    DEADLINES.get(|_| Mutex::new([const { None }; ClockId::ALL.len()]))
}

/// Makes the reactor thread call `waker` once `clock` has reached `deadline`. There is one deadline for each
/// clock; `None` removes it.
pub(super) fn set_deadline(clock: ClockId, deadline: Option<u64>, waker: &Waker) -> io::Result<()> {
    let new = deadline.map(|deadline| (deadline, waker.clone()));
    reactor::start_with_hook(fire_deadlines)?;
    let old = std::mem::replace(&mut lock(deadlines())[clock as usize], new);
    let (old, new) = (old.map_or(u64::MAX, |(at, _)| at), deadline.unwrap_or(u64::MAX));
    if new < old {
        reactor::wake_thread();
    }
    Ok(())
}

/// Calls the wakers whose deadlines have passed, and returns how long the thread may wait.
fn fire_deadlines() -> Option<Duration> {
    loop {
        let mut expired = None;
        let mut timeout = None;
        {
            let deadlines = &mut *lock(deadlines());
            for clock in ClockId::ALL {
                let slot = &mut deadlines[clock as usize];
                let Some(&(deadline, _)) = slot.as_ref() else { continue };
                let left = Duration::from_nanos(deadline.saturating_sub(clock.now_ns()));
                if left.is_zero() {
                    expired = slot.take();
                    break;
                }
                let left = left.min(LONGEST_WAIT);
                timeout = Some(timeout.map_or(left, |other: Duration| other.min(left)));
            }
        }
        let Some((_, waker)) = expired else { return timeout };
        waker.wake();
    }
}
