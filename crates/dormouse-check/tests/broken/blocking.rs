//! Futures that block the thread in `poll`.

use crate::cases;
use dormouse_check::{Kind::BlockingPoll, check};
use rustix::time::{ClockId, clock_gettime};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_millis(25);

/// Uses `LONG` of CPU time, however often the thread is preempted.
fn compute() {
    let cpu_time = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let start = cpu_time();
    while cpu_time() < start + LONG {}
}

/// Its destructor sleeps.
struct SleepsOnDrop(Pin<Box<dyn Future<Output = ()> + Send>>);

impl SleepsOnDrop {
    fn new() -> SleepsOnDrop {
        SleepsOnDrop(Box::pin(dormouse::sleep(Duration::from_millis(2))))
    }
}

impl Future for SleepsOnDrop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl Drop for SleepsOnDrop {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(25));
    }
}

cases! {
    /// `thread::sleep` in the first poll.
    calls_thread_sleep: [BlockingPoll], check(|| async { thread::sleep(LONG) });
    /// `thread::sleep` after an async sleep.
    calls_thread_sleep_in_its_second_poll: [BlockingPoll], check(|| async {
        dormouse::sleep(Duration::from_millis(2)).await;
        thread::sleep(LONG);
    });
    /// A long computation that does not yield.
    computes_without_yielding: [BlockingPoll], check(|| async { compute() });
    /// A blocking channel.
    receives_from_an_std_channel: [BlockingPoll], check(|| async {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            thread::sleep(LONG);
            sender.send(7)
        });
        let received = receiver.recv();
        let _ = thread.join();
        received
    });
    /// A nested executor.
    blocks_on_another_future: [BlockingPoll], check(|| {
        poll_fn(|_| {
            dormouse::block_on(dormouse::sleep(LONG));
            Poll::Ready(())
        })
    });
    /// It blocks its thread when it is dropped.
    sleeps_in_its_destructor: [BlockingPoll], check(SleepsOnDrop::new);
}
