//! One thread per sleep. Dropping the sleep ends its thread.

use super::Peer;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub(crate) struct Threads;

pub(crate) struct Sleep {
    deadline: Instant,
    thread: Option<(Thread, Arc<Mutex<Option<Waker>>>)>,
}

impl Peer for Threads {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        Ok(Threads)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }

    fn sleep(duration: Duration) -> Sleep {
        Sleep { deadline: Instant::now() + duration, thread: None }
    }

    fn max_pending() -> Option<(u64, &'static str)> {
        Some((2000, "one thread each"))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        if let Some((_, waker)) = &self.thread {
            *waker.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let waker = Arc::new(Mutex::new(Some(cx.waker().clone())));
        let shared = waker.clone();
        let thread = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            loop {
                let remaining = deadline.saturating_duration_since(Instant::now());
                if remaining.is_zero() || Arc::strong_count(&shared) == 1 {
                    break;
                }
                thread::park_timeout(remaining);
            }
            let waker = shared.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let handle = thread.expect("cannot start another thread").thread().clone();
        self.thread = Some((handle, waker));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((thread, waker)) = self.thread.take() {
            waker.lock().unwrap().take();
            drop(waker);
            thread.unpark();
        }
    }
}
