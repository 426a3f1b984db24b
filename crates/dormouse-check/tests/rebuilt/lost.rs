//! A future returns `Pending`, and has left its waker nowhere.

use crate::bugs;
use crate::parts::{Signal, waiting};
use dormouse_check::{check, check_stream, event};
use futures::stream::{self, FuturesUnordered};
use futures::{Stream, StreamExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// What an HTTP/2 stream has received.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Data,
    Trailers,
}

#[derive(Default)]
struct Received {
    frames: VecDeque<Frame>,
    waker: Option<Waker>,
}

impl Received {
    /// Replaces the frames, and wakes the reader.
    fn replace(received: &Mutex<Received>, frames: &[Frame]) {
        let mut locked = received.lock().unwrap();
        locked.frames = frames.iter().copied().collect();
        let waker = locked.waker.take();
        drop(locked);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits for the trailers. With the defect, it registers no waker while data are in front of them.
struct Trailers {
    received: Arc<Mutex<Received>>,
    fixed: bool,
}

impl Future for Trailers {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut received = self.received.lock().unwrap();
        let front = received.frames.front().copied();
        if front == Some(Frame::Trailers) {
            return Poll::Ready(());
        }
        let mut old = None;
        if front.is_none() || self.fixed {
            old = received.waker.replace(waker);
        }
        drop(received);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Trailers {
    fn drop(&mut self) {
        let waker = self.received.lock().unwrap().waker.take();
        drop(waker);
    }
}

/// Decodes a message from two chunks. With the defect, it returns `Pending` after the first chunk.
struct Decoder<S> {
    chunks: S,
    decoded: usize,
    fixed: bool,
}

impl<S: Stream<Item = u32> + Unpin> Stream for Decoder<S> {
    type Item = usize;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<usize>> {
        loop {
            match self.chunks.poll_next_unpin(context) {
                Poll::Ready(Some(_)) => self.decoded += 1,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
            if self.decoded == 2 {
                self.decoded = 0;
                return Poll::Ready(Some(2));
            }
            if !self.fixed {
                return Poll::Pending;
            }
        }
    }
}

bugs! {
    /// `wait_for` is created, polled and dropped in each poll. The dropped future has removed the waker.
    start9_3432("Start9#3432", [LostWakeUp]): |fixed| check(move || {
        let (sender, mut receiver) = tokio::sync::watch::channel(0);
        event(move || {
            let _ = sender.send(1);
        });
        async move {
            if fixed {
                return receiver.wait_for(|value| *value == 1).await.is_ok();
            }
            poll_fn(move |context| {
                let wait = pin!(receiver.wait_for(|value| *value == 1));
                wait.poll(context).map(|result| result.is_ok())
            })
            .await
        }
    });

    /// A sleep is created, polled and dropped in each poll.
    monad_bft_1750("monad-bft#1750", [LostWakeUp]): |fixed| check(move || {
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut kept = dormouse::sleep(Duration::from_millis(5));
        poll_fn(move |context| {
            if fixed {
                return Pin::new(&mut kept).poll(context);
            }
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            let mut sleep = dormouse::sleep(Duration::from_millis(5));
            let _ = Pin::new(&mut sleep).poll(context);
            Poll::Pending
        })
    });

    /// The interval has ticked. `Pending` is returned without polling it for its next tick.
    reth_2276("reth#2276", [LostWakeUp]): |fixed| check(move || {
        let mut interval = dormouse::interval(Duration::from_millis(2));
        let mut ticks = 0;
        poll_fn(move |context| {
            while interval.poll_next_unpin(context).is_ready() {
                ticks += 1;
                if ticks == 3 {
                    return Poll::Ready(());
                }
                if !fixed {
                    break;
                }
            }
            Poll::Pending
        })
    });

    /// `poll_trailers` registers no waker while another frame is in front.
    h2_931("h2#931", [LostWakeUp]): |fixed| check(move || {
        let received: Arc<Mutex<Received>> = Arc::default();
        let (data, trailers) = (received.clone(), received.clone());
        event(move || Received::replace(&data, &[Frame::Data]));
        event(move || Received::replace(&trailers, &[Frame::Trailers]));
        Trailers { received, fixed }
    });

    /// `recv_poll` looks into the queue, and ignores the context.
    chatmail_1922("chatmail#1922", [LostWakeUp]): |fixed| check(move || {
        waiting(move |signal, context| {
            if fixed {
                return signal.poll(context);
            }
            if signal.lock().set { Poll::Ready(()) } else { Poll::Pending }
        })
    });

    /// A decoder has read a part of a message, and returns `Pending` although its source is not pending.
    rusoto_1790("rusoto#1790", [LostWakeUp]): |fixed| check_stream(move || {
        Decoder { chunks: stream::iter([1, 2, 3, 4]), decoded: 0, fixed }
    });

    /// A join handle relies on the executor, which polls all tasks again. `FuturesUnordered` polls what is woken.
    shuttle_105("shuttle#105", [LostWakeUp, NeverReady]): |fixed| check(move || {
        let handles: FuturesUnordered<_> = [waiting(move |signal: &Signal, context| {
            if fixed {
                return signal.poll(context);
            }
            if signal.lock().set { Poll::Ready(()) } else { Poll::Pending }
        })]
        .into_iter()
        .collect();
        async move { handles.collect::<Vec<_>>().await.len() }
    });

    /// `poll_write` registers its waker. `poll_flush` returns `Pending` during the handshake, and does not.
    rustls_tokio_stream_18("rustls-tokio-stream#18", [LostWakeUp]): |fixed| check(move || {
        let mut written = false;
        waiting(move |handshake, context| {
            if !std::mem::replace(&mut written, true) {
                // `poll_write`: the data fit into a buffer.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if fixed {
                return handshake.poll(context);
            }
            if handshake.lock().set { Poll::Ready(()) } else { Poll::Pending }
        })
    });
}
