//! Code of wakers runs while a lock is held: `wake`, `clone` or `drop`.

use crate::bugs;
use crate::parts::{Signal, waiting, waiting_for, wake};
use dormouse_check::{check, event};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The receivers of a broadcast channel that wait.
#[derive(Default)]
struct Broadcast {
    sent: bool,
    waiting: Vec<Waker>,
}

struct Receive(Arc<Mutex<Broadcast>>);

impl Receive {
    /// A receiver of a channel on which an event sends. With the defect, the channel is locked while it wakes.
    fn of_event(fixed: bool) -> Receive {
        let channel: Arc<Mutex<Broadcast>> = Arc::default();
        let sender = channel.clone();
        event(move || {
            let mut channel = sender.lock().unwrap();
            channel.sent = true;
            let waiting = std::mem::take(&mut channel.waiting);
            if fixed {
                drop(channel);
            }
            waiting.into_iter().for_each(Waker::wake);
        });
        Receive(channel)
    }
}

impl Future for Receive {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut channel = self.0.lock().unwrap();
        if channel.sent {
            return Poll::Ready(());
        }
        let old = std::mem::replace(&mut channel.waiting, vec![waker]);
        drop(channel);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Receive {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut self.0.lock().unwrap().waiting);
        drop(waiting);
    }
}

/// Timers of a thread that looks at them each millisecond.
type Timers = Mutex<Vec<(Instant, u64, Waker)>>;

static TIMERS: LazyLock<&'static Timers> = LazyLock::new(|| start_timers(false));
static FIXED_TIMERS: LazyLock<&'static Timers> = LazyLock::new(|| start_timers(true));

fn start_timers(fixed: bool) -> &'static Timers {
    let timers: &Timers = Box::leak(Box::default());
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(1));
            let now = Instant::now();
            let mut locked = timers.lock().unwrap_or_else(PoisonError::into_inner);
            let all = std::mem::take(&mut *locked);
            let (expired, later): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|timer| timer.0 <= now);
            *locked = later;
            if fixed {
                drop(locked);
                for timer in expired {
                    let wake = std::panic::AssertUnwindSafe(|| timer.2.wake());
                    let _ = std::panic::catch_unwind(wake);
                }
            } else {
                expired.into_iter().for_each(|timer| timer.2.wake());
            }
        }
    });
    timers
}

struct Timer {
    timers: &'static Timers,
    deadline: Instant,
    id: u64,
}

impl Timer {
    fn new(fixed: bool) -> Timer {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        Timer {
            timers: if fixed { *FIXED_TIMERS } else { *TIMERS },
            deadline: Instant::now() + Duration::from_millis(3),
            id: LAST_ID.fetch_add(1, SeqCst),
        }
    }

    /// Removes the timer, and inserts it again if there is a waker.
    fn replace(&self, waker: Option<Waker>) {
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        let index = timers.iter().position(|timer| timer.1 == self.id);
        let old = index.map(|index| timers.swap_remove(index));
        timers.extend(waker.map(|waker| (self.deadline, self.id, waker)));
        drop(timers);
        drop(old);
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.replace(Some(context.waker().clone()));
        if Instant::now() >= self.deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.replace(None);
    }
}

/// Waits for a signal. With the defect, its destructor drops the waker under the lock.
struct DropsUnderLock {
    signal: Arc<Signal>,
    fixed: bool,
}

impl Future for DropsUnderLock {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.signal.poll(context)
    }
}

impl Drop for DropsUnderLock {
    fn drop(&mut self) {
        if self.fixed {
            self.signal.forget();
        } else {
            self.signal.lock().waker = None;
        }
    }
}

bugs! {
    /// The waker of an earlier poll is dropped while the state is locked.
    tokio_5429("tokio#5429", [WakeUnderLock]): |fixed| check(move || {
        waiting(move |signal, context| {
            if fixed {
                return signal.poll(context);
            }
            let waker = context.waker().clone();
            let mut state = signal.lock();
            if state.set {
                return Poll::Ready(());
            }
            state.waker = Some(waker);
            Poll::Pending
        })
    });

    /// The waker is cloned while the state is locked.
    tokio_5429_clone("tokio#5429", [WakeUnderLock]): |fixed| check(move || {
        waiting(move |signal, context| {
            if fixed {
                return signal.poll(context);
            }
            let mut state = signal.lock();
            if state.set {
                return Poll::Ready(());
            }
            let old = state.waker.replace(context.waker().clone());
            drop(state);
            drop(old);
            Poll::Pending
        })
    });

    /// A broadcast wakes all receivers while the channel is locked.
    tokio_5578("tokio#5578", [WakeUnderLock]): |fixed| check(move || Receive::of_event(fixed));

    /// A timer thread wakes tasks while its queue is locked, which `now` and each new timer lock, too.
    embassy_4978("embassy#4978", [WakeUnderLock]): |fixed| check(move || Timer::new(fixed));

    /// The last sender of an overflowing broadcast is dropped, and wakes all under the lock.
    asyncband_125("asyncband#125", [WakeUnderLock]): |fixed| check(move || {
        let signal = Arc::new(Signal::default());
        let other = signal.clone();
        event(move || {
            let mut state = other.lock();
            state.set = true;
            let waker = state.waker.take();
            if fixed {
                drop(state);
            }
            wake(waker);
        });
        waiting_for(signal, |signal, context| signal.poll(context))
    });

    /// A cancelled waiter drops its waker while the list of waiters is locked.
    asyncband_189("asyncband#189", [WakeUnderLock]): |fixed| check(move || {
        DropsUnderLock { signal: Signal::of_event(), fixed }
    });
}
