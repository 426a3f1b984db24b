//! A dropped future leaves something behind, or each poll adds something.

use crate::bugs;
use crate::parts::{Signal, waiting};
use dormouse_check::{Kind, check, event};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A channel with hooks: a hook is an entry in a queue, with the waker of a receiver.
#[derive(Default)]
struct Channel {
    messages: VecDeque<u32>,
    hooks: VecDeque<Arc<Mutex<Waker>>>,
}

/// What a poll does with the hook.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hooks {
    /// It adds another hook.
    Another,
    /// It updates the hook, and adds it again.
    Again,
    /// It updates the hook.
    Once,
}

struct Receive {
    channel: Arc<Mutex<Channel>>,
    mine: Vec<Arc<Mutex<Waker>>>,
    hooks: Hooks,
}

impl Receive {
    fn of_event(hooks: Hooks) -> Receive {
        let channel: Arc<Mutex<Channel>> = Arc::default();
        let sender = channel.clone();
        event(move || {
            let mut channel = sender.lock().unwrap();
            channel.messages.push_back(7);
            let hook = channel.hooks.pop_front();
            drop(channel);
            if let Some(hook) = hook {
                let waker = hook.lock().unwrap().clone();
                waker.wake();
            }
        });
        Receive { channel, mine: Vec::new(), hooks }
    }
}

impl Future for Receive {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        let mut waker = context.waker().clone();
        if self.hooks != Hooks::Another {
            if let Some(hook) = self.mine.first() {
                std::mem::swap(&mut *hook.lock().unwrap(), &mut waker);
            }
        }
        let shared = self.channel.clone();
        let mut channel = shared.lock().unwrap();
        if let Some(message) = channel.messages.pop_front() {
            return Poll::Ready(message);
        }
        if self.mine.is_empty() || self.hooks == Hooks::Another {
            let hook = Arc::new(Mutex::new(waker));
            channel.hooks.push_back(hook.clone());
            drop(channel);
            self.mine.push(hook);
        } else if self.hooks == Hooks::Again {
            channel.hooks.push_back(self.mine[0].clone());
        }
        Poll::Pending
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        let mut channel = self.channel.lock().unwrap();
        let is_mine =
            |hook: &Arc<Mutex<Waker>>| self.mine.iter().any(|mine| Arc::ptr_eq(mine, hook));
        channel.hooks.retain(|hook| !is_mine(hook));
        drop(channel);
        self.mine.clear();
    }
}

/// A value that watchers wait for, with the wakers of their tasks. All instances share it.
#[derive(Default)]
struct Watchable {
    wakers: Vec<(u64, Waker)>,
    last_id: u64,
}

static WATCHABLE: LazyLock<Mutex<Watchable>> = LazyLock::new(Mutex::default);

/// Waits for a value. Nothing but the correction removes its wakers from the list.
struct Watcher {
    id: u64,
    changed: Arc<Signal>,
    removes: bool,
    replaces: bool,
}

impl Watcher {
    fn new(removes: bool, replaces: bool) -> Watcher {
        let mut watchable = WATCHABLE.lock().unwrap();
        watchable.last_id += 1;
        let id = watchable.last_id;
        drop(watchable);
        Watcher { id, changed: Signal::of_event(), removes, replaces }
    }

    fn remove(&self) {
        let mut watchable = WATCHABLE.lock().unwrap();
        let all = std::mem::take(&mut watchable.wakers);
        let (mine, others) = all.into_iter().partition::<Vec<_>, _>(|(id, _)| *id == self.id);
        watchable.wakers = others;
        drop(watchable);
        drop(mine);
    }
}

impl Future for Watcher {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = self.changed.poll(context);
        if polled.is_pending() {
            let waker = context.waker().clone();
            if self.replaces {
                self.remove();
            }
            WATCHABLE.lock().unwrap().wakers.push((self.id, waker));
        }
        polled
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.changed.forget();
        if self.removes {
            self.remove();
        }
    }
}

/// A sleep with a thread of its own. With the defect, dropping it does not end the thread.
struct ThreadSleep {
    deadline: Instant,
    shared: Option<Arc<(Mutex<ThreadState>, Condvar)>>,
    fixed: bool,
}

#[derive(Default)]
struct ThreadState {
    elapsed: bool,
    dropped: bool,
    waker: Option<Waker>,
}

