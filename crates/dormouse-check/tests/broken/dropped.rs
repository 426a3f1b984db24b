//! Futures that leak resources or panic when they are dropped.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::Kind::{FdLeft, PanicOnDrop, ThreadLeft, WakerLeft, WakesAfterDrop};
use dormouse_check::{check, event};
use std::fs::File;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Starts a thread that sleeps, and does not stop it on drop.
struct ThreadSleep {
    duration: Duration,
    flag: Flag,
    started: bool,
}

impl ThreadSleep {
    fn new(duration: Duration) -> ThreadSleep {
        ThreadSleep { duration, flag: Flag::default(), started: false }
    }
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !std::mem::replace(&mut self.started, true) {
            let (flag, duration) = (self.flag.clone(), self.duration);
            thread::spawn(move || {
                thread::sleep(duration);
                flag::set(&flag);
            });
        }
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The same, but removes its waker on drop.
struct TidyThreadSleep(ThreadSleep);

impl Future for TidyThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl Drop for TidyThreadSleep {
    fn drop(&mut self) {
        flag::forget(&self.0.flag);
    }
}

/// Waits for a flag, and calls `on_drop` in its destructor.
struct Waiting<D: FnMut(&Flag)> {
    flag: Flag,
    on_drop: D,
}

fn waiting<D: FnMut(&Flag)>(on_drop: D) -> Waiting<D> {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    Waiting { flag, on_drop }
}

impl<D: FnMut(&Flag) + Unpin> Future for Waiting<D> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<D: FnMut(&Flag)> Drop for Waiting<D> {
    fn drop(&mut self) {
        (self.on_drop)(&self.flag);
    }
}

/// Assumes that the future has completed.
fn expects_to_be_set(flag: &Flag) {
    flag::forget(flag);
    let set = flag.lock().unwrap().set;
    assert!(set, "dropped before the flag was set");
}

/// Assumes that the future has been polled.
fn expects_a_waker(flag: &Flag) {
    let mut state = flag.lock().unwrap();
    let waker = state.waker.take();
    let set = state.set;
    drop(state);
    drop((!set).then(|| waker.expect("no waker: not polled")));
}

/// Its destructor panics unless the future has completed: also inside `wake`, where no lock is to blame.
struct ExpectsCompletion {
    completed: bool,
}

impl ExpectsCompletion {
    fn record(&mut self, polled: &Poll<()>) {
        self.completed |= polled.is_ready();
    }
}

impl Drop for ExpectsCompletion {
    fn drop(&mut self) {
        assert!(self.completed, "dropped before it completed");
    }
}

/// A future whose thread continues to wake its task after the drop.
struct Ticker {
    ticked: Arc<AtomicBool>,
    waker: Arc<Mutex<Option<Waker>>>,
    started: bool,
}

impl Future for Ticker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.ticked.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        *self.waker.lock().unwrap() = Some(context.waker().clone());
        if !std::mem::replace(&mut self.started, true) {
            let (ticked, waker) = (self.ticked.clone(), self.waker.clone());
            thread::spawn(move || {
                // Bounded, so that the test does not load the machine permanently.
                for _ in 0..400 {
                    thread::sleep(Duration::from_millis(5));
                    ticked.store(true, Ordering::SeqCst);
                    let waker = waker.lock().unwrap().clone();
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            });
        }
        Poll::Pending
    }
}

/// Opens a file and never closes it.
fn leak_a_file() {
    std::mem::forget(File::open("/dev/null"));
}

cases! {
    /// A thread for each sleep.
    thread_per_sleep: [ThreadLeft], check(|| ThreadSleep::new(Duration::from_millis(10)));
    /// The same, with a longer sleep.
    thread_per_long_sleep: [ThreadLeft], check(|| ThreadSleep::new(Duration::from_millis(60)));
    /// The thread is leaked, but not the waker.
    tidy_thread_per_sleep: [ThreadLeft], check(|| TidyThreadSleep(ThreadSleep::new(Duration::from_millis(10))));
    /// A file opened at the first poll.
    leaves_a_file_open: [FdLeft], check(|| {
        let mut open = false;
        let mut waiting = waiting(flag::forget);
        std::future::poll_fn(move |context| {
            if !std::mem::replace(&mut open, true) {
                leak_a_file();
            }
            Pin::new(&mut waiting).poll(context)
        })
    });
    /// A file opened when the future is created.
    leaves_a_file_open_unpolled: [FdLeft], check(|| {
        leak_a_file();
        waiting(flag::forget)
    });
    /// The destructor does nothing.
    leaks_its_waker: [WakerLeft], check(|| waiting(|_| ())).deny(WakerLeft);
    /// Each future leaves a waker behind for good.
    leaks_a_waker_for_each_future: [WakerLeft], check(|| {
        let mut waiting = waiting(flag::forget);
        let mut leaked = false;
        std::future::poll_fn(move |context| {
            if !std::mem::replace(&mut leaked, true) {
                std::mem::forget(context.waker().clone());
            }
            Pin::new(&mut waiting).poll(context)
        })
    });
    /// The thread is not stopped.
    keeps_ticking: [WakesAfterDrop], check(|| {
        Ticker { ticked: Arc::default(), waker: Arc::default(), started: false }
    });
    /// `assert!` in the destructor.
    panics_if_dropped_early: [PanicOnDrop], check(|| waiting(expects_to_be_set));
    /// The same, until the future is ready, though its event has happened.
    panics_unless_completed: [PanicOnDrop], check(|| {
        let (mut waiting, mut guard) = (waiting(flag::forget), ExpectsCompletion { completed: false });
        std::future::poll_fn(move |context| {
            let polled = Pin::new(&mut waiting).poll(context);
            guard.record(&polled);
            polled
        })
    });
    /// `expect` in the destructor.
    panics_if_dropped_unpolled: [PanicOnDrop], check(|| waiting(expects_a_waker));
}
