//! Futures that miss an event in a later wait, in a later poll, or if the event owns what it drops.

use crate::cases;
use dormouse_check::{
    Kind::{LostWakeUp, Panics, WakeUpRace, WrongOutput},
    check, check_stream, event,
};
use futures_core::Stream;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A channel for one value. Dropping the sender closes it and wakes the receiver.
#[derive(Default)]
struct Channel {
    value: Mutex<Option<u32>>,
    closed: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Channel {
    fn register(&self, waker: Waker) {
        *self.waker.lock().unwrap() = Some(waker);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }

    fn take(&self) -> Option<u32> {
        self.value.lock().unwrap().take()
    }
}

struct Sender(Arc<Channel>);

impl Sender {
    fn send(self, value: u32) {
        *self.0.value.lock().unwrap() = Some(value);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.closed.store(true, SeqCst);
        let waker = self.0.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

type PollChannel = fn(&Channel, &Waker) -> Poll<Option<u32>>;

struct Receiver {
    channel: Arc<Channel>,
    poll: PollChannel,
}

impl Future for Receiver {
    type Output = Option<u32>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        (self.poll)(&self.channel, context.waker())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let waker = self.channel.waker.lock().unwrap().take();
        drop(waker);
    }
}

/// The event owns the sender: to drop it without firing it closes the channel.
fn receiver(poll: PollChannel) -> Receiver {
    let channel = Arc::new(Channel::default());
    let sender = Sender(channel.clone());
    event(move || sender.send(7));
    Receiver { channel, poll }
}

fn compute() {
    (0..500).for_each(|n| {
        black_box(n);
    });
}

/// Correct: registers first, and checks again.
fn register_first(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    channel.register(waker.clone());
    if channel.is_closed() { Poll::Ready(channel.take()) } else { Poll::Pending }
}

fn check_first(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    if channel.is_closed() {
        return Poll::Ready(channel.take());
    }
    channel.register(waker.clone());
    Poll::Pending
}

/// Clones before it checks, so only the timing of the event reveals the race.
fn clone_first(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    let waker = waker.clone();
    if channel.is_closed() {
        return Poll::Ready(channel.take());
    }
    compute();
    channel.register(waker);
    Poll::Pending
}

/// The first poll is correct. A later one registers, and does not check again.
fn register_again(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    if channel.is_closed() {
        return Poll::Ready(channel.take());
    }
    let first = channel.waker.lock().unwrap().is_none();
    channel.register(waker.clone());
    if first && channel.is_closed() { Poll::Ready(channel.take()) } else { Poll::Pending }
}

/// Ready only if the event has taken the waker out; so a waker that is registered too late stays for ever.
fn replace_waker(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    let registered = channel.waker.lock().unwrap().is_some();
    if !registered {
        return register_first(channel, waker);
    }
    channel.register(waker.clone());
    Poll::Pending
}

/// Checks for a value first and for the end second: both may come in between.
fn value_then_end(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    channel.register(waker.clone());
    if let Some(value) = channel.take() {
        return Poll::Ready(Some(value));
    }
    compute();
    if channel.is_closed() { Poll::Ready(None) } else { Poll::Pending }
}

/// The same, and expects that there was no value.
fn unwraps_the_value(channel: &Channel, waker: &Waker) -> Poll<Option<u32>> {
    match channel.take() {
        Some(value) => Poll::Ready(Some(value)),
        None => {
            channel.register(waker.clone());
            assert!(!channel.is_closed(), "closed without a value");
            Poll::Pending
        }
    }
}

/// A stream whose second wait checks first, and registers then.
struct Numbers {
    shared: Arc<Mutex<(VecDeque<u32>, Option<Waker>)>>,
    first: bool,
}

impl Stream for Numbers {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let next = self.shared.lock().unwrap().0.pop_front();
        if next.is_some() {
            self.first = false;
            return Poll::Ready(next);
        }
        let waker = context.waker().clone();
        let mut shared = self.shared.lock().unwrap();
        shared.1 = Some(waker);
        match shared.0.pop_front() {
            Some(number) if self.first => Poll::Ready(Some(number)),
            Some(number) => {
                shared.0.push_front(number);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.shared.lock().unwrap().1 = None;
    }
}

/// Two handles of one state machine. A poll of one relies on a poll of the other that runs at the same time.
struct Handle(Arc<(Mutex<Vec<Waker>>, AtomicBool, AtomicBool)>);

impl Future for Handle {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (wakers, polling, polled_before) = &*self.0;
        let waker = context.waker().clone();
        wakers.lock().unwrap().push(waker);
        if polling.swap(true, SeqCst) {
            return Poll::Pending;
        }
        let ready = polled_before.swap(true, SeqCst);
        let woken = std::mem::take(&mut *wakers.lock().unwrap());
        woken.into_iter().for_each(Waker::wake);
        compute();
        polling.store(false, SeqCst);
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().clear();
    }
}

cases! {
    /// The event owns the sender.
    event_owns_the_sender: [WakeUpRace], check(|| receiver(clone_first));
    /// The second `await` of an `async` block.
    misses_the_second_event: [WakeUpRace], check(|| {
        let (first, second) = (receiver(register_first), receiver(check_first));
        async move { (first.await, second.await) }
    });
    /// The second item of a stream.
    misses_the_second_item: [WakeUpRace], check_stream(|| {
        let shared: Arc<Mutex<(VecDeque<u32>, Option<Waker>)>> = Arc::default();
        for n in 0..3 {
            let shared = shared.clone();
            event(move || {
                let mut shared = shared.lock().unwrap();
                shared.0.push_back(n);
                let waker = shared.1.take();
                drop(shared);
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
        }
        Numbers { shared, first: true }
    });
    /// A poll with another waker.
    misses_an_event_in_a_later_poll: [WakeUpRace], check(|| receiver(register_again));
    /// No forced poll helps.
    never_ready_after_a_race: [WakeUpRace], check(|| receiver(replace_waker));
    /// The poll begins in the middle of the event.
    relies_on_a_concurrent_poll: [WakeUpRace], check(|| {
        let state = Arc::default();
        let mut other = Handle(Arc::clone(&state));
        event(move || {
            let _ = Pin::new(&mut other).poll(&mut Context::from_waker(Waker::noop()));
        });
        Handle(state)
    });
    /// Says that the channel is closed, though it has a value.
    wrong_output_in_a_race: [WrongOutput], check(|| receiver(value_then_end)).expect_output(|output| *output == Some(7));
    /// Panics if the event happens at a clone.
    panics_in_a_race: [Panics], check(|| receiver(unwraps_the_value));
    /// No wake-up for the first of two events, and the second one counts only if the future waits for it.
    the_first_of_two_events_is_lost: [LostWakeUp], check(|| {
        let shared: Arc<Mutex<(u32, Option<Waker>)>> = Arc::default();
        let (first, second) = (shared.clone(), shared.clone());
        event(move || first.lock().unwrap().0 = 1);
        event(move || {
            let mut shared = second.lock().unwrap();
            if shared.0 == 2 {
                shared.0 = 3;
            }
            let waker = shared.1.take();
            drop(shared);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        poll_fn(move |context| {
            let waker = context.waker().clone();
            let mut shared = shared.lock().unwrap();
            match shared.0 {
                0 => {}
                1 => shared.0 = 2,
                2 => {}
                _ => return Poll::Ready(()),
            }
            // Registered in the second wait only.
            let old = if shared.0 == 2 { shared.1.replace(waker) } else { Some(waker) };
            drop(shared);
            drop(old);
            Poll::Pending
        })
    }).allow(dormouse_check::Kind::WakerLeft);
}