fn run_thread(deadline: Instant, shared: &(Mutex<ThreadState>, Condvar)) {
    let mut state = shared.0.lock().unwrap();
    while !state.dropped {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            state.elapsed = true;
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
            return;
        }
        state = shared.1.wait_timeout(state, left).unwrap().0;
    }
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let shared = self.shared.get_or_insert_with(|| {
            let shared: Arc<(Mutex<ThreadState>, Condvar)> = Arc::default();
            let other = shared.clone();
            std::thread::spawn(move || run_thread(deadline, &other));
            shared
        });
        let waker = context.waker().clone();
        let mut state = shared.0.lock().unwrap();
        if state.elapsed {
            return Poll::Ready(());
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        let Some(shared) = &self.shared else { return };
        let mut state = shared.0.lock().unwrap();
        let waker = state.waker.take();
        state.dropped = self.fixed;
        drop(state);
        drop(waker);
        shared.1.notify_one();
    }
}

/// A waker that a connection keeps for a reader.
type BlockedReader = Arc<Mutex<Option<Waker>>>;

/// Reads from a stream. When all data have been read, the destructor removes nothing from the connection.
struct ReadToEnd {
    end: Arc<Signal>,
    blocked_reader: BlockedReader,
    all_data_read: bool,
    fixed: bool,
}

impl ReadToEnd {
    fn remove(&self) {
        let waker = self.blocked_reader.lock().unwrap().take();
        drop(waker);
    }
}

impl Future for ReadToEnd {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let polled = self.end.poll(context);
        if polled.is_pending() {
            let old = self.blocked_reader.lock().unwrap().replace(waker);
            drop(old);
        } else {
            self.all_data_read = true;
        }
        polled
    }
}

impl Drop for ReadToEnd {
    fn drop(&mut self) {
        self.end.forget();
        if self.fixed || !self.all_data_read {
            self.remove();
        }
    }
}

bugs! {
    /// Each poll of a receiver adds a hook to the channel.
    flume_88("flume#88", [LeakPerPoll]): |fixed| check(move || {
        Receive::of_event(if fixed { Hooks::Once } else { Hooks::Another })
    });

    /// Each poll updates the hook, and adds it to the queue again. Its size grows, but not the number of wakers.
    flume_182("flume#182", [LeakPerPoll]): |fixed| check(move || {
        Receive::of_event(if fixed { Hooks::Once } else { Hooks::Again })
    }).memory(|| crate::ALLOCATOR.allocated());

    /// A dropped watcher leaves its waker in the list of the value.
    n0_watcher_62("n0-watcher#62", [WakerLeft]): |fixed| check(move || Watcher::new(fixed, true));

    /// Each poll of a watcher adds its waker to the list of the value.
    n0_watcher_45("n0-watcher#45", [LeakPerPoll]): |fixed| check(move || Watcher::new(true, fixed));

    /// Each change of the waker adds a node to the token, and dropping the future leaves them there.
    nexus_169("nexus-async-rt#169", [LeakPerPoll, WakerLeft]): |fixed| check(move || {
        Watcher::new(fixed, fixed)
    });

    /// Each poll of a sleep adds a timer. Dropping it removes none, until the clock gets there.
    murmer_9("murmer#9", [LeakPerPoll, WakerLeft]): |fixed| check(move || {
        let timers: Arc<Mutex<Vec<Waker>>> = Arc::default();
        let mut sleep = dormouse::sleep(Duration::from_millis(3));
        let kept = timers.clone();
        event(move || drop(kept));
        std::future::poll_fn(move |context| {
            let polled = Pin::new(&mut sleep).poll(context);
            if polled.is_pending() && !fixed {
                let waker = context.waker().clone();
                timers.lock().unwrap().push(waker);
            }
            polled
        })
    });

    /// A sleep's thread goes on until the deadline when the sleep is dropped.
    azure_sdk_5076("azure-sdk-for-rust#5076", [ThreadLeft]): |fixed| check(move || ThreadSleep {
        deadline: Instant::now() + Duration::from_millis(60),
        shared: None,
        fixed,
    });

    /// A stream that was read to its end leaves its waker in the connection.
    quinn_2856("quinn#2856", [WakerLeft]): |fixed| {
        static CONNECTION: LazyLock<Mutex<Vec<BlockedReader>>> = LazyLock::new(Mutex::default);
        check(move || {
            let blocked_reader = BlockedReader::default();
            CONNECTION.lock().unwrap().push(blocked_reader.clone());
            ReadToEnd { end: Signal::of_event(), blocked_reader, all_data_read: false, fixed }
        })
    };

    /// The last poll forgets a clone of the waker: its reference count stays too high.
    forgets_a_waker("pattern: a clone of the waker is forgotten", [WakerLeft, LeakPerPoll]): |fixed| check(move || {
        waiting(move |signal, context| {
            let polled = signal.poll(context);
            if polled.is_ready() && !fixed {
                std::mem::forget(context.waker().clone());
            }
            polled
        })
    }).deny(Kind::WakerLeft);
}
