//! The other side changes what the future waits for, and does not wake it.

use crate::bugs;
use crate::parts::{Signal, waiting_for, wake};
use dormouse_check::{Check, check, event};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A bounded channel with one waiting sender or receiver.
#[derive(Default)]
struct Channel {
    free: usize,
    in_flight: usize,
    closed: bool,
    waker: Option<Waker>,
}

/// Waits until `ready` holds for the channel.
struct Wait {
    channel: Arc<Mutex<Channel>>,
    ready: fn(&Channel) -> bool,
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut channel = self.channel.lock().unwrap();
        if (self.ready)(&channel) {
            return Poll::Ready(());
        }
        let old = channel.waker.replace(waker);
        drop(channel);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let waker = self.channel.lock().unwrap().waker.take();
        drop(waker);
    }
}

/// A wait on a channel that an event changes. With the defect, the change wakes nothing.
fn changed_by_event(
    channel: fn() -> Channel,
    ready: fn(&Channel) -> bool,
    change: fn(&mut Channel),
    fixed: bool,
) -> Check<()> {
    check(move || {
        let channel = Arc::new(Mutex::new(channel()));
        let other = channel.clone();
        event(move || {
            let mut channel = other.lock().unwrap();
            change(&mut channel);
            let waker = if fixed { channel.waker.take() } else { None };
            drop(channel);
            wake(waker);
        });
        Wait { channel, ready }
    })
}

/// One of the handles that keep the other side open. With the defect, dropping the last one wakes nothing.
struct Handle {
    others: Arc<()>,
    closed: Arc<Signal>,
    fixed: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if Arc::strong_count(&self.others) > 1 {
            return;
        }
        if self.fixed {
            self.closed.set();
        } else {
            self.closed.lock().set = true;
        }
    }
}

/// Streams that wait for a connection.
#[derive(Default)]
struct Streams {
    rejected: bool,
    blocked_readers: HashMap<u32, Waker>,
}

/// Reads from one of them.
struct Read(Arc<Mutex<Streams>>, u32);

impl Future for Read {
    type Output = Result<(), &'static str>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let mut streams = self.0.lock().unwrap();
        if streams.rejected {
            return Poll::Ready(Err("0-RTT rejected"));
        }
        let old = streams.blocked_readers.insert(self.1, waker);
        drop(streams);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        let waker = self.0.lock().unwrap().blocked_readers.remove(&self.1);
        drop(waker);
    }
}

bugs! {
    /// `Signal::reset` drops the waker of the task that waits, so that a later `signal` wakes nothing.
    embassy_4598("embassy#4598", [LostWakeUp]): |fixed| check(move || {
        let signal = Arc::new(Signal::default());
        let (reset, set) = (signal.clone(), signal.clone());
        event(move || {
            if !fixed {
                reset.forget();
            }
            reset.lock().set = false;
        });
        event(move || set.set());
        waiting_for(signal, |signal, context| signal.poll(context))
    });

    /// `clear` makes room in a full channel, and does not wake the sender that waits for it.
    embassy_3807("embassy#3807", [LostWakeUp]): |fixed| changed_by_event(
        Channel::default,
        |channel| channel.free > 0,
        |channel| channel.free = 3,
        fixed,
    );

    /// Dropping the sender of a oneshot channel does not wake its receiver.
    postage_44("postage#44", [LostWakeUp]): |fixed| check(move || {
        let closed = Arc::new(Signal::default());
        let sender = Handle { others: Arc::default(), closed: closed.clone(), fixed };
        event(move || drop(sender));
        waiting_for(closed, |closed, context| closed.poll(context))
    });

    /// A closed channel ends when the last permit is returned. A permit that is dropped unused does not wake the
    /// receiver.
    tokio_2854("tokio#2854", [LostWakeUp]): |fixed| changed_by_event(
        || Channel { closed: true, in_flight: 1, ..Channel::default() },
        |channel| channel.closed && channel.in_flight == 0,
        |channel| channel.in_flight -= 1,
        fixed,
    );

    /// The same with a queued reservation of several permits, which returns those that it has when it is dropped.
    tokio_8260("tokio#8260", [LostWakeUp]): |fixed| check(move || {
        let channel = Channel { closed: true, in_flight: 3, ..Channel::default() };
        let channel = Arc::new(Mutex::new(channel));
        let (permit, reservation) = (channel.clone(), channel.clone());
        event(move || {
            let mut channel = permit.lock().unwrap();
            channel.in_flight -= 1;
        });
        event(move || {
            let mut channel = reservation.lock().unwrap();
            channel.in_flight -= 2;
            let waker = if fixed { channel.waker.take() } else { None };
            drop(channel);
            wake(waker);
        });
        Wait { channel, ready: |channel| channel.closed && channel.in_flight == 0 }
    });

    /// Dropping the last `SendRequest` does not wake the connection, which has nothing left to do.
    h2_538("h2#538", [LostWakeUp]): |fixed| check(move || {
        let (others, closed) = (Arc::new(()), Arc::new(Signal::default()));
        for others in [others.clone(), others] {
            let handle = Handle { others, closed: closed.clone(), fixed };
            event(move || drop(handle));
        }
        waiting_for(closed, |closed, context| closed.poll(context))
    });

    /// The peer rejects early data. The streams that it has blocked are not woken.
    quinn_1905("quinn#1905", [LostWakeUp]): |fixed| check(move || {
        let streams: Arc<Mutex<Streams>> = Arc::default();
        let other = streams.clone();
        event(move || {
            let mut streams = other.lock().unwrap();
            streams.rejected = true;
            let blocked = if fixed { std::mem::take(&mut streams.blocked_readers) } else { HashMap::new() };
            drop(streams);
            blocked.into_values().for_each(Waker::wake);
        });
        Read(streams, 0)
    });

    /// A broken connection is returned to the pool. The pool does not replace it, so that the next user waits for ever.
    bb8_167("bb8#167", [NeverReady, LostWakeUp]): |fixed| changed_by_event(
        || Channel { in_flight: 1, ..Channel::default() },
        |pool| pool.free > 0,
        if fixed {
            |pool: &mut Channel| (pool.in_flight, pool.free) = (0, 1)
        } else {
            |pool: &mut Channel| pool.in_flight = 0
        },
        fixed,
    ).time_limit(Duration::from_secs(2));

    /// A request is in the buffer of a sink, which is not flushed. The peer answers what it has received.
    chromiumoxide_179("chromiumoxide#179", [NeverReady, LostWakeUp]): |fixed| check(move || {
        let answer = Arc::new(Signal::default());
        let peer = answer.clone();
        let mut is_buffered = true;
        waiting_for(answer, move |answer, context| {
            if fixed && std::mem::take(&mut is_buffered) {
                // The flush: the peer receives the request, and answers.
                peer.set();
            }
            answer.poll(context)
        })
    }).time_limit(Duration::from_secs(2));
}
