//! `block_on` in virtual time: it jumps to the next deadline when nothing can run before.
//!
//! # Invariants
//! - A jump is made only while the future waits for something that has not happened. What the kernel knew to be
//!   ready before it has been handed to those who wait: what is polled here is watched by the builtin reactor, which is
//!   asked to deliver first (`reactor::flush_events`); it does not matter on which thread it does so.
//! - One timer fires at a time, whichever thread moves the time, and whoever is woken runs before the next one does. So of two with the same deadline,
//!   the first may cancel the second.
//! - The thread waits really only where there is nothing to jump to, and is told when there is.

use super::settle::Settling;
use super::{Shared, VirtualTime};
use crate::context::InBlockOn;
use crate::reactor;
use crate::sync::lock;
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// How often to look whether others, on other threads, still run.
const LOOK_EVERY: Duration = Duration::from_micros(50);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in `VirtualTime::block_on`.
pub(crate) fn in_block_on() -> bool {
    INSIDE.try_with(Cell::get).unwrap_or(false)
}

struct Inside {
    outer: bool,
    _in_block_on: InBlockOn,
}

impl Inside {
    fn enter() -> Inside {
        Inside { outer: INSIDE.replace(true), _in_block_on: InBlockOn::enter() }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(self.outer));
    }
}

pub(super) fn block_on<F: Future>(time: &VirtualTime, future: F) -> F::Output {
    let mut future = pin!(time.scope(future));
    let runner = Arc::new(Runner { thread: std::thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(runner.clone());
    let cx = &mut Context::from_waker(&waker);
    let _inside = Inside::enter();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
        runner.wait(&time.0);
    }
}

/// The thread that runs the future.
struct Runner {
    thread: Thread,
    woken: AtomicBool,
}

impl Runner {
    /// Until the future has been woken.
    fn wait(&self, time: &Arc<Shared>) {
        let mut settling = Settling::begin(time);
        while !self.woken.swap(false, Ordering::AcqRel) {
            if settling.others_run() {
                std::thread::park_timeout(LOOK_EVERY);
            } else if !self.idle(time) {
                reactor::flush_events();
                // Another thread may have jumped meanwhile, and what there was to jump to may have been dropped.
                let mut state = lock(&time.state);
                let may = !self.woken.load(Ordering::Acquire) && !settling.others_run();
                let due = if may { time.jump(&mut state) } else { None };
                drop(state);
                due.into_iter().for_each(|due| time.fire(due));
            }
        }
    }

    /// Waits for anything to happen, if there is no deadline.
    fn idle(&self, time: &Shared) -> bool {
        let idle = lock(&time.state).add_idle(&self.thread);
        if idle {
            if !self.woken.load(Ordering::Acquire) {
                std::thread::park();
            }
            lock(&time.state).remove_idle(&self.thread);
        }
        idle
    }
}

impl Wake for Runner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
