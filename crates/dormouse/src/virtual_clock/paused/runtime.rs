//! The runtime that the caller is inside, if its clock is paused, or can be.
//!
//! tokio has no function to query whether a clock is paused. While it is not, and never was, tokio's clock is std's: what
//! it shows lies between two readings of std's clock, one before and one after. A clock that stands still, that was
//! advanced, or that goes on after a pause, does not. (It may for a moment, when real time catches up with an advance.
//! Then the two clocks show the same time, so following either is right.)
//!
//! Only current-thread runtimes are looked at: tokio refuses to pause the clock of another one.

use super::anchor::Anchor;
use crate::fork::PerProcess;
use crate::probe::{can_probe, catch_probe};
use crate::runtimes;
use crate::sync::{Mutex, lock};
use crate::system_clock::ClockId;
use crate::virtual_clock::clocks::END_NS;
use std::cell::Cell;
use std::ptr;
use std::time::{Duration, Instant as StdInstant};
use tokio::runtime::{Id, RuntimeFlavor};
use tokio::time::Instant as TokioInstant;

/// What is known of a runtime.
#[derive(Clone, Copy)]
enum Status {
    /// Its clock was not seen paused. Whether it has a time driver is not known.
    Unknown,
    /// Its clock was not seen paused, and it has a time driver.
    Pausable,
    /// Its clock was seen paused.
    Followed(Anchor),
    /// Without a time driver, or shut down. There `tokio::time::sleep` panics.
    Real,
}

type Known = runtimes::Known<Status>;

static KNOWN: PerProcess<Known> = PerProcess::new(Mutex::new(None));

/// The runtime that a thread has looked up last, and the result.
#[derive(Clone, Copy)]
struct Last {
    id: Id,
    status: Status,
    /// The map of the process that has looked it up. A child of a fork, which has a copy of this, has another map.
    known: &'static Known,
}

thread_local! {
    static LAST: Cell<Option<Last>> = const { Cell::new(None) };
}

/// A runtime that the caller is inside, and that has a time driver.
pub(super) struct Runtime {
    pub(super) id: Id,
    /// If it is followed.
    anchor: Option<Anchor>,
}

impl Runtime {
    pub(super) fn is_followed(&self) -> bool {
        self.anchor.is_some()
    }

    pub(super) fn now_ns(&self, clock: ClockId) -> u64 {
        self.at(TokioInstant::now(), clock)
    }

    /// When tokio's clock will show what `clock` calls `fires_at`. `None` if that is never.
    pub(super) fn tokio_instant(&self, clock: ClockId, fires_at: u64) -> Option<TokioInstant> {
        let tokio_now = TokioInstant::now();
        let left_ns = fires_at.saturating_sub(self.at(tokio_now, clock));
        let at = tokio_now.checked_add(Duration::from_nanos(left_ns));
        at.filter(|_| fires_at <= END_NS)
    }

    /// What `clock` shows when tokio's clock shows `tokio_now`, which is now.
    fn at(&self, tokio_now: TokioInstant, clock: ClockId) -> u64 {
        match &self.anchor {
            Some(anchor) => anchor.at(tokio_now.into_std(), clock),
            None => clock.now_ns(),
        }
    }

    pub(super) fn mark_shut_down(&self) {
        update(self.id, |_| Status::Real);
    }
}

/// The runtime that the caller is inside, if its clock is paused or was.
pub(super) fn followed() -> Option<Runtime> {
    let id = current()?;
    let anchor = match status(id) {
        Status::Followed(anchor) => anchor,
        Status::Real => return None,
        Status::Unknown | Status::Pausable if !is_off_real_time() => return None,
        Status::Unknown | Status::Pausable => follow(id)?,
    };
    Some(Runtime { id, anchor: Some(anchor) })
}

/// The runtime that the caller is inside, if it has a clock that can be paused, and a time driver.
pub(super) fn pausable() -> Option<Runtime> {
    let id = current()?;
    let anchor = match find_time_driver(id) {
        Status::Followed(anchor) => Some(anchor),
        Status::Pausable => None,
        Status::Unknown | Status::Real => return None,
    };
    Some(Runtime { id, anchor })
}

/// The current-thread runtime that the caller is inside.
#[inline]
fn current() -> Option<Id> {
    let handle = runtimes::current()?;
    (handle.runtime_flavor() == RuntimeFlavor::CurrentThread).then(|| handle.id())
}

/// Whether the clock of the runtime that the caller is inside shows another time than std's.
fn is_off_real_time() -> bool {
    /// A clock that is ahead by no more than this counts as real time, which saves a third reading. The anchor can be off by
    /// more.
    const NEAR: Duration = Duration::from_micros(1);
    let before = StdInstant::now();
    let shown = TokioInstant::now().into_std();
    shown < before || (shown.saturating_duration_since(before) > NEAR && shown > StdInstant::now())
}

#[cold]
fn follow(id: Id) -> Option<Anchor> {
    if matches!(find_time_driver(id), Status::Unknown | Status::Real) {
        return None;
    }
    let anchor = Anchor::read();
    let followed = update(id, |status| match status {
        // Another thread was first.
        Status::Followed(_) | Status::Real => status,
        Status::Unknown | Status::Pausable => Status::Followed(anchor),
    });
    match followed {
        Status::Followed(anchor) => Some(anchor),
        _ => None,
    }
}

/// The status of the runtime that the caller is inside. `Unknown` only if it cannot be found out whether it has a time
/// driver: while a thread panics, and where panics abort.
fn find_time_driver(id: Id) -> Status {
    let status = status(id);
    if !matches!(status, Status::Unknown) || !can_probe() {
        return status;
    }
    let has_time = catch_probe(|| drop(tokio::time::sleep(Duration::ZERO)));
    update(id, |status| match status {
        Status::Unknown if has_time => Status::Pausable,
        Status::Unknown => Status::Real,
        found => found,
    })
}

fn status(id: Id) -> Status {
    match LAST.try_with(Cell::get).ok().flatten() {
        Some(last) if last.id == id && ptr::eq(last.known, known()) => last.status,
        // In the child of a fork, inside a runtime of the parent, which no thread of the child drives.
        Some(last) if last.id == id => Status::Real,
        _ if runtimes::is_inherited(&KNOWN, id) => Status::Real,
        _ => update(id, |status| status),
    }
}

/// Changes what is known of a runtime, and returns it.
fn update(id: Id, change: impl FnOnce(Status) -> Status) -> Status {
    let mut runtimes = lock(known());
    let runtimes = runtimes.get_or_insert_default();
    let status = change(runtimes.get(id).unwrap_or(Status::Unknown));
    if !matches!(status, Status::Unknown) {
        runtimes.insert(id, status);
    }
    let _ = LAST.try_with(|last| last.set(Some(Last { id, status, known: known() })));
    status
}

/// The map of this process.
#[inline]
fn known() -> &'static Known {
    KNOWN.get(|_| Mutex::new(None))
}
