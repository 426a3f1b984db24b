//! Ten thousand idle connections on the builtin reactor, in a process of its own: it takes twice as many fds.
#![cfg(target_os = "linux")]

mod common;

use common::MS;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use futures::stream::{FuturesUnordered, StreamExt};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

each_in_a_process_of_its_own! { ten_thousand_idle_connections_cost_nothing_and_each_is_served }

const CONNECTIONS: usize = 10_000;
/// Of each hundred, one has something to say.
const TALKATIVE: usize = 100;

fn allow_fds() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |most| most as usize)
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn ten_thousand_idle_connections_cost_nothing_and_each_is_served() {
        let count = CONNECTIONS.min((allow_fds() - 100) / 2);
        // What the reactor and timers need is there to stay.
        dormouse::init().unwrap();
        dormouse::block_on(sleep(MS));
        let fds_before = common::fds();
        let mut theirs = Vec::new();
        let waits = FuturesUnordered::new();
        for nth in 0..count {
            let (mine, other) = UnixStream::pair().unwrap();
            let mine = AsyncFd::new_on(&Reactor::builtin(), mine).unwrap();
            theirs.push(other);
            waits.push(async move {
                let mut buffer = [0; 16];
                let read = mine.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await;
                (nth, read.unwrap())
            });
        }
        let heard = async move {
            let mut waits = waits;
            let mut heard = Vec::new();
            let idle = async {
                // All of them have been polled once by now.
                sleep(MS).await;
                let before = cpu_time();
                sleep(200 * MS).await;
                let idle = cpu_time() - before;
                for other in theirs.iter_mut().step_by(TALKATIVE) {
                    other.write_all(b"hello").unwrap();
                }
                // The end of a stream is news too.
                sleep(20 * MS).await;
                drop(theirs);
                idle
            };
            let (idle, ()) = futures::join!(idle, async {
                while let Some(next) = waits.next().await {
                    heard.push(next);
                }
            });
            (idle, heard)
        };
        let (idle, mut heard) = common::within_time(|| dormouse::block_on(heard));
        assert!(idle < 20 * MS, "{idle:?} of CPU time in 200 ms in which nothing happened");
        heard.sort_unstable();
        let expected: Vec<_> =
            (0..count).map(|nth| (nth, if nth % TALKATIVE == 0 { 5 } else { 0 })).collect();
        assert_eq!(heard, expected);
        assert_eq!(common::fds(), fds_before);
    }
}
