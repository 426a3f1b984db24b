//! In place of `timer/wake_source.rs` in JavaScript hosts: `setTimeout`, a global function of browsers, their workers and
//! Node.js.
//!
//! A timeout can come early (Node.js counts whole milliseconds of another clock), and is no longer than 2^31 - 1 ms. So each
//! call of the timeout compares the clock with the deadline, and either calls the waker, or sets the next timeout. How late
//! a timeout is depends on the host: it rounds up to milliseconds, and browsers add some where timeouts follow each other
//! quickly, and up to a minute in a background tab.
//!
//! The objects of JavaScript belong to the thread, so they are in a thread-local, and a `Sleep` stays `Send`. A worker has
//! an instance of the module of its own, with statics of its own. So there is one queue, and one slot, for each clock.
//!
//! # Invariants
//! - While a slot has a deadline, a timeout is set that comes by then, by the clock of the host.
//! - No slot is borrowed while the waker is called, which may set the next deadline.

use crate::clock::{ClockId, Offset};
use std::cell::RefCell;
use std::io;
use std::task::Waker;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

/// More would overflow in the host, which then calls at once.
const LONGEST_TIMEOUT_MS: u64 = i32::MAX as u64;
/// Timeouts do not follow the wall clock when it is set, nor, on some hosts, a monotonic clock that counts suspend. So the
/// clock is compared with the deadline this often.
const CHECK_EVERY_MS: u64 = 1_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn Fn()>, ms: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: JsValue);
}

thread_local! {
    /// Indexed by clock.
    static SLOTS: RefCell<[Option<Slot>; ClockId::ALL.len()]> = const { RefCell::new([None, None, None]) };
}

struct Slot {
    clock: ClockId,
    waker: Waker,
    /// Calls [`check`]. Created once, because each one takes memory of the host.
    callback: Closure<dyn Fn()>,
    /// In ns of the clock.
    deadline: Option<u64>,
    timeout: Option<JsValue>,
    /// How far the wall clock was ahead of the monotonic one when that was last measured.
    wall_clock_offset: Offset,
    clock_was_set: bool,
}

/// The timeout of a clock.
#[derive(Debug)]
pub(crate) struct WakeSource {
    clock: ClockId,
}

impl WakeSource {
    pub(crate) fn new(clock: ClockId, waker: &Waker) -> WakeSource {
        let callback = Closure::new(move || check(clock));
        let slot = Slot {
            clock,
            waker: waker.clone(),
            callback,
            deadline: None,
            timeout: None,
            wall_clock_offset: measure_wall_clock(),
            clock_was_set: false,
        };
        SLOTS.with_borrow_mut(|slots| slots[clock as usize] = Some(slot));
        WakeSource { clock }
    }

    /// Sets the time at which the waker is called, in place of any time set before; a time that has passed is accepted.
    pub(crate) fn arm(&self, at: u64) {
        self.with_slot(|slot| {
            if slot.deadline.replace(at).is_none() {
                slot.note_wall_clock();
            }
            slot.set_timeout();
        });
    }

    /// The waker is not called until the next call of `arm`.
    pub(crate) fn disarm(&self) {
        self.with_slot(|slot| {
            slot.deadline = None;
            slot.clear_timeout();
        });
    }

    /// Returns whether the wall clock was set since the last call. It never fails.
    pub(crate) fn acknowledge(&self, _: &Waker) -> io::Result<bool> {
        let mut clock_was_set = false;
        self.with_slot(|slot| clock_was_set = std::mem::take(&mut slot.clock_was_set));
        Ok(clock_was_set)
    }

    /// There is no fd.
    pub(crate) fn number(&self) -> Option<i32> {
        None
    }

    fn with_slot(&self, change: impl FnOnce(&mut Slot)) {
        SLOTS.with_borrow_mut(|slots| slots[self.clock as usize].as_mut().map(change));
    }
}

/// The callback of the timeouts of a clock.
fn check(clock: ClockId) {
    let due = SLOTS.with_borrow_mut(|slots| slots[clock as usize].as_mut().and_then(Slot::check));
    if let Some(waker) = due {
        waker.wake();
    }
}

impl Slot {
    /// Returns the waker if the deadline has passed, or the clock was set. Otherwise sets the next timeout.
    fn check(&mut self) -> Option<Waker> {
        self.timeout = None;
        let deadline = self.deadline?;
        self.clock_was_set |= self.note_wall_clock();
        if self.clock.now_ns() < deadline && !self.clock_was_set {
            self.set_timeout();
            return None;
        }
        self.deadline = None;
        Some(self.waker.clone())
    }

    fn set_timeout(&mut self) {
        self.clear_timeout();
        let Some(deadline) = self.deadline else { return };
        let longest = match self.clock {
            ClockId::Monotonic => LONGEST_TIMEOUT_MS,
            ClockId::Boottime | ClockId::Realtime => CHECK_EVERY_MS,
        };
        let left_ns = deadline.saturating_sub(self.clock.now_ns());
        let ms = left_ns.div_ceil(1_000_000).min(longest);
        self.timeout = Some(set_timeout(&self.callback, ms as i32));
    }

    fn clear_timeout(&mut self) {
        if let Some(timeout) = self.timeout.take() {
            clear_timeout(timeout);
        }
    }

    /// If this is the slot of the wall clock, measures how far that is ahead, and returns whether it was set since the last
    /// call.
    fn note_wall_clock(&mut self) -> bool {
        if self.clock != ClockId::Realtime {
            return false;
        }
        let before = std::mem::replace(&mut self.wall_clock_offset, measure_wall_clock());
        self.wall_clock_offset.change_since(before).is_some()
    }
}

/// How far the wall clock is ahead of the monotonic one.
fn measure_wall_clock() -> Offset {
    Offset::measure(|| ClockId::Realtime.now_ns(), || ClockId::Monotonic.now_ns())
}
