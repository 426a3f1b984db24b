//! The waiter in front is dropped, before or after it was woken, and the next one is not woken.
//!
//! In each case the future under check is the second waiter. The first has been polled once, and an event drops it.

use crate::bugs;
use crate::parts::{Queue, poll_once, wake};
use dormouse_check::{check, check_pair, event};
use futures::channel::oneshot;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Something that a task waits for in a queue: a notification, a message or a permit.
#[derive(Default)]
struct Shared {
    /// How many of them have no waiter yet.
    available: usize,
    queue: Queue,
}

/// What a waiter does when it is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnDrop {
    /// It leaves its entry in the queue.
    Stays,
    /// It removes its entry, with the notification that it has not consumed.
    Swallows,
    /// It removes its entry, and passes its notification on.
    PassesOn,
}

/// Gives one to the first waiter, or keeps it.
fn release(shared: &Mutex<Shared>) {
    let mut locked = shared.lock().unwrap();
    let (found, waker) = locked.queue.notify();
    if !found {
        locked.available += 1;
    }
    drop(locked);
    wake(waker);
}

struct Acquire {
    shared: Arc<Mutex<Shared>>,
    /// `None` before the first poll that returned `Pending`, and after completion.
    id: Option<u64>,
    on_drop: OnDrop,
}

impl Acquire {
    fn new(shared: &Arc<Mutex<Shared>>, on_drop: OnDrop) -> Acquire {
        Acquire { shared: shared.clone(), id: None, on_drop }
    }
}

impl Future for Acquire {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let shared = self.shared.clone();
        let mut shared = shared.lock().unwrap();
        let Some(id) = self.id else {
            if shared.available > 0 {
                shared.available -= 1;
                return Poll::Ready(());
            }
            let id = shared.queue.push();
            shared.queue.get(id).expect("it was pushed").waker = Some(waker);
            self.id = Some(id);
            return Poll::Pending;
        };
        let entry = shared.queue.get(id).expect("it is in the queue");
        if entry.notified {
            shared.queue.remove(id);
            self.id = None;
            return Poll::Ready(());
        }
        let old = entry.waker.replace(waker);
        drop(shared);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut shared = self.shared.lock().unwrap();
        if self.on_drop == OnDrop::Stays {
            let waker = shared.queue.get(id).and_then(|entry| entry.waker.take());
            drop(shared);
            drop(waker);
            return;
        }
        let entry = shared.queue.remove(id).expect("it is in the queue");
        drop(shared);
        if entry.notified && self.on_drop == OnDrop::PassesOn {
            release(&self.shared);
        }
    }
}

/// A receiver of a channel that wakes one receiver for each message.
struct Receive {
    channel: Arc<Mutex<(VecDeque<u32>, Shared)>>,
    id: Option<u64>,
    fixed: bool,
}

/// Wakes the first receiver that has not been woken.
fn wake_next(channel: &Mutex<(VecDeque<u32>, Shared)>) {
    let (_, waker) = channel.lock().unwrap().1.queue.notify();
    wake(waker);
}

impl Future for Receive {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        let waker = context.waker().clone();
        let channel = self.channel.clone();
        let mut channel = channel.lock().unwrap();
        if let Some(message) = channel.0.pop_front() {
            let entry = self.id.take().and_then(|id| channel.1.queue.remove(id));
            drop(channel);
            drop(entry);
            return Poll::Ready(message);
        }
        let id = *self.id.get_or_insert_with(|| channel.1.queue.push());
        let entry = channel.1.queue.get(id).expect("it is in the queue");
        entry.notified = false;
        let old = entry.waker.replace(waker);
        drop(channel);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut channel = self.channel.lock().unwrap();
        let entry = channel.1.queue.remove(id).expect("it is in the queue");
        let pass_on = self.fixed && entry.notified && !channel.0.is_empty();
        drop(channel);
        if pass_on {
            wake_next(&self.channel);
        }
    }
}

/// A fair semaphore: a waiter that wants more permits than are free holds back those behind it.
#[derive(Default)]
struct Fair {
    permits: usize,
    queue: Queue,
}

struct AcquireMany {
    semaphore: Arc<Mutex<Fair>>,
    wanted: usize,
    id: Option<u64>,
    fixed: bool,
}

