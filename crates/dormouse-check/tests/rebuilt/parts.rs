//! The parts of which the futures are built: a flag with one waiter, and a queue of waiters. Both are correct. The
//! defects are in the code that uses them.

use dormouse_check::event;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
pub(crate) struct State {
    pub(crate) set: bool,
    pub(crate) waker: Option<Waker>,
}

/// A flag with one waiter.
#[derive(Default)]
pub(crate) struct Signal(Mutex<State>);

impl Signal {
    /// A signal that an event sets.
    pub(crate) fn of_event() -> Arc<Signal> {
        let signal = Arc::new(Signal::default());
        let other = signal.clone();
        event(move || other.set());
        signal
    }

    /// Sets it, and wakes the waiter with no lock held.
    pub(crate) fn set(&self) {
        let waker = {
            let mut state = self.lock();
            state.set = true;
            state.waker.take()
        };
        wake(waker);
    }

    /// Checks and registers in one critical section, and runs no code of wakers inside it.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut state = self.lock();
        if state.set {
            return Poll::Ready(());
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Removes the waker, as a destructor should.
    pub(crate) fn forget(&self) {
        let waker = self.lock().waker.take();
        drop(waker);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// A future that polls a signal by means of a closure, and removes its waker when it is dropped.
pub(crate) struct Waiting<F> {
    signal: Arc<Signal>,
    poll: F,
}

/// Waits for a signal that an event sets.
pub(crate) fn waiting<F>(poll: F) -> Waiting<F>
where
    F: FnMut(&Signal, &mut Context<'_>) -> Poll<()> + Unpin,
{
    waiting_for(Signal::of_event(), poll)
}

/// Waits for a signal that the caller sets.
pub(crate) fn waiting_for<F>(signal: Arc<Signal>, poll: F) -> Waiting<F>
where
    F: FnMut(&Signal, &mut Context<'_>) -> Poll<()> + Unpin,
{
    Waiting { signal, poll }
}

impl<F> Future for Waiting<F>
where
    F: FnMut(&Signal, &mut Context<'_>) -> Poll<()> + Unpin,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let signal = self.signal.clone();
        (self.poll)(&signal, context)
    }
}

impl<F> Drop for Waiting<F> {
    fn drop(&mut self) {
        self.signal.forget();
    }
}

/// A waiter in a queue.
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) notified: bool,
    pub(crate) waker: Option<Waker>,
}

/// Waiters in the order of their arrival.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) entries: Vec<Entry>,
    last_id: u64,
}

impl Queue {
    /// Adds a waiter at the end, and returns its id.
    pub(crate) fn push(&mut self) -> u64 {
        self.last_id += 1;
        self.entries.push(Entry { id: self.last_id, notified: false, waker: None });
        self.last_id
    }

    pub(crate) fn get(&mut self, id: u64) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        Some(self.entries.remove(index))
    }

    /// Marks the first waiter that has not been notified. Returns whether there is one, and its waker.
    pub(crate) fn notify(&mut self) -> (bool, Option<Waker>) {
        match self.entries.iter_mut().find(|entry| !entry.notified) {
            Some(entry) => {
                entry.notified = true;
                (true, entry.waker.take())
            }
            None => (false, None),
        }
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Polls a future once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Computes for some microseconds: what a real crate does between two steps.
pub(crate) fn work() {
    let sum = (0..300_u32).fold(0, |sum, n| std::hint::black_box(sum ^ n));
    std::hint::black_box(sum);
}
