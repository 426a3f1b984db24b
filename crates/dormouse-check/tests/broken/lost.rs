//! Futures whose task is never woken.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::{Kind::LostWakeUp, check, check_stream, event};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::AtomicWaker;
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Returns `Pending` and stores no waker.
struct Clock(Instant);

impl Future for Clock {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Stores its waker, but the code that sets the flag does not call it.
struct NeverWoken(Flag);

impl Future for NeverWoken {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for NeverWoken {
    fn drop(&mut self) {
        flag::forget(&self.0);
    }
}

/// Polls the inner future with a waker that does nothing.
struct NoopWaker(dormouse::time::Sleep);

impl Future for NoopWaker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(&mut Context::from_waker(Waker::noop()))
    }
}

/// After the first sleep, returns `Pending` without polling the second.
struct TwoSleeps {
    first: dormouse::time::Sleep,
    second: dormouse::time::Sleep,
    first_done: bool,
}

impl Future for TwoSleeps {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.first_done {
            return Pin::new(&mut self.second).poll(context);
        }
        if Pin::new(&mut self.first).poll(context).is_ready() {
            self.first_done = true;
        }
        Poll::Pending
    }
}

/// The two directions of something like a socket.
#[derive(Default)]
struct Pipe {
    readable: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Waits to read, but stores its waker as the writer's.
struct WrongDirection(Arc<Mutex<Pipe>>);

impl Future for WrongDirection {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut pipe = self.0.lock().unwrap();
        if pipe.readable {
            return Poll::Ready(());
        }
        pipe.writer = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for WrongDirection {
    fn drop(&mut self) {
        let mut pipe = self.0.lock().unwrap();
        (pipe.reader, pipe.writer) = (None, None);
    }
}

/// A stream whose source wakes the task for the first item only.
struct OnlyOnce {
    state: Arc<Mutex<(u32, bool, Option<Waker>)>>,
    seen: u32,
}

impl OnlyOnce {
    fn push(state: &Mutex<(u32, bool, Option<Waker>)>) {
        let waker = {
            let mut state = state.lock().unwrap();
            state.0 += 1;
            // Never reset.
            if std::mem::replace(&mut state.1, true) { None } else { state.2.take() }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Stream for OnlyOnce {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let state = self.state.clone();
        let mut state = state.lock().unwrap();
        if state.0 > self.seen {
            self.seen += 1;
            return Poll::Ready(Some(self.seen));
        }
        state.2 = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for OnlyOnce {
    fn drop(&mut self) {
        self.state.lock().unwrap().2 = None;
    }
}

cases! {
    /// Checks the clock, and stores no waker.
    forgets_to_register: [LostWakeUp], check(|| Clock(Instant::now() + Duration::from_millis(5)));
    /// The event does not call the stored waker.
    the_waker_is_never_called: [LostWakeUp], check(|| {
        let flag = Flag::default();
        let other = flag.clone();
        event(move || other.lock().unwrap().set = true);
        NeverWoken(flag)
    });
    /// Does not pass its context to the inner future.
    polls_with_a_noop_waker: [LostWakeUp], check(|| NoopWaker(dormouse::sleep(Duration::from_millis(5))));
    /// A state machine that returns `Pending` right after a state change.
    pending_after_progress: [LostWakeUp], check(|| TwoSleeps {
        first: dormouse::sleep(Duration::from_millis(3)),
        second: dormouse::sleep(Duration::from_millis(6)),
        first_done: false,
    });
    /// Stores the waker for the wrong direction.
    waits_for_the_wrong_direction: [LostWakeUp], check(|| {
        let pipe = Arc::new(Mutex::new(Pipe::default()));
        let other = pipe.clone();
        event(move || {
            let reader = {
                let mut pipe = other.lock().unwrap();
                pipe.readable = true;
                pipe.reader.take()
            };
            if let Some(reader) = reader {
                reader.wake();
            }
        });
        WrongDirection(pipe)
    });
    /// Two waiters with one slot for a waker, inside a combinator that polls only what was woken.
    overwrites_the_waker_of_another_waiter: [LostWakeUp], check(|| {
        let shared: Arc<(AtomicWaker, AtomicBool)> = Arc::default();
        let other = shared.clone();
        event(move || {
            other.1.store(true, SeqCst);
            other.0.wake();
        });
        let waiter = |shared: Arc<(AtomicWaker, AtomicBool)>| poll_fn(move |context| {
            shared.0.register(context.waker());
            if shared.1.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        });
        let both: FuturesUnordered<_> = [waiter(shared.clone()), waiter(shared)].into_iter().collect();
        both.collect::<Vec<_>>()
    })
    .time_limit(Duration::from_secs(3));
    /// A stream that is woken once.
    wakes_for_the_first_item_only: [LostWakeUp], check_stream(|| {
        let state = Arc::new(Mutex::new((0, false, None)));
        for _ in 0..3 {
            let state = state.clone();
            event(move || OnlyOnce::push(&state));
        }
        OnlyOnce { state, seen: 0 }
    });
}
