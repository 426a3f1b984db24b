//! The threads and fds that the first use of the crate creates. The only test in its file, because the tests of a file
//! share a process.
#![cfg(unix)]

mod common;

use common::{Count, MS, fds, poll, thread_ids};
use dormouse::{sleep, sleep_until, time::Instant, timeout};
#[cfg(feature = "tokio")]
use {
    dormouse::io::{AsyncFd, Interest, Ready},
    futures::stream::{FuturesUnordered, StreamExt},
    std::io::Write,
    std::net::Shutdown,
    std::os::unix::net::UnixStream,
    tokio::task::{LocalSet, spawn_local, unconstrained},
};

use std::task::Poll;
use std::time::Duration;

/// Waits for a timer: the long sleep is pending however late this thread polls it.
async fn wait() {
    assert!(timeout(2 * MS, sleep(Duration::from_secs(3600))).await.is_err());
}

/// Waits in a task and outside of one, with tokio's waker and another, with a coop budget and without.
#[cfg(feature = "tokio")]
async fn wait_in_many_ways() {
    let with_another_waker = || FuturesUnordered::from_iter([wait()]).count();
    wait().await;
    unconstrained(wait()).await;
    with_another_waker().await;
    unconstrained(with_another_waker()).await;
    tokio::spawn(unconstrained(with_another_waker())).await.unwrap();
    LocalSet::new().run_until(async { spawn_local(wait()).await.unwrap() }).await;
}

#[test]
fn threads_and_fds_are_created_when_first_needed_and_only_once() {
    let (threads, before) = (thread_ids(), fds());
    // Threads are counted by id, because a new thread has the name of its parent until it runs.
    let started_threads = || thread_ids().difference(&threads).count();

    // A sleep that is ready at its first poll creates nothing, nor does one that is not polled.
    let (_, waker) = Count::new();
    assert_eq!(poll(&mut sleep(Duration::ZERO), &waker), Poll::Ready(()));
    assert_eq!(poll(&mut sleep_until(Instant::now() - MS), &waker), Poll::Ready(()));
    let unpolled = sleep(Duration::from_secs(1));
    let _ = dormouse::reactor::Reactor::current();
    assert_eq!((started_threads(), fds()), (0, before));
    drop(unpolled);

    // Inside tokio, no thread is started, except where that thread waits for the deadlines.
    let expected = usize::from(!common::IS_LINUX);
    #[cfg(feature = "tokio")]
    {
        let runtime = common::current_thread();
        runtime.block_on(wait_in_many_ways());
        assert_eq!(started_threads(), expected, "{:?}", common::threads());
        // Nor for a connection that the peer has shut down for writing and whose send buffer is full.
        runtime.block_on(async {
            let (socket, peer) = UnixStream::pair().unwrap();
            let socket = AsyncFd::new(socket).unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            drop(socket.readable().await.unwrap());
            let mut guard = socket.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
            while socket.get_ref().write(&[0; 4096]).is_ok() {}
            guard.clear_ready_matching(Ready::WRITABLE);
            let write = socket.async_io(Interest::WRITABLE, |mut socket| socket.write(&[0]));
            assert!(timeout(5 * MS, write).await.is_err());
        });
        assert_eq!(started_threads(), expected, "{:?}", common::threads());
    }

    // The same in `block_on`.
    for _ in 0..3 {
        dormouse::block_on(wait());
        assert_eq!(started_threads(), expected, "{:?}", common::threads());
    }

    // Outside, one thread is started, however often the crate is used.
    for _ in 0..3 {
        futures::executor::block_on(wait());
        assert_eq!(started_threads(), 1, "{:?}", common::threads());
    }
    let (reactor, started) = (&thread_ids() - &threads, fds());
    for _ in 0..100 {
        std::thread::spawn(|| dormouse::block_on(sleep(MS))).join().unwrap();
    }
    assert_eq!((&thread_ids() - &threads, fds()), (reactor, started));
}
