//! Hand-written futures that are correct counterparts of the broken ones.

use crate::cases;
use dormouse_check::{check, check_stream, event};
use futures_core::Stream;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    completed: bool,
    waker: Option<Waker>,
}

/// A sleep that starts a thread at its first poll, and stops it on drop.
pub(crate) struct ThreadSleep {
    duration: Duration,
    state: Arc<(Mutex<State>, Condvar)>,
    thread: Option<JoinHandle<()>>,
    cancelled: Arc<Mutex<bool>>,
}

impl ThreadSleep {
    pub(crate) fn new(duration: Duration) -> ThreadSleep {
        ThreadSleep { duration, state: Arc::default(), thread: None, cancelled: Arc::default() }
    }

    fn start(&mut self) {
        let (state, cancelled, deadline) =
            (self.state.clone(), self.cancelled.clone(), Instant::now() + self.duration);
        self.thread = Some(thread::spawn(move || {
            let mut inner = state.0.lock().unwrap();
            loop {
                if *cancelled.lock().unwrap() {
                    return;
                }
                let remaining = deadline.saturating_duration_since(Instant::now());
                if remaining.is_zero() {
                    break;
                }
                inner = state.1.wait_timeout(inner, remaining).unwrap().0;
            }
            inner.completed = true;
            let waker = inner.waker.take();
            drop(inner);
            if let Some(waker) = waker {
                waker.wake();
            }
        }));
    }
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.thread.is_none() {
            self.start();
        }
        let mut inner = self.state.0.lock().unwrap();
        if inner.completed {
            return Poll::Ready(());
        }
        inner.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        *self.cancelled.lock().unwrap() = true;
        let mut inner = self.state.0.lock().unwrap();
        inner.waker = None;
        self.state.1.notify_one();
    }
}

/// A flag with one waiter.
#[derive(Clone, Default)]
struct Flag(Arc<Mutex<State>>);

impl Flag {
    fn set(&self) {
        let mut state = self.0.lock().unwrap();
        state.completed = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Waiting(Flag);

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.lock().unwrap();
        if state.completed {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().waker = None;
    }
}

/// A stream that yields one number for each event.
struct Counter {
    shared: Arc<Mutex<(u32, Option<Waker>)>>,
    seen: u32,
}

impl Stream for Counter {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let shared = self.shared.clone();
        let mut shared = shared.lock().unwrap();
        if shared.0 > self.seen {
            self.seen += 1;
            return Poll::Ready(Some(self.seen));
        }
        shared.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.shared.lock().unwrap().1 = None;
    }
}

cases! {
    /// A minimal correct future.
    flag: [], check(|| {
        let flag = Flag::default();
        let other = flag.clone();
        event(move || other.set());
        Waiting(flag)
    });
    /// A minimal correct stream.
    counter: [], check_stream(|| {
        let shared = Arc::new(Mutex::new((0, None::<Waker>)));
        for _ in 0..3 {
            let shared = shared.clone();
            event(move || {
                let waker = {
                    let mut shared = shared.lock().unwrap();
                    shared.0 += 1;
                    shared.1.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
        }
        Counter { shared, seen: 0 }
    });
}