impl Future for AcquireMany {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let semaphore = self.semaphore.clone();
        let mut semaphore = semaphore.lock().unwrap();
        let id = *self.id.get_or_insert_with(|| semaphore.queue.push());
        let is_first = semaphore.queue.entries.first().is_some_and(|entry| entry.id == id);
        if is_first && semaphore.permits >= self.wanted {
            semaphore.permits -= self.wanted;
            let entry = semaphore.queue.remove(id);
            self.id = None;
            drop(semaphore);
            drop(entry);
            return Poll::Ready(());
        }
        let entry = semaphore.queue.get(id).expect("it is in the queue");
        let old = entry.waker.replace(waker);
        drop(semaphore);
        drop(old);
        Poll::Pending
    }
}

impl Drop for AcquireMany {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut semaphore = self.semaphore.lock().unwrap();
        let entry = semaphore.queue.remove(id);
        let first = semaphore.queue.entries.first_mut();
        let waker = if self.fixed { first.and_then(|first| first.waker.take()) } else { None };
        drop(semaphore);
        drop(entry);
        wake(waker);
    }
}

/// A ticket for the connection that is returned next.
#[derive(Default)]
struct Ticket {
    dropped: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

#[derive(Default)]
struct Pool {
    idle: usize,
    tickets: VecDeque<Arc<Ticket>>,
}

struct Checkout {
    pool: Arc<Mutex<Pool>>,
    ticket: Arc<Ticket>,
    queued: bool,
}

impl Checkout {
    fn new(pool: &Arc<Mutex<Pool>>) -> Checkout {
        Checkout { pool: pool.clone(), ticket: Arc::default(), queued: false }
    }
}

impl Future for Checkout {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let old = self.ticket.waker.lock().unwrap().replace(waker);
        drop(old);
        let pool = self.pool.clone();
        let mut pool = pool.lock().unwrap();
        if pool.idle > 0 {
            pool.idle -= 1;
            return Poll::Ready(());
        }
        if !std::mem::replace(&mut self.queued, true) {
            pool.tickets.push_back(self.ticket.clone());
        }
        Poll::Pending
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.ticket.dropped.store(true, SeqCst);
        let waker = self.ticket.waker.lock().unwrap().take();
        drop(waker);
    }
}

/// Returns a connection, and wakes the holder of the first ticket. The correction skips tickets that were dropped.
fn check_in(pool: &Mutex<Pool>, fixed: bool) {
    let mut locked = pool.lock().unwrap();
    locked.idle += 1;
    let mut next = locked.tickets.pop_front();
    while fixed && next.as_ref().is_some_and(|ticket| ticket.dropped.load(SeqCst)) {
        next = locked.tickets.pop_front();
    }
    drop(locked);
    let waker = next.and_then(|ticket| ticket.waker.lock().unwrap().take());
    wake(waker);
}

