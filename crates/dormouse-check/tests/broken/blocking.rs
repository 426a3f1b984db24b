//! A poll holds its thread.

use crate::cases;
use dormouse_check::{Kind::BlockingPoll, check};
use rustix::time::{ClockId, clock_gettime};
use std::future::poll_fn;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_millis(25);

/// Computes for as long, however often it is interrupted.
fn work() {
    let cpu = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let start = cpu();
    while cpu() < start + LONG {}
}

cases! {
    /// The classic.
    sleeps_with_its_thread: [BlockingPoll], check(|| async { thread::sleep(LONG) });
    /// After a sleep that is right.
    sleeps_in_its_second_poll: [BlockingPoll], check(|| async {
        dormouse::sleep(Duration::from_millis(2)).await;
        thread::sleep(LONG);
    });
    /// Work that is not done in pieces.
    computes_for_long: [BlockingPoll], check(|| async { work() });
    /// A channel for threads, in a future.
    receives_from_a_channel_of_std: [BlockingPoll], check(|| async {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            thread::sleep(LONG);
            sender.send(7)
        });
        let received = receiver.recv();
        let _ = thread.join();
        received
    });
    /// An executor inside of an executor.
    blocks_on_another_future: [BlockingPoll], check(|| {
        poll_fn(|_| {
            dormouse::block_on(dormouse::sleep(LONG));
            Poll::Ready(())
        })
    });
}
