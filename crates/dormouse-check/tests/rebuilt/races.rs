//! An event in the middle of a poll is missed: counters, buffers, locks and lists of listeners.

use crate::bugs;
use crate::parts::{wake, work};
use dormouse_check::{Kind, check, check_stream, event};
use futures::{FutureExt, Stream};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;

/// A counter of tasks, and the task that waits until it is zero.
#[derive(Default)]
struct TaskGroup {
    running: AtomicUsize,
    waker: futures::task::AtomicWaker,
}

/// Messages for a reader that is woken if it has registered.
#[derive(Default)]
struct Buffer {
    messages: Mutex<VecDeque<u32>>,
    reader: futures::task::AtomicWaker,
}

struct Reader {
    buffer: Arc<Buffer>,
    fixed: bool,
}

impl Stream for Reader {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let pop = || self.buffer.messages.lock().unwrap().pop_front();
        if self.fixed {
            self.buffer.reader.register(context.waker());
        }
        let message = pop();
        if message.is_some() {
            return Poll::Ready(message);
        }
        if !self.fixed {
            self.buffer.reader.register(context.waker());
        }
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.buffer.reader.take());
    }
}

/// What a job leaves for its future. The lock is held while the waker is called, or not.
#[derive(Default)]
struct Job {
    result: Mutex<(Option<u32>, Option<Waker>)>,
}

/// Takes the result if the lock is free. With the correction, waits for the lock.
struct JobFuture {
    job: Arc<Job>,
    fixed: bool,
}

impl Future for JobFuture {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        let waker = context.waker().clone();
        let locked = self.job.result.try_lock();
        let mut locked = match locked {
            Ok(locked) => locked,
            Err(_) if self.fixed => self.job.result.lock().unwrap(),
            Err(_) => return Poll::Pending,
        };
        if let Some(value) = locked.0 {
            return Poll::Ready(value);
        }
        let old = locked.1.replace(waker);
        drop(locked);
        drop(old);
        Poll::Pending
    }
}

impl Drop for JobFuture {
    fn drop(&mut self) {
        let Ok(mut locked) = self.job.result.try_lock() else { return };
        let waker = locked.1.take();
        drop(locked);
        drop(waker);
    }
}

/// A notification, whose waiters are in a list. With the defect, `notify` does nothing while the list is locked.
#[derive(Default)]
struct Waiters {
    notified: AtomicBool,
    list: Mutex<Option<Waker>>,
}

impl Waiters {
    fn notify(&self, fixed: bool) {
        if fixed {
            self.notified.store(true, SeqCst);
            let waker = self.list.lock().unwrap().take();
            return wake(waker);
        }
        let Ok(mut list) = self.list.try_lock() else { return };
        self.notified.store(true, SeqCst);
        let waker = list.take();
        drop(list);
        wake(waker);
    }
}

struct Notified(Arc<Waiters>);

impl Future for Notified {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut list = self.0.list.lock().unwrap();
        work();
        if self.0.notified.load(SeqCst) {
            return Poll::Ready(());
        }
        let old = list.replace(waker);
        drop(list);
        drop(old);
        if self.0.notified.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        let waker = self.0.list.lock().unwrap().take();
        drop(waker);
    }
}

/// A listener is counted after its waker is stored. `notify` looks at the counter first.
#[derive(Default)]
struct Listeners {
    set: AtomicBool,
    number: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

struct Listener {
    listeners: Arc<Listeners>,
    fixed: bool,
}

impl Future for Listener {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let old = self.listeners.waker.lock().unwrap().replace(waker);
        drop(old);
        if self.fixed {
            self.listeners.number.store(1, SeqCst);
        }
        if self.listeners.set.load(SeqCst) {
            return Poll::Ready(());
        }
        work();
        self.listeners.number.store(1, SeqCst);
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let waker = self.listeners.waker.lock().unwrap().take();
        drop(waker);
    }
}

/// What a sleep shares with its thread.
#[derive(Default)]
struct Delay {
    elapsed: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// A sleep with a thread of its own.
struct ThreadDelay {
    delay: Arc<Delay>,
    is_started: bool,
    fixed: bool,
}

impl Future for ThreadDelay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.delay.elapsed.load(SeqCst) {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let old = self.delay.waker.lock().unwrap().replace(waker);
        drop(old);
        if !std::mem::replace(&mut self.is_started, true) {
            let delay = self.delay.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(8));
                delay.elapsed.store(true, SeqCst);
                let waker = delay.waker.lock().unwrap().take();
                wake(waker);
            });
        }
        if self.fixed && self.delay.elapsed.load(SeqCst) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for ThreadDelay {
    fn drop(&mut self) {
        let waker = self.delay.waker.lock().unwrap().take();
        drop(waker);
    }
}

