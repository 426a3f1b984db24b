//! An event in the middle of a poll is missed: channels for one value.

use crate::bugs;
use crate::parts::{wake, work};
use dormouse_check::{check, event};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A channel for one value. It is closed when the sender is dropped, which wakes the receiver.
#[derive(Default)]
struct Oneshot {
    value: Mutex<Option<u32>>,
    closed: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Oneshot {
    /// Stores a waker with no code of wakers under the lock.
    fn register(&self, waker: Waker) {
        let old = self.waker.lock().unwrap().replace(waker);
        drop(old);
    }

    /// The value, if the channel is closed.
    fn poll_closed(&self) -> Poll<Option<u32>> {
        if self.closed.load(SeqCst) {
            return Poll::Ready(self.value.lock().unwrap().take());
        }
        Poll::Pending
    }
}

struct Sender(Arc<Oneshot>);

impl Sender {
    fn send(self, value: u32) {
        *self.0.value.lock().unwrap() = Some(value);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.closed.store(true, SeqCst);
        let waker = self.0.waker.lock().unwrap().take();
        wake(waker);
    }
}

type PollOneshot = fn(&Oneshot, &Context<'_>) -> Poll<Option<u32>>;

struct Receiver(Arc<Oneshot>, PollOneshot);

impl Future for Receiver {
    type Output = Option<u32>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        (self.1)(&self.0, context)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let waker = self.0.waker.lock().unwrap().take();
        drop(waker);
    }
}

/// The event owns the sender.
fn receiver(poll: PollOneshot) -> Receiver {
    let oneshot: Arc<Oneshot> = Arc::default();
    let sender = Sender(oneshot.clone());
    event(move || sender.send(7));
    Receiver(oneshot, poll)
}

/// The event makes the sender, so that dropping the event does not close the channel.
fn receiver_of_late_sender(poll: PollOneshot) -> Receiver {
    let oneshot: Arc<Oneshot> = Arc::default();
    let other = oneshot.clone();
    event(move || Sender(other).send(7));
    Receiver(oneshot, poll)
}

/// Registers, then checks.
fn right_order(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    oneshot.register(context.waker().clone());
    oneshot.poll_closed()
}

/// Checks, then clones and registers.
fn check_clone_register(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    let polled = oneshot.poll_closed();
    if polled.is_pending() {
        oneshot.register(context.waker().clone());
    }
    polled
}

/// Clones, then checks and registers.
fn clone_check_register(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    let waker = context.waker().clone();
    let polled = oneshot.poll_closed();
    if polled.is_pending() {
        work();
        oneshot.register(waker);
    }
    polled
}

/// Looks for the value, then whether the channel is closed. Both happen in between.
fn value_then_closed(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    oneshot.register(context.waker().clone());
    if let Some(value) = oneshot.value.lock().unwrap().take() {
        return Poll::Ready(Some(value));
    }
    work();
    if oneshot.closed.load(SeqCst) { Poll::Ready(None) } else { Poll::Pending }
}

/// The same, with the registration in between.
fn value_register_closed(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    if let Some(value) = oneshot.value.lock().unwrap().take() {
        return Poll::Ready(Some(value));
    }
    oneshot.register(context.waker().clone());
    if oneshot.closed.load(SeqCst) { Poll::Ready(None) } else { Poll::Pending }
}

/// The first poll registers and checks again. A later poll replaces the waker, and does not check again.
fn second_poll_replaces(oneshot: &Oneshot, context: &Context<'_>) -> Poll<Option<u32>> {
    let is_first = oneshot.waker.lock().unwrap().is_none();
    if is_first {
        return right_order(oneshot, context);
    }
    check_clone_register(oneshot, context)
}

bugs! {
    /// Checks, then clones the waker and registers it.
    affinitypool_7("affinitypool#7, if-watch#45", [WakeUpRace]): |fixed| {
        check(move || receiver(if fixed { right_order } else { check_clone_register }))
            .expect_output(|output| *output == Some(7))
    };

    /// The pool has no idle connection, so that the task gets into the queue. A connection is returned in between.
    bb8_122("bb8#122", [WakeUpRace]): |fixed| {
        check(move || receiver(if fixed { right_order } else { clone_check_register }))
            .expect_output(|output| *output == Some(7))
    };

    /// The same, where the sender does not exist before the event.
    bb8_122_late_sender("bb8#122", [WakeUpRace]): |fixed| {
        check(move || {
            receiver_of_late_sender(if fixed { right_order } else { clone_check_register })
        })
        .expect_output(|output| *output == Some(7))
    };

    /// A value is sent and the sender dropped between the two checks. The value is lost.
    flume_120("flume#120", [WakeUpRace, WrongOutput]): |fixed| {
        check(move || receiver_of_late_sender(if fixed { right_order } else { value_then_closed }))
            .expect_output(|output| *output == Some(7))
    };

    /// The same with the clone of the waker between the two checks.
    flume_120_at_clone("flume#120", [WakeUpRace, WrongOutput]): |fixed| {
        check(move || {
            receiver_of_late_sender(if fixed { right_order } else { value_register_closed })
        })
        .expect_output(|output| *output == Some(7))
    };

    /// A second poll stores its waker, and does not check again.
    kanal_15("kanal#15", [WakeUpRace]): |fixed| {
        check(move || {
            receiver_of_late_sender(if fixed { right_order } else { second_poll_replaces })
        })
        .expect_output(|output| *output == Some(7))
    };

    /// The race is in the second of two waits.
    second_wait("pattern: a race in the second await of an async fn", [WakeUpRace]): |fixed| check(move || {
        let first = receiver_of_late_sender(right_order);
        let second = receiver_of_late_sender(if fixed { right_order } else { check_clone_register });
        async move { (first.await, second.await) }
    });
}
