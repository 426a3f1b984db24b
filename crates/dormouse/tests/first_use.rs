//! The threads and fds that the first use of the crate creates. The only test in its file, because the tests of a file
//! share a process.

mod common;

use common::{Count, MS, TEST_TIMEOUT, fds, poll, threads};
use dormouse::{sleep, sleep_until, time::Instant, timeout};
#[cfg(feature = "tokio")]
use {
    dormouse::io::{AsyncFd, Interest, Ready},
    std::io::Write,
    std::net::Shutdown,
    std::os::unix::net::UnixStream,
};

use std::task::Poll;
use std::time::Duration;

/// The number of reactor threads.
fn reactor_threads() -> usize {
    threads().iter().filter(|name| ["dormouse", "async-io"].contains(&name.as_str())).count()
}

/// Waits for a timer: the long sleep is pending however late this thread polls it.
async fn wait() {
    assert!(timeout(2 * MS, sleep(Duration::from_secs(3600))).await.is_err());
}

#[test]
fn threads_and_fds_are_created_when_first_needed_and_only_once() {
    let before = fds();

    // A sleep that is ready at its first poll creates nothing, nor does one that is not polled.
    let (_, waker) = Count::new();
    assert_eq!(poll(&mut sleep(Duration::ZERO), &waker), Poll::Ready(()));
    assert_eq!(poll(&mut sleep_until(Instant::now() - MS), &waker), Poll::Ready(()));
    let unpolled = sleep(Duration::from_secs(1));
    let _ = dormouse::reactor::Reactor::current();
    assert_eq!((reactor_threads(), fds()), (0, before));
    drop(unpolled);

    // Inside tokio, no thread is started.
    #[cfg(feature = "tokio")]
    {
        let runtime = common::current_thread();
        runtime.block_on(wait());
        assert_eq!(reactor_threads(), 0, "{:?}", threads());
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
        assert_eq!(reactor_threads(), 0, "{:?}", threads());
    }

    // Outside, one thread is started, however often the crate is used.
    let start = std::time::Instant::now();
    for _ in 0..3 {
        dormouse::block_on(wait());
        // A thread has the name of its parent until it has run for the first time.
        while reactor_threads() == 0 && start.elapsed() < TEST_TIMEOUT {
            std::thread::sleep(MS);
        }
        assert_eq!(reactor_threads(), 1, "{:?}", threads());
    }
    let started = fds();
    for _ in 0..100 {
        std::thread::spawn(|| dormouse::block_on(sleep(MS))).join().unwrap();
    }
    assert_eq!((reactor_threads(), fds()), (1, started));
}
