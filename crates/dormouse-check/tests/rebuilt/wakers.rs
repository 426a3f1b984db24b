//! The wake-up goes to the waker of an earlier poll, or to that of another waiter.

use crate::bugs;
use crate::parts::waiting;
use dormouse_check::{check, check_stream, event};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, Stream, StreamExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

/// A message and its receiver's waker, which is stored once.
#[derive(Default)]
struct Message {
    sent: AtomicBool,
    waker: OnceLock<Waker>,
}

/// A list of updates, and the waker of the stream that waits for them.
#[derive(Default)]
struct Updates {
    queue: VecDeque<u32>,
    waker: Option<Waker>,
}

/// A stream of updates. With the defect, it registers the waker of its first poll only.
struct Watcher {
    updates: Arc<Mutex<Updates>>,
    registered: bool,
    fixed: bool,
}

impl Watcher {
    fn new(fixed: bool) -> Watcher {
        let updates: Arc<Mutex<Updates>> = Arc::default();
        let other = updates.clone();
        event(move || {
            let mut updates = other.lock().unwrap();
            updates.queue.extend([1, 2, 3]);
            let waker = updates.waker.take();
            drop(updates);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        Watcher { updates, registered: false, fixed }
    }
}

impl Stream for Watcher {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let waker = context.waker().clone();
        let shared = self.updates.clone();
        let mut updates = shared.lock().unwrap();
        if let Some(update) = updates.queue.pop_front() {
            return Poll::Ready(Some(update));
        }
        let mut old = None;
        if self.fixed || !self.registered {
            self.registered = true;
            old = updates.waker.replace(waker);
        }
        drop(updates);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let waker = self.updates.lock().unwrap().waker.take();
        drop(waker);
    }
}

/// A place for wakers of the users of one source. With the defect there is room for one.
#[derive(Default)]
struct Shared {
    ready: bool,
    wakers: Vec<(usize, Waker)>,
}

/// One of several users of a source in one task.
struct User {
    shared: Arc<Mutex<Shared>>,
    number: usize,
    fixed: bool,
}

impl Future for User {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut shared = self.shared.lock().unwrap();
        if shared.ready {
            return Poll::Ready(());
        }
        // One slot for each user, or one for all.
        let slot = if self.fixed { self.number } else { 0 };
        let index = shared.wakers.iter().position(|(number, _)| *number == slot);
        let old = index.map(|index| shared.wakers.swap_remove(index));
        shared.wakers.push((slot, waker));
        drop(shared);
        drop(old);
        Poll::Pending
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let wakers = std::mem::take(&mut self.shared.lock().unwrap().wakers);
        drop(wakers);
    }
}

/// Users of one source, each of which is polled with a waker of its own.
fn users(number: usize, fixed: bool) -> FuturesUnordered<User> {
    let shared: Arc<Mutex<Shared>> = Arc::default();
    let other = shared.clone();
    event(move || {
        let mut shared = other.lock().unwrap();
        shared.ready = true;
        let wakers = std::mem::take(&mut shared.wakers);
        drop(shared);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    });
    (0..number).map(|number| User { shared: shared.clone(), number, fixed }).collect()
}

bugs! {
    /// The new waker is stored only if it equals the old one.
    lighthouse_7656("sigp/lighthouse#7656, tokio#4497", [StaleWaker]): |fixed| check(move || {
        waiting(move |signal, context| {
            if fixed {
                return signal.poll(context);
            }
            let mut state = signal.lock();
            if state.set {
                return Poll::Ready(());
            }
            let is_same = |old: &Waker| old.will_wake(context.waker());
            if state.waker.as_ref().is_none_or(is_same) {
                state.waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
    });

    /// The waker of the first poll is kept.
    futures_intrusive_18("futures-intrusive#18", [StaleWaker]): |fixed| check(move || {
        waiting(move |signal, context| {
            if fixed {
                return signal.poll(context);
            }
            let mut state = signal.lock();
            if state.set {
                return Poll::Ready(());
            }
            state.waker.get_or_insert_with(|| context.waker().clone());
            Poll::Pending
        })
    });

    /// The waker is in a `OnceLock`: it cannot be replaced, and a dropped receiver leaves it there.
    async_oneshot_channel_1("async-oneshot-channel#1", [StaleWaker, WakerLeft]): |fixed| check(move || {
        if fixed {
            return waiting(|signal, context| signal.poll(context)).boxed();
        }
        let message: Arc<Message> = Arc::default();
        let sender = message.clone();
        event(move || {
            sender.sent.store(true, SeqCst);
            if let Some(waker) = sender.waker.get() {
                waker.wake_by_ref();
            }
        });
        poll_fn(move |context| {
            if message.sent.load(SeqCst) {
                return Poll::Ready(());
            }
            let _ = message.waker.set(context.waker().clone());
            if message.sent.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .boxed()
    });

    /// A request registers its waker when it is sent. Later polls only look for the answer.
    whisk_1("whisk#1", [StaleWaker]): |fixed| check(move || {
        let mut sent = false;
        waiting(move |signal, context| {
            if fixed || !std::mem::replace(&mut sent, true) {
                return signal.poll(context);
            }
            if signal.lock().set { Poll::Ready(()) } else { Poll::Pending }
        })
    });

    /// A stream registers the waker of its first poll only.
    engula_1019("engula#1019", [StaleWaker]): |fixed| check_stream(move || Watcher::new(fixed));

    /// Flushing replaces the waker that the reading half has left in the socket.
    tokio_websockets_106("tokio-websockets#106", [LostWakeUp, StaleWaker, NeverReady]): |fixed| check(move || {
        let halves = users(2, fixed);
        async move { halves.collect::<Vec<_>>().await.len() }
    });

    /// Three columns read from one stream, which keeps the waker of the column that was polled last.
    vortex_4193("vortex#4193", [LostWakeUp, StaleWaker, NeverReady]): |fixed| check(move || {
        let mut columns = users(3, fixed);
        async move { while columns.next().await.is_some() {} }
    });

    /// `yield` puts the executor's current task into the run queue, instead of calling the waker.
    kimojio_37("kimojio#37", [LostWakeUp]): |fixed| check(move || {
        let mut yielded = false;
        poll_fn(move |context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            if fixed {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
    });
}
