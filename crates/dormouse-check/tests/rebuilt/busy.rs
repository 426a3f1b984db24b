//! A task wakes itself again and again while it waits.

use crate::bugs;
use crate::parts::{Signal, waiting, waiting_for};
use dormouse::time::Sleep;
use dormouse_check::{check, check_stream, event};
use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Polls all sleeps. With the defect, wakes itself if all are pending.
struct Unordered {
    sleeps: Vec<Sleep>,
    fixed: bool,
}

impl Stream for Unordered {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        if self.sleeps.is_empty() {
            return Poll::Ready(None);
        }
        for index in 0..self.sleeps.len() {
            if Pin::new(&mut self.sleeps[index]).poll(context).is_ready() {
                drop(self.sleeps.swap_remove(index));
                return Poll::Ready(Some(()));
            }
        }
        if !self.fixed {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// A signal with room for one waker. A waker that is replaced is woken, so that its task registers again.
#[derive(Default)]
struct OneSlot {
    set: bool,
    wakers: Vec<Waker>,
}

/// One of two waits on such a signal.
struct Wait {
    slot: Arc<Mutex<OneSlot>>,
    room: usize,
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut slot = self.slot.lock().unwrap();
        if slot.set {
            let others = std::mem::take(&mut slot.wakers);
            drop(slot);
            others.into_iter().for_each(Waker::wake);
            return Poll::Ready(());
        }
        if slot.wakers.iter().any(|old| old.will_wake(&waker)) {
            drop(slot);
            return Poll::Pending;
        }
        let evicted = (slot.wakers.len() == self.room).then(|| slot.wakers.remove(0));
        slot.wakers.push(waker);
        drop(slot);
        if let Some(evicted) = evicted {
            evicted.wake();
        }
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let wakers = std::mem::take(&mut self.slot.lock().unwrap().wakers);
        drop(wakers);
    }
}

/// A slot that an event sets, and two waits on it that are polled with wakers of their own.
fn two_waits(room: usize) -> FuturesUnordered<Wait> {
    let slot: Arc<Mutex<OneSlot>> = Arc::default();
    let other = slot.clone();
    event(move || {
        let mut slot = other.lock().unwrap();
        slot.set = true;
        let wakers = std::mem::take(&mut slot.wakers);
        drop(slot);
        wakers.into_iter().for_each(Waker::wake);
    });
    [Wait { slot: slot.clone(), room }, Wait { slot, room }].into_iter().collect()
}

/// A waker that forwards to another one. Each is different from all others.
struct Forward(Waker);

impl Wake for Forward {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

bugs! {
    /// A collection of futures wakes itself if everything is pending.
    unicycle_5("unicycle#5", [BusyWake]): |fixed| check_stream(move || {
        let sleeps = (1..4).map(|n| dormouse::sleep(Duration::from_millis(n * 3))).collect();
        Unordered { sleeps, fixed }
    });

    /// Two tasks wait for a signal that has room for one waker, and wake each other for ever.
    embassy_1922("embassy#1922, ariel-os#2125", [BusyWake]): |fixed| check(move || {
        let waits = two_waits(if fixed { 2 } else { 1 });
        async move { waits.collect::<Vec<_>>().await.len() }
    });

    /// After the end of the incoming data, the connection flushes again and again until the response is complete.
    hyper_4085("hyper#4085", [BusyWake]): |fixed| check(move || {
        let response = Arc::new(Signal::default());
        let complete = response.clone();
        event(|| ());
        event(move || complete.set());
        waiting_for(response, move |response, context| {
            let polled = response.poll(context);
            if polled.is_pending() && !fixed {
                context.waker().wake_by_ref();
            }
            polled
        })
    });

    /// A writer wakes itself when its sink is not ready. The sink has registered the waker already.
    tokio_5436("tokio#5436", [BusyWake]): |fixed| check(move || {
        waiting(move |sink, context| {
            let polled = sink.poll(context);
            if polled.is_pending() && !fixed {
                context.waker().wake_by_ref();
            }
            polled
        })
    });

    /// Each poll of the outer task makes a new waker. The socket wakes the waker that it replaces.
    acp_rust_sdk_313("agentclientprotocol/rust-sdk#313", [BusyWake]): |fixed| check(move || {
        let slot: Arc<Mutex<OneSlot>> = Arc::default();
        let other = slot.clone();
        event(move || {
            let mut slot = other.lock().unwrap();
            slot.set = true;
            let wakers = std::mem::take(&mut slot.wakers);
            drop(slot);
            wakers.into_iter().for_each(Waker::wake);
        });
        let mut read = Wait { slot, room: 1 };
        poll_fn(move |context| {
            if fixed {
                return Pin::new(&mut read).poll(context);
            }
            let relay = Waker::from(Arc::new(Forward(context.waker().clone())));
            Pin::new(&mut read).poll(&mut Context::from_waker(&relay))
        })
    });

    /// The wake-up comes from another thread, at once.
    woken_by_a_helper("pattern: a helper thread wakes the task at each poll", [BusyWake]): |fixed| check(move || {
        let mut sleep = dormouse::sleep(Duration::from_millis(20));
        poll_fn(move |context| {
            let polled = Pin::new(&mut sleep).poll(context);
            if polled.is_pending() && !fixed {
                let waker = context.waker().clone();
                std::thread::spawn(move || waker.wake());
            }
            polled
        })
    });
}
