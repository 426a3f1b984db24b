//! Ten thousand idle connections on the builtin reactor, in a child process because they take 20,000 fds.
#![cfg(target_os = "linux")]

mod common;

use common::{BOTH, MS, cpu_time, pending_for};
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use futures::future::lazy;
use futures::poll;
use futures::stream::{FuturesUnordered, StreamExt};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

each_in_a_child_process! { ten_thousand_idle_connections_use_no_cpu_time_and_each_is_served }

const CONNECTIONS: usize = 10_000;
/// One connection in a hundred receives data.
const ACTIVE_EVERY: usize = 100;

/// Raises the limit of open fds to the maximum, and returns it.
fn raise_fd_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |most| most as usize)
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn ten_thousand_idle_connections_use_no_cpu_time_and_each_is_served() {
        let count = CONNECTIONS.min((raise_fd_limit() - 100) / 2);
        // Creates the permanent fds of the reactor and the timers.
        dormouse::init().unwrap();
        dormouse::block_on(lazy(|_| drop(pending_for(MS, Waker::noop()))));
        let fds_before = common::fds();
        let mut peers = Vec::new();
        let waits = FuturesUnordered::new();
        let polled = Arc::new(AtomicUsize::new(0));
        for nth in 0..count {
            let (local, peer) = UnixStream::pair().unwrap();
            let local = AsyncFd::new_on(&Reactor::builtin(), local, BOTH).unwrap();
            peers.push(peer);
            let polled = polled.clone();
            waits.push(async move {
                let mut buffer = [0; 16];
                let mut read =
                    pin!(local.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)));
                assert!(poll!(&mut read).is_pending());
                polled.fetch_add(1, Ordering::SeqCst);
                (nth, read.await.unwrap())
            });
        }
        let receive = async move {
            let mut waits = waits;
            let mut received = Vec::new();
            let idle = async {
                while polled.load(Ordering::SeqCst) < count {
                    sleep(MS).await;
                }
                let before = cpu_time();
                sleep(200 * MS).await;
                let idle = cpu_time() - before;
                for peer in peers.iter_mut().step_by(ACTIVE_EVERY) {
                    peer.write_all(b"hello").unwrap();
                }
                // The end of a stream is an event too.
                sleep(20 * MS).await;
                drop(peers);
                idle
            };
            let (idle, ()) = futures::join!(idle, async {
                while let Some(next) = waits.next().await {
                    received.push(next);
                }
            });
            (idle, received)
        };
        let (idle, mut received) = common::within_time(|| dormouse::block_on(receive));
        assert!(idle < 20 * MS, "{idle:?} of CPU time in 200 ms without an event");
        received.sort_unstable();
        let expected: Vec<_> =
            (0..count).map(|nth| (nth, if nth % ACTIVE_EVERY == 0 { 5 } else { 0 })).collect();
        assert_eq!(received, expected);
        assert_eq!(common::fds(), fds_before);
    }
}
