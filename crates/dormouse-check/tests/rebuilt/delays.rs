//! A queue of deadlines that is changed after it was polled: the task must wake for the new first deadline.

use crate::bugs;
use crate::parts::Signal;
use dormouse::time::Sleep;
use dormouse_check::{Check, check};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const FAR: Duration = Duration::from_secs(60);

/// Deadlines, and the sleep until the first of them.
struct DelayQueue {
    deadlines: Vec<Instant>,
    sleep: Option<Sleep>,
    /// The waker of the last poll that returned `Pending`.
    waker: Option<Waker>,
    /// Whether a change wakes the task.
    fixed: bool,
}

impl DelayQueue {
    /// A queue with one deadline, which is far away.
    fn new(fixed: bool) -> DelayQueue {
        DelayQueue { deadlines: vec![Instant::now() + FAR], sleep: None, waker: None, fixed }
    }

    /// Removes a deadline that has passed; `None` if the queue is empty.
    fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<Option<Instant>> {
        loop {
            let Some(first) = self.deadlines.iter().copied().min() else {
                return Poll::Ready(None);
            };
            let now = Instant::now();
            if first <= now {
                self.deadlines.retain(|deadline| *deadline != first);
                return Poll::Ready(Some(first));
            }
            let sleep = self.sleep.get_or_insert_with(|| dormouse::sleep(first - now));
            if Pin::new(sleep).poll(context).is_pending() {
                self.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            self.sleep = None;
        }
    }

    /// The deadlines have changed. The sleep that knew the task is replaced.
    fn changed(&mut self) {
        self.sleep = None;
        let waker = self.waker.take();
        if self.fixed {
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// Polls a queue of deadlines. When a command arrives, it changes the queue.
struct Server {
    queue: DelayQueue,
    command: Arc<Signal>,
    /// `None` after it was executed.
    execute: Option<fn(&mut DelayQueue)>,
}

impl Future for Server {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        if let Poll::Ready(expired) = self.queue.poll_expired(context) {
            return Poll::Ready(expired.is_some());
        }
        if self.execute.is_some() && self.command.poll(context).is_ready() {
            let execute = self.execute.take().expect("the command was not executed");
            execute(&mut self.queue);
        }
        Poll::Pending
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.command.forget();
    }
}

fn server(fixed: bool, execute: fn(&mut DelayQueue)) -> Check<bool> {
    check(move || Server {
        queue: DelayQueue::new(fixed),
        command: Signal::of_event(),
        execute: Some(execute),
    })
}

bugs! {
    /// A deadline before the first one is inserted. The sleep is replaced by a new one, which was never polled.
    tokio_2217("tokio#2217", [LostWakeUp]): |fixed| server(fixed, |queue| {
        queue.deadlines.push(Instant::now() + Duration::from_millis(2));
        queue.changed();
    }).expect_output(|expired| *expired);

    /// The last deadline is removed. The queue is now at its end, and its task sleeps on.
    tokio_6751("tokio#6751", [LostWakeUp]): |fixed| server(fixed, |queue| {
        queue.deadlines.clear();
        queue.changed();
    }).expect_output(|expired| !*expired);

    /// A deadline is moved into the past. The queue has an expired entry, and its task sleeps on.
    tokio_8274("tokio#8274", [LostWakeUp]): |fixed| server(fixed, |queue| {
        queue.deadlines[0] = Instant::now();
        queue.changed();
    }).expect_output(|expired| *expired);
}
