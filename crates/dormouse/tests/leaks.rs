//! What timers and fds that are made, used and dropped a million times leave behind: nothing. Each reactor in a process
//! of its own, since the process is what is measured.
#![cfg(target_os = "linux")]

mod common;

use common::{Count, MS, fds, poll, threads};
use dormouse::io::{AsyncFd, Interest};
use dormouse::sleep;
use dormouse::time::Instant;
use futures::future::join_all;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

each_in_a_process_of_its_own! {
    on_the_builtin_reactor
    on_async_io
}

#[cfg(feature = "tokio")]
each_in_a_process_of_its_own! {
    on_tokio_current_thread
    on_tokio_multi_thread
    on_tokio_without_io
    tokio_runtimes_that_come_and_go
}

const ROUNDS: usize = 1000;
/// Sleeps a round.
const SLEEPS: u32 = 1000;
const HOUR: Duration = Duration::from_secs(3600);

/// What a process has.
#[derive(Clone, Copy, Debug)]
struct Held {
    allocations: usize,
    bytes: usize,
    fds: usize,
    threads: usize,
}

impl Held {
    fn now() -> Held {
        let (fds, threads) = (fds(), threads().len());
        let stats = ALLOCATOR.stats();
        Held {
            allocations: stats.allocations - stats.deallocations,
            bytes: stats.bytes_allocated - stats.bytes_deallocated,
            fds,
            threads,
        }
    }

    /// Some allocations are the business of others, of the test harness and of executors; and a buffer may
    /// have grown to what a busier moment needed. A byte each time would be a million.
    fn is_at_most(&self, before: &Held) {
        let no_more = self.allocations <= before.allocations + 100
            && self.bytes <= before.bytes + 300_000
            && self.fds <= before.fds
            && self.threads <= before.threads;
        assert!(no_more, "{before:?} has become {self:?}");
    }
}

/// Sleeps that fire, that are dropped, and that are dropped after they were moved.
async fn sleeps(waker: &Waker) {
    let mut dropped = Vec::new();
    let mut fire = Vec::new();
    for n in 0..SLEEPS {
        let mut sleep = sleep(if n % 4 == 0 { n * MS / SLEEPS } else { HOUR + n * MS });
        let _ = poll(&mut sleep, waker);
        match n % 4 {
            0 => fire.push(sleep),
            1 => dropped.push(sleep),
            2 => sleep.reset(Instant::now() + n * MS / SLEEPS),
            _ => sleep.reset(Instant::now() + HOUR),
        }
    }
    join_all(fire).await;
}

async fn fd() {
    let (mine, mut other) = UnixStream::pair().unwrap();
    mine.set_nonblocking(true).unwrap();
    let mine = AsyncFd::new(mine).unwrap();
    let mut buffer = [0; 8];
    let mut read = Box::pin(mine.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)));
    assert!(futures::poll!(&mut read).is_pending());
    other.write_all(b"dormouse").unwrap();
    assert_eq!(read.await.unwrap(), 8);
    assert!(futures::poll!(Box::pin(mine.readable())).is_ready());
}

async fn a_million_leave_nothing_behind() {
    let (count, waker) = Count::new();
    let mut before = None;
    for round in 0..ROUNDS + ROUNDS / 10 {
        if round == ROUNDS / 10 {
            // By now, all is there that is meant to stay.
            before = Some(Held::now());
        }
        sleeps(&waker).await;
        for _ in 0..10 {
            fd().await;
        }
    }
    // A queue may still hold the waker that it has just called.
    sleep(50 * MS).await;
    Held::now().is_at_most(&before.unwrap());
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1, "wakers are left");
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn on_the_builtin_reactor() {
        dormouse::block_on(a_million_leave_nothing_behind());
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn on_async_io() {
        smol::block_on(a_million_leave_nothing_behind());
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn on_tokio_current_thread() {
        common::current_thread().block_on(a_million_leave_nothing_behind());
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn on_tokio_multi_thread() {
        let runtime = common::multi_thread();
        runtime.block_on(runtime.spawn(a_million_leave_nothing_behind())).unwrap();
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn on_tokio_without_io() {
        common::without_io().block_on(a_million_leave_nothing_behind());
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn tokio_runtimes_that_come_and_go() {
        let (count, waker) = Count::new();
        let mut before = None;
        for round in 0..330 {
            if round == 30 {
                before = Some(Held::now());
            }
            let mut outlives: dormouse::time::Sleep = sleep(HOUR);
            let runtime =
                if round % 2 == 0 { common::current_thread() } else { common::multi_thread() };
            runtime.block_on(async {
                let _ = poll(&mut outlives, &waker);
                sleeps(&waker).await;
                fd().await;
            });
            drop(runtime);
        }
        std::thread::sleep(50 * MS);
        Held::now().is_at_most(&before.unwrap());
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1, "wakers are left");
    }
}
