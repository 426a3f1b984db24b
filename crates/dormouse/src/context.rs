//! A thread-local that records whether a thread is in a `block_on` of this crate.
//!
//! There the builtin reactor serves all fds and timers, whatever features are on. [`block_on`](crate::block_on()) polls
//! the builtin reactor while it waits; `VirtualTime::block_on` does not.

use crate::sync::thread_local;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::{self, null};
use std::task::{RawWakerVTable, Waker};

#[derive(Clone, Copy)]
struct Current {
    in_block_on: bool,
    /// Data and vtable of the waker that the innermost `block_on` polls its future with. Null in `VirtualTime::block_on`,
    /// and outside. The waker outlives its guard, so no other waker has the same data meanwhile.
    polling_waker: (*const (), *const RawWakerVTable),
}

impl Current {
    const OUTSIDE: Current = Current { in_block_on: false, polling_waker: (null(), null()) };
}

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current::OUTSIDE) };
}

/// This thread is in a `block_on` until the guard is dropped.
pub(crate) struct InBlockOn<'a> {
    outer: Current,
    waker: PhantomData<&'a Waker>,
}

impl<'a> InBlockOn<'a> {
    /// Enters a `block_on` that does not poll the builtin reactor.
    #[cfg_attr(not(feature = "test-util"), allow(dead_code, reason = "only virtual time calls it"))]
    pub(crate) fn enter() -> InBlockOn<'static> {
        InBlockOn::replace(Current { in_block_on: true, ..Current::OUTSIDE })
    }

    /// Enters a `block_on` that polls the builtin reactor when it waits for `waker` to be called.
    pub(crate) fn enter_polling(waker: &'a Waker) -> InBlockOn<'a> {
        let polling_waker = (waker.data(), ptr::from_ref(waker.vtable()));
        InBlockOn::replace(Current { in_block_on: true, polling_waker })
    }

    fn replace(new: Current) -> InBlockOn<'a> {
        InBlockOn { outer: CURRENT.with(|current| current.replace(new)), waker: PhantomData }
    }
}

impl Drop for InBlockOn<'_> {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.set(self.outer));
    }
}

/// Whether this thread is in a `block_on` of this crate.
#[inline]
pub(crate) fn in_block_on() -> bool {
    CURRENT.try_with(|current| current.get().in_block_on).unwrap_or(false)
}

/// Whether the innermost `block_on` of this thread is that of a virtual time.
#[cfg(all(feature = "task", feature = "test-util"))]
pub(crate) fn in_virtual_block_on() -> bool {
    let is_virtual = |current: Current| current.in_block_on && current.polling_waker.1.is_null();
    CURRENT.try_with(|current| is_virtual(current.get())).unwrap_or(false)
}

/// Whether the innermost `block_on` of this thread polls the builtin reactor, and waits for this waker.
#[inline]
pub(crate) fn is_waker_of_block_on(waker: &Waker) -> bool {
    let identity = (waker.data(), ptr::from_ref(waker.vtable()));
    CURRENT.try_with(|current| current.get().polling_waker == identity).unwrap_or(false)
}
