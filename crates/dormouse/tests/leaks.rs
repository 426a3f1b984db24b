//! A million timers and ten thousand fds are created, used and dropped without a leak. Each reactor has a child process,
//! because the memory, fds and threads of the whole process are measured.
#![cfg(target_os = "linux")]

mod common;

use common::{Count, MS, TEST_TIMEOUT, fds, poll, thread_ids};
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

each_in_a_child_process! {
    nothing_leaks_on_the_builtin_reactor
    nothing_leaks_on_async_io
}

#[cfg(feature = "tokio")]
each_in_a_child_process! {
    nothing_leaks_on_tokio_current_thread
    nothing_leaks_on_tokio_multi_thread
    nothing_leaks_on_tokio_without_io
    nothing_leaks_when_tokio_runtimes_are_created_and_dropped
}

const ROUNDS: usize = 1000;
/// Sleeps per round.
const SLEEPS: u32 = 1000;
const HOUR: Duration = Duration::from_secs(3600);

/// The resources of the process.
#[derive(Clone, Copy, Debug)]
struct Resources {
    allocations: usize,
    bytes: usize,
    fds: usize,
    threads: usize,
}

impl Resources {
    fn now() -> Resources {
        let (fds, threads) = (fds(), thread_ids().len());
        let stats = ALLOCATOR.stats();
        Resources {
            allocations: stats.allocations - stats.deallocations,
            bytes: stats.bytes_allocated - stats.bytes_deallocated,
            fds,
            threads,
        }
    }

    /// The limits leave room for allocations of the test harness and the executors, and for buffers that have grown. A
    /// leak of one byte per sleep would be a million bytes.
    fn are_at_most(&self, before: &Resources) -> bool {
        self.allocations <= before.allocations + 100
            && self.bytes <= before.bytes + 300_000
            && self.fds <= before.fds
            && self.threads <= before.threads
    }
}

/// Sleeps that fire, that are dropped, and that are dropped after a reset.
async fn use_sleeps(waker: &Waker) {
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

async fn use_fd() {
    let (local, mut peer) = UnixStream::pair().unwrap();
    local.set_nonblocking(true).unwrap();
    let local = AsyncFd::new(local).unwrap();
    let mut buffer = [0; 8];
    let mut read = Box::pin(local.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)));
    assert!(futures::poll!(&mut read).is_pending());
    peer.write_all(b"dormouse").unwrap();
    assert_eq!(read.await.unwrap(), 8);
    // Ready at once, unless the coop budget is spent: on a slow machine, many rounds run in one poll.
    drop(local.readable().await.unwrap());
}

async fn assert_no_leaks() {
    let (count, waker) = Count::new();
    let mut before = None;
    for round in 0..ROUNDS + ROUNDS / 10 {
        if round == ROUNDS / 10 {
            // By now, everything permanent is allocated.
            before = Some(Resources::now());
        }
        use_sleeps(&waker).await;
        for _ in 0..10 {
            use_fd().await;
        }
    }
    drop(waker);
    assert_all_is_freed(&before.unwrap(), &count);
}

/// What is not leaked is freed soon: a queue may still hold a waker that it has just called, and a thread of a runtime may
/// not have ended.
fn assert_all_is_freed(before: &Resources, count: &Arc<Count>) {
    let start = std::time::Instant::now();
    while !Resources::now().are_at_most(before) || Arc::strong_count(count) > 1 {
        if start.elapsed() > TEST_TIMEOUT {
            let wakers = Arc::strong_count(count) - 1;
            panic!("{before:?} before, {:?} after; {wakers} wakers are stored", Resources::now());
        }
        std::thread::sleep(MS);
    }
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn nothing_leaks_on_the_builtin_reactor() {
        dormouse::block_on(assert_no_leaks());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn nothing_leaks_on_async_io() {
        smol::block_on(assert_no_leaks());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn nothing_leaks_on_tokio_current_thread() {
        common::current_thread().block_on(assert_no_leaks());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn nothing_leaks_on_tokio_multi_thread() {
        let runtime = common::multi_thread();
        runtime.block_on(runtime.spawn(assert_no_leaks())).unwrap();
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn nothing_leaks_on_tokio_without_io() {
        common::without_io().block_on(assert_no_leaks());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn nothing_leaks_when_tokio_runtimes_are_created_and_dropped() {
        let (count, waker) = Count::new();
        let mut before = None;
        for round in 0..330 {
            if round == 30 {
                before = Some(Resources::now());
            }
            let mut outlives: dormouse::time::Sleep = sleep(HOUR);
            let runtime =
                if round % 2 == 0 { common::current_thread() } else { common::multi_thread() };
            runtime.block_on(async {
                let _ = poll(&mut outlives, &waker);
                use_sleeps(&waker).await;
                use_fd().await;
            });
            drop(runtime);
        }
        drop(waker);
        assert_all_is_freed(&before.unwrap(), &count);
    }
}
