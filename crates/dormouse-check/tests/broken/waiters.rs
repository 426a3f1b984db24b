//! Futures that lose what they were woken for if they are dropped before they are polled.

use crate::cases;
use dormouse_check::{
    Kind::{LostWakeUp, NeverReady},
    check, check_pair, event,
};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A semaphore.
struct Semaphore {
    state: Mutex<State>,
    /// A released permit belongs to the waiter that is woken, and not to the first one that polls.
    hands_over: bool,
}

#[derive(Default)]
struct State {
    permits: u32,
    waiters: VecDeque<Arc<Waiter>>,
}

#[derive(Default)]
struct Waiter {
    waker: Mutex<Option<Waker>>,
    has_permit: Mutex<bool>,
}

impl Semaphore {
    fn new(hands_over: bool) -> Arc<Semaphore> {
        Arc::new(Semaphore { state: Mutex::default(), hands_over })
    }

    fn try_acquire(self: &Arc<Semaphore>) -> Option<Permit> {
        let mut state = self.state.lock().unwrap();
        state.permits = state.permits.checked_sub(1)?;
        Some(Permit(self.clone()))
    }

    fn release(&self) {
        let mut state = self.state.lock().unwrap();
        let waiter = state.waiters.pop_front();
        match &waiter {
            Some(waiter) if self.hands_over => *waiter.has_permit.lock().unwrap() = true,
            _ => state.permits += 1,
        }
        drop(state);
        let waker = waiter.and_then(|waiter| waiter.waker.lock().unwrap().take());
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Permit(Arc<Semaphore>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Waits for a permit, and returns it at once.
struct Acquire {
    semaphore: Arc<Semaphore>,
    waiter: Arc<Waiter>,
}

fn acquire(semaphore: &Arc<Semaphore>) -> Acquire {
    Acquire { semaphore: semaphore.clone(), waiter: Arc::default() }
}

impl Future for Acquire {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let semaphore = self.semaphore.clone();
        let mut state = semaphore.state.lock().unwrap();
        if std::mem::take(&mut *self.waiter.has_permit.lock().unwrap()) {
            drop(state);
            semaphore.release();
            return Poll::Ready(());
        }
        if state.permits > 0 {
            return Poll::Ready(());
        }
        let old = self.waiter.waker.lock().unwrap().replace(waker);
        if !state.waiters.iter().any(|waiter| Arc::ptr_eq(waiter, &self.waiter)) {
            state.waiters.push_back(self.waiter.clone());
        }
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        // Forgets that it may have been woken.
        self.semaphore
            .state
            .lock()
            .unwrap()
            .waiters
            .retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
    }
}

fn two(hands_over: bool) -> (Acquire, Acquire) {
    let semaphore = Semaphore::new(hands_over);
    let other = semaphore.clone();
    event(move || other.release());
    (acquire(&semaphore), acquire(&semaphore))
}

cases! {
    /// The permit is there, but the next waiter is not woken.
    drops_the_wake_up: [LostWakeUp], check_pair(|| two(false));
    /// The permit is lost.
    drops_the_permit: [NeverReady], check_pair(|| two(true));
    /// All instances share a pool of one permit. It is held until the event, and handed to the future that is woken.
    empties_a_shared_pool: [NeverReady], {
        let pool = Semaphore::new(true);
        pool.release();
        check(move || {
            let held = pool.try_acquire();
            event(move || drop(held));
            acquire(&pool)
        })
    };
}
