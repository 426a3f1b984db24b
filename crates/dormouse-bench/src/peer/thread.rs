//! A thread for each sleep, which a dropped sleep ends.

use super::Peer;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub(super) struct Threads;

pub(super) struct Sleep {
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

    fn limit() -> Option<(u64, &'static str)> {
        Some((2000, "a thread each"))
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
        let theirs = waker.clone();
        let thread = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() || Arc::strong_count(&theirs) == 1 {
                    break;
                }
                thread::park_timeout(left);
            }
            let waker = theirs.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let handle = thread.expect("no more threads to be had").thread().clone();
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