bugs! {
    /// A notified waiter is dropped without another poll. The notification is lost.
    tokio_4618("tokio#4618", [LostWakeUp, NeverReady]): |fixed| check(move || {
        let notify: Arc<Mutex<Shared>> = Arc::default();
        let on_drop = if fixed { OnDrop::PassesOn } else { OnDrop::Swallows };
        let mut first = Acquire::new(&notify, on_drop);
        let _ = poll_once(&mut first);
        let second = Acquire::new(&notify, on_drop);
        event(move || {
            release(&notify);
            drop(first);
        });
        second
    }).time_limit(Duration::from_secs(2));

    /// The same, by a check of two waiters.
    tokio_4618_pair("tokio#4618", [LostWakeUp, NeverReady]): |fixed| check_pair(move || {
        let notify: Arc<Mutex<Shared>> = Arc::default();
        let on_drop = if fixed { OnDrop::PassesOn } else { OnDrop::Swallows };
        let waiters = [0, 1].map(|_| Acquire::new(&notify, on_drop));
        event(move || release(&notify));
        waiters.into()
    });

    /// A sender is dropped while it is in the queue of the semaphore, where it stays. The next permit goes to it.
    tokio_904("tokio#904", [LostWakeUp, NeverReady]): |fixed| check(move || {
        let semaphore: Arc<Mutex<Shared>> = Arc::default();
        let on_drop = if fixed { OnDrop::PassesOn } else { OnDrop::Stays };
        let mut first = Acquire::new(&semaphore, on_drop);
        let _ = poll_once(&mut first);
        let second = Acquire::new(&semaphore, on_drop);
        event(move || {
            drop(first);
            release(&semaphore);
        });
        second
    }).time_limit(Duration::from_secs(2));

    /// flume: a message wakes a receiver, which is dropped. The message stays in the channel, and the other receiver
    /// is not woken.
    iroh_2536("iroh#2536", [LostWakeUp]): |fixed| check(move || {
        let channel: Arc<Mutex<(VecDeque<u32>, Shared)>> = Arc::default();
        let mut first = Receive { channel: channel.clone(), id: None, fixed };
        let _ = poll_once(&mut first);
        let second = Receive { channel: channel.clone(), id: None, fixed };
        event(move || {
            channel.lock().unwrap().0.push_back(7);
            wake_next(&channel);
            drop(first);
        });
        second
    });

    /// The same, by a check of two receivers.
    iroh_2536_pair("iroh#2536", [LostWakeUp, NeverReady]): |fixed| check_pair(move || {
        let channel: Arc<Mutex<(VecDeque<u32>, Shared)>> = Arc::default();
        let receivers = [0, 1].map(|_| Receive { channel: channel.clone(), id: None, fixed });
        event(move || {
            channel.lock().unwrap().0.push_back(7);
            wake_next(&channel);
        });
        receivers.into()
    });

    /// Two receivers wait, and two messages arrive. The second message wakes nothing, because a receiver has been
    /// woken already.
    async_std_452("async-std#452", [LostWakeUp]): |fixed| check(move || {
        let channel: Arc<Mutex<(VecDeque<u32>, Shared)>> = Arc::default();
        let mut first = Receive { channel: channel.clone(), id: None, fixed };
        let _ = poll_once(&mut first);
        let second = Receive { channel: channel.clone(), id: None, fixed };
        event(move || {
            for message in [1, 2] {
                let mut locked = channel.lock().unwrap();
                locked.0.push_back(message);
                let any_notified = locked.1.queue.entries.iter().any(|entry| entry.notified);
                drop(locked);
                if fixed || !any_notified {
                    wake_next(&channel);
                }
            }
            let _ = poll_once(&mut first);
        });
        second
    });

    /// A waiter that wants two permits is dropped. The one behind it wants one, which is free.
    embassy_6964("embassy#6964", [LostWakeUp]): |fixed| check(move || {
        let semaphore = Arc::new(Mutex::new(Fair { permits: 1, ..Fair::default() }));
        let acquire = |wanted| AcquireMany { semaphore: semaphore.clone(), wanted, id: None, fixed };
        let mut first = acquire(2);
        let _ = poll_once(&mut first);
        event(move || drop(first));
        acquire(1)
    });

    /// A connection is returned to the pool, and wakes a waiter that was dropped.
    sqlx_918("sqlx#918", [LostWakeUp]): |fixed| check(move || {
        let pool: Arc<Mutex<Pool>> = Arc::default();
        let mut first = Checkout::new(&pool);
        let _ = poll_once(&mut first);
        let second = Checkout::new(&pool);
        event(move || {
            drop(first);
            check_in(&pool, fixed);
        });
        second
    });

    /// The lock is passed on through a oneshot channel. If its receiver was dropped, unlocking panics.
    futures_locks_24("futures-locks#24", [LostWakeUp, NeverReady, Panics]): |fixed| check(move || {
        let (first, dropped) = oneshot::channel();
        let (second, waiter) = oneshot::channel();
        let queue = Arc::new(Mutex::new(VecDeque::from([first, second])));
        let kept = queue.clone();
        event(move || {
            drop(dropped);
            loop {
                let next = queue.lock().unwrap().pop_front();
                let Some(next) = next else { break };
                let sent = next.send(());
                if fixed && sent.is_err() {
                    continue;
                }
                break sent.expect("the waiter is there");
            }
        });
        async move {
            let _queue = kept;
            waiter.await.is_ok()
        }
    }).time_limit(Duration::from_secs(2));

    /// A request is dropped. The library's thread completes it, and panics because nothing receives the answer.
    tigerbeetle_78("tigerbeetle-unofficial#78", [Panics, PanicOnDrop, BrokenByPanic]): |fixed| check(move || {
        let (sender, receiver) = oneshot::channel();
        event(move || {
            let sent = sender.send(7);
            assert!(fixed || sent.is_ok(), "the request was dropped");
        });
        receiver
    });
}
