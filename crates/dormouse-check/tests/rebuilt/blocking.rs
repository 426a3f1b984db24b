//! A poll blocks its thread.

use crate::bugs;
use crate::parts::{Signal, waiting};
use dormouse_check::{Kind, check, check_stream};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, Stream, StreamExt};
use rustix::time::{ClockId, clock_gettime};
use std::future::poll_fn;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Set when a child was woken.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Polls its child until it is not woken any more, in one poll.
struct Loops {
    child: BoxFuture<'static, ()>,
}

impl Stream for Loops {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<()>> {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        while flag.0.swap(false, SeqCst) {
            if self.child.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return Poll::Ready(None);
            }
        }
        Poll::Pending
    }
}

/// Computes for half a millisecond, however long the thread waits for a CPU.
fn compute() {
    let cpu_time = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let start = cpu_time();
    while cpu_time() < start + Duration::from_micros(500) {}
}

/// Yields 60 times, after half a millisecond of computation each time.
fn yields() -> BoxFuture<'static, ()> {
    let mut left = 60;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        compute();
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .boxed()
}

/// The result of a dialog, which its thread locks for as long as the dialog is open.
struct Dialog {
    answer: Mutex<Option<u32>>,
    closed: Signal,
}

/// Waits for the answer.
struct AskDialog(Arc<Dialog>);

impl Future for AskDialog {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        let _ = self.0.closed.poll(context);
        match *self.0.answer.lock().unwrap() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}

impl Drop for AskDialog {
    fn drop(&mut self) {
        self.0.closed.forget();
    }
}

bugs! {
    /// A combinator polls a child that yields in a loop, as `FuturesUnordered` once did.
    futures_2049("futures#2049, tokio#2390", [BlockingPoll, BusyWake]): |fixed| check_stream(move || {
        if fixed {
            return [yields()].into_iter().collect::<FuturesUnordered<_>>().boxed();
        }
        Loops { child: yields() }.boxed()
    });

    /// `read_to_end` on a socket that blocks.
    weldr_3("weldr#3", [BlockingPoll]): |fixed| check(move || {
        let (mut local, peer) = UnixStream::pair().expect("failed to create a socket pair");
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            drop(peer);
        });
        async move {
            if fixed {
                dormouse::sleep(Duration::from_millis(35)).await;
            }
            local.read_to_end(&mut Vec::new()).is_ok()
        }
    }).allow(Kind::ThreadLeft);

    /// `thread::sleep` in an `async fn`.
    bounty_18362("bounty#18362", [BlockingPoll]): |fixed| check(move || async move {
        dormouse::sleep(Duration::from_millis(1)).await;
        if fixed {
            dormouse::sleep(Duration::from_millis(50)).await;
        } else {
            std::thread::sleep(Duration::from_millis(50));
        }
    });

    /// A loop over pending requests goes on while there are peers left, also if no request is pending.
    nimiq_2714("nimiq/core-rs-albatross#2714", [BlockingPoll]): |fixed| check(move || {
        let stop = Instant::now() + Duration::from_secs(6);
        waiting(move |peers, context| {
            while peers.poll(context).is_pending() {
                if fixed {
                    return Poll::Pending;
                }
                // Without this, a test could not end.
                if Instant::now() > stop {
                    return Poll::Pending;
                }
            }
            Poll::Ready(())
        })
    }).time_limit(Duration::from_secs(5));

    /// A dialog's thread holds the lock of the result while the dialog is open. The first poll waits for it.
    rfd_191("rfd#191", [BlockingPoll]): |fixed| check(move || {
        let dialog = Arc::new(Dialog { answer: Mutex::new(None), closed: Signal::default() });
        let other = dialog.clone();
        let (opened, is_open) = mpsc::channel();
        std::thread::spawn(move || {
            let answer = if fixed { None } else { Some(other.answer.lock().unwrap()) };
            let _ = opened.send(());
            std::thread::sleep(Duration::from_millis(40));
            match answer {
                Some(mut answer) => *answer = Some(7),
                None => *other.answer.lock().unwrap() = Some(7),
            }
            other.closed.set();
        });
        let _ = is_open.recv();
        AskDialog(dialog)
    }).allow(Kind::ThreadLeft);

    /// A poll that spins until the event.
    spins("pattern: a poll that spins until its event", [BlockingPoll]): |fixed| check(move || {
        let stop = Instant::now() + Duration::from_secs(6);
        waiting(move |signal, context| {
            while !fixed && !signal.lock().set && Instant::now() < stop {
                std::hint::spin_loop();
            }
            signal.poll(context)
        })
    }).time_limit(Duration::from_secs(5));
}
