//! What the first use of the crate does to the process. Alone in its file: the tests of a file share
//! a process.

mod common;

use common::{Count, MS, fds, poll, threads};
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

fn ours() -> usize {
    threads().iter().filter(|name| ["dormouse", "async-io"].contains(&name.as_str())).count()
}

/// However late this thread polls, for one of the two there is something to wait for.
async fn wait() {
    assert!(timeout(2 * MS, sleep(Duration::from_secs(3600))).await.is_err());
}

#[test]
fn nothing_starts_before_it_is_needed_and_nothing_twice() {
    let before = fds();

    // Sleeps that are over at once need nothing from the system.
    let (_, waker) = Count::new();
    assert_eq!(poll(&mut sleep(Duration::ZERO), &waker), Poll::Ready(()));
    assert_eq!(poll(&mut sleep_until(Instant::now() - MS), &waker), Poll::Ready(()));
    let unpolled = sleep(Duration::from_secs(1));
    let _ = dormouse::reactor::Reactor::current();
    assert_eq!((ours(), fds()), (0, before));
    drop(unpolled);

    // Inside tokio: no thread.
    #[cfg(feature = "tokio")]
    {
        let runtime = common::current_thread();
        runtime.block_on(wait());
        assert_eq!(ours(), 0, "{:?}", threads());
        // Nor for a connection whose other side has finished, and that is full.
        runtime.block_on(async {
            let (socket, peer) = UnixStream::pair().unwrap();
            let socket = AsyncFd::new(socket).unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            drop(socket.readable().await.unwrap());
            let mut guard = socket.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
            while socket.get_ref().write(&[0; 4096]).is_ok() {}
            guard.clear_ready_matching(Ready::WRITABLE);
            assert!(timeout(5 * MS, socket.writable()).await.is_err());
        });
        assert_eq!(ours(), 0, "{:?}", threads());
    }

    // Outside: one, however often.
    for _ in 0..3 {
        dormouse::block_on(wait());
        assert_eq!(ours(), 1, "{:?}", threads());
    }
    let started = fds();
    for _ in 0..100 {
        std::thread::spawn(|| dormouse::block_on(sleep(MS))).join().unwrap();
    }
    assert_eq!((ours(), fds()), (1, started));
}
