//! Futures that miss an event during a poll.

use crate::cases;
use dormouse_check::{Kind::WakeUpRace, check, event};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct Shared {
    set: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Shared {
    fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Checks the flag, then registers.
struct ChecksFirst(Arc<Shared>);

impl Future for ChecksFirst {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.set.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        *self.0.waker.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ChecksFirst {
    fn drop(&mut self) {
        *self.0.waker.lock().unwrap() = None;
    }
}

/// The same, and clones the waker before it locks.
struct ClonesFirst(Arc<Shared>);

impl Future for ClonesFirst {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.set.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        *self.0.waker.lock().unwrap() = Some(waker);
        Poll::Pending
    }
}

impl Drop for ClonesFirst {
    fn drop(&mut self) {
        *self.0.waker.lock().unwrap() = None;
    }
}

/// Releases the lock between the check and the registration.
struct LocksTwice(Arc<Mutex<(bool, Option<Waker>)>>);

impl LocksTwice {
    fn new() -> LocksTwice {
        let shared: Arc<Mutex<(bool, Option<Waker>)>> = Arc::default();
        let other = shared.clone();
        event(move || {
            let waker = {
                let mut other = other.lock().unwrap();
                other.0 = true;
                other.1.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        LocksTwice(shared)
    }
}

impl Future for LocksTwice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let set = self.0.lock().unwrap().0;
        if set {
            return Poll::Ready(());
        }
        self.0.lock().unwrap().1 = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for LocksTwice {
    fn drop(&mut self) {
        self.0.lock().unwrap().1 = None;
    }
}

/// Clones with the lock held, which is correct, but checks the flag earlier and computes in between.
struct ChecksTooEarly(Arc<Shared>);

impl Future for ChecksTooEarly {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        let set = self.0.set.load(Ordering::SeqCst);
        let sum = (0..2_000).fold(0_u64, |sum, n| std::hint::black_box(sum ^ n));
        if set {
            return Poll::Ready(sum);
        }
        let mut waker = self.0.waker.lock().unwrap();
        *waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ChecksTooEarly {
    fn drop(&mut self) {
        *self.0.waker.lock().unwrap() = None;
    }
}

fn with_event<F>(make: impl Fn(Arc<Shared>) -> F) -> F {
    let shared: Arc<Shared> = Arc::default();
    let other = shared.clone();
    event(move || other.set());
    make(shared)
}

cases! {
    /// The classic race.
    registers_after_checking: [WakeUpRace], check(|| with_event(ChecksFirst));
    /// The same, with the clone before the lock.
    clones_after_checking: [WakeUpRace], check(|| with_event(ClonesFirst));
    /// The clone is in the right place, so only the timing of the event reveals the race.
    checks_too_early: [WakeUpRace], check(|| with_event(ChecksTooEarly));
    /// Two critical sections that should be one.
    locks_twice: [WakeUpRace], check(LocksTwice::new);
}