/// Waits until the counter of a group is zero.
struct WaitForGroup {
    group: Arc<TaskGroup>,
    fixed: bool,
}

impl Future for WaitForGroup {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.fixed {
            self.group.waker.register(context.waker());
        }
        if self.group.running.load(SeqCst) == 0 {
            return Poll::Ready(());
        }
        if !self.fixed {
            self.group.waker.register(context.waker());
        }
        Poll::Pending
    }
}

impl Drop for WaitForGroup {
    fn drop(&mut self) {
        drop(self.group.waker.take());
    }
}

/// Reads correctly up to the first item.
struct RacySecond {
    reader: Reader,
    fixed: bool,
}

impl Stream for RacySecond {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        let polled = Pin::new(&mut self.reader).poll_next(context);
        if polled.is_ready() {
            self.reader.fixed = self.fixed;
        }
        polled
    }
}

bugs! {
    /// A thread wakes the waker that it finds after its sleep. A new waker is stored without another check.
    rusttraining_85("RustTraining#85", [WakeUpRace, ThreadLeft]): |fixed| {
        let check = check(move || ThreadDelay { delay: Arc::default(), is_started: false, fixed });
        // The correction mends the race. The thread still outlives the future.
        if fixed { check.allow(Kind::ThreadLeft) } else { check }
    };

    /// `notify` returns early while no listener is counted, and a listener is counted after it has checked.
    event_listener_138("event-listener#138", [WakeUpRace, LostWakeUp]): |fixed| check(move || {
        let listeners: Arc<Listeners> = Arc::default();
        let other = listeners.clone();
        event(move || {
            other.set.store(true, SeqCst);
            if other.number.load(SeqCst) > 0 {
                let waker = other.waker.lock().unwrap().take();
                wake(waker);
            }
        });
        Listener { listeners, fixed }
    });

    /// Loads the counter, then registers.
    taskwait_1("taskwait#1", [WakeUpRace]): |fixed| check(move || {
        let group: Arc<TaskGroup> = Arc::default();
        group.running.store(1, SeqCst);
        let task = group.clone();
        event(move || {
            if task.running.fetch_sub(1, SeqCst) == 1 {
                task.waker.wake();
            }
        });
        WaitForGroup { group, fixed }
    });

    /// The reader looks into the buffer, then registers. A wake-up before that is not stored.
    vector_11741("vector#11741", [WakeUpRace]): |fixed| check_stream(move || {
        let buffer: Arc<Buffer> = Arc::default();
        let writer = buffer.clone();
        event(move || {
            writer.messages.lock().unwrap().extend([1, 2, 3]);
            writer.reader.wake();
        });
        Reader { buffer, fixed }
    });

    /// The flag is checked before the `Notified` is created, which misses a `notify_waiters` in between.
    tuff_840("talex-touch/tuff#840", [WakeUpRace]): |fixed| check(move || {
        let token = Arc::new((AtomicBool::new(false), Notify::new()));
        let other = token.clone();
        event(move || {
            other.0.store(true, SeqCst);
            other.1.notify_waiters();
        });
        async move {
            while !fixed && !token.0.load(SeqCst) {
                token.1.notified().await;
            }
            loop {
                let notified = token.1.notified();
                if token.0.load(SeqCst) {
                    break;
                }
                notified.await;
            }
        }
        .boxed()
    });

    /// `notify` gives up if the list of waiters is locked, as it is while a waiter registers.
    webrtc_790("webrtc#790", [WakeUpRace, LostWakeUp, NeverReady]): |fixed| check(move || {
        let waiters: Arc<Waiters> = Arc::default();
        let other = waiters.clone();
        event(move || other.notify(fixed));
        Notified(waiters)
    });

    /// The result is locked while the waker is called. The woken task finds it locked, and waits for a second
    /// wake-up.
    affinitypool_6("affinitypool#6", [WakeBeforeReady, WakeUpRace, LostWakeUp]): |fixed| check(move || {
        let job: Arc<Job> = Arc::default();
        let other = job.clone();
        event(move || {
            let mut result = other.result.lock().unwrap();
            result.0 = Some(7);
            let waker = result.1.take();
            if fixed {
                drop(result);
                wake(waker);
            } else {
                wake(waker);
                drop(result);
            }
        });
        JobFuture { job, fixed }
    });

    /// The race is at the second item of a stream.
    second_item("pattern: a race at the second item of a stream", [WakeUpRace]): |fixed| check_stream(move || {
        let buffer: Arc<Buffer> = Arc::default();
        for n in 0..3 {
            let writer = buffer.clone();
            event(move || {
                writer.messages.lock().unwrap().push_back(n);
                writer.reader.wake();
            });
        }
        RacySecond { reader: Reader { buffer, fixed: true }, fixed }
    });
}
