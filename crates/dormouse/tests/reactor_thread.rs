//! When the thread of the builtin reactor starts, and what it inherits. Each test has a process of its own.
#![cfg(target_os = "linux")]

mod common;

use common::stream::{pair, ping_pong, receive, send};
use common::{BOTH, Count, MS, assert_not_early, cpu_time, thread_id, thread_ids, within_time};
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::{block_on, sleep, timeout};
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::{Context, Poll};

each_in_a_child_process! {
    a_wait_outside_block_on_starts_the_thread
    a_combinator_with_wakers_of_its_own_starts_the_thread
    a_second_block_on_that_waits_starts_the_thread
    a_wait_that_block_on_leaves_starts_the_thread
    init_starts_the_thread
    when_events_have_stopped_the_thread_uses_no_cpu
    beside_the_thread_a_wait_that_is_polled_in_a_loop_gets_each_event
    the_thread_blocks_signals
}

#[cfg(dormouse_portable)]
each_in_a_child_process! { elsewhere_than_on_linux_the_thread_serves_block_on }

// Elsewhere, the thread serves every wait.
#[cfg(not(dormouse_portable))]
each_in_a_child_process! {
    while_one_block_on_serves_every_wait_the_thread_does_not_run
    a_sleep_outside_block_on_starts_the_thread
    another_executor_in_block_on_starts_the_thread
    without_the_thread_an_operation_that_is_repeated_succeeds
    without_the_thread_a_future_that_wakes_itself_gets_its_events
    without_the_thread_a_wait_that_is_polled_in_a_loop_gets_its_event
    a_wake_up_by_another_thread_does_not_start_the_thread
    the_thread_runs_on_the_processors_of_the_main_thread
}

#[cfg(feature = "test-util")]
each_in_a_child_process! {
    in_virtual_time_a_wait_for_an_fd_starts_the_thread
    virtual_time_does_not_overtake_an_event_for_block_on
}

/// The ids of the threads of this process, except this one and the main thread.
fn threads() -> Vec<i32> {
    let mut ids = thread_ids();
    ids.remove(&(std::process::id() as i32));
    ids.remove(&thread_id());
    ids.into_iter().collect()
}

fn builtin_pair() -> (AsyncFd<UnixStream>, UnixStream) {
    let (local, peer) = UnixStream::pair().unwrap();
    (AsyncFd::new_on(&Reactor::builtin(), local, BOTH).unwrap(), peer)
}

/// Polls once, within an executor that does not wait.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let (_, waker) = Count::new();
    pin!(future).poll(&mut Context::from_waker(&waker))
}

/// Starts the thread, and waits for an event that it delivers.
fn wait_until_the_thread_runs() {
    let (local, mut peer) = builtin_pair();
    let mut readable = pin!(local.readable());
    assert!(poll_once(readable.as_mut()).is_pending());
    peer.write_all(&[1]).unwrap();
    drop(futures::executor::block_on(readable).unwrap());
}

/// The field of `/proc/self/task/<id>/status`.
fn status(id: i32, field: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/self/task/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "started by the test of the same name"]
    fn while_one_block_on_serves_every_wait_the_thread_does_not_run() {
        let (idle, _peer) = builtin_pair();
        for _ in 0..3 {
            block_on(async {
                assert!(timeout(2 * MS, idle.readable()).await.is_err());
                assert!(timeout(2 * MS, sleep(3600 * 1000 * MS)).await.is_err());
                let ping_pongs = async { futures::join!(ping_pong(200), ping_pong(200)) };
                futures::join!(ping_pongs, assert_not_early(sleep(5 * MS)));
                futures::select_biased! {
                    () = pin!(futures::FutureExt::fuse(sleep(3600 * 1000 * MS))) => unreachable!(),
                    _ = pin!(futures::FutureExt::fuse(sleep(MS))) => {}
                }
                block_on(ping_pong(20));
                block_on(assert_not_early(sleep(MS)));
            });
        }
        assert_eq!(threads(), []);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    #[cfg(dormouse_portable)]
    fn elsewhere_than_on_linux_the_thread_serves_block_on() {
        block_on(ping_pong(20));
        assert_eq!(threads().len(), 1);
        block_on(assert_not_early(sleep(MS)));
        assert_eq!(threads().len(), 1);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_wait_outside_block_on_starts_the_thread() {
        let (local, mut peer) = builtin_pair();
        assert_eq!(threads(), []);
        assert!(poll_once(local.readable()).is_pending());
        assert_eq!(threads().len(), 1);
        peer.write_all(&[1]).unwrap();
        within_time(|| futures::executor::block_on(local.readable()).map(drop).unwrap());
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_sleep_outside_block_on_starts_the_thread() {
        block_on(sleep(MS));
        assert_eq!(threads(), []);
        let waited = futures::executor::block_on(async {
            // With the feature `smol`, the thread of async-io serves this sleep.
            assert_not_early(sleep(2 * MS)).await;
            threads().len()
        });
        assert_eq!(waited, 1);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn another_executor_in_block_on_starts_the_thread() {
        block_on(async {
            assert_not_early(sleep(MS)).await;
            assert_eq!(threads(), []);
            futures::executor::block_on(assert_not_early(sleep(2 * MS)));
            assert_eq!(threads().len(), 1);
            futures::executor::block_on(ping_pong(20));
            ping_pong(20).await;
        });
        assert_eq!(threads().len(), 1);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_combinator_with_wakers_of_its_own_starts_the_thread() {
        block_on(async {
            let mut sleeps: FuturesUnordered<_> = (1..4).map(|n| sleep(n * MS)).collect();
            while sleeps.next().await.is_some() {}
        });
        assert_eq!(threads().len(), 1);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_second_block_on_that_waits_starts_the_thread() {
        let (a, b) = pair();
        within_time(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| block_on(async { receive(&b).await }));
                block_on(async {
                    sleep(2 * MS).await;
                    // The other thread polls while this one does not.
                    std::thread::sleep(5 * MS);
                    sleep(2 * MS).await;
                    send(&a).await;
                });
            });
        });
        block_on(ping_pong(20));
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_wait_that_block_on_leaves_starts_the_thread() {
        let (local, mut peer) = builtin_pair();
        let mut left = pin!(local.readable());
        block_on(std::future::poll_fn(|cx| {
            assert!(left.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        }));
        assert_eq!(threads().len(), 1);
        peer.write_all(&[1]).unwrap();
        block_on(left).unwrap().clear_ready();
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn init_starts_the_thread() {
        dormouse::init().unwrap();
        assert_eq!(threads().len(), 1);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn when_events_have_stopped_the_thread_uses_no_cpu() {
        // A task outside of `block_on`, with an event every few microseconds.
        within_time(|| futures::executor::block_on(ping_pong(2_000)));
        let before = cpu_time();
        std::thread::sleep(500 * MS);
        assert!(cpu_time() - before < 100 * MS, "{:?} of 500 ms", cpu_time() - before);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn without_the_thread_an_operation_that_is_repeated_succeeds() {
        let (local, mut peer) = builtin_pair();
        let read = |mut fd: &UnixStream| fd.read(&mut [0; 8]);
        // A wait has found that it is not readable.
        assert!(block_on(timeout(MS, local.async_io(Interest::READABLE, read))).is_err());
        for _ in 0..3 {
            local.try_io(Interest::READABLE, read).unwrap_err();
            peer.write_all(&[1]).unwrap();
            assert_eq!(local.try_io(Interest::READABLE, read).unwrap(), 1);
        }
        assert_eq!(threads(), []);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn without_the_thread_a_future_that_wakes_itself_gets_its_events() {
        let (local, mut peer) = builtin_pair();
        peer.set_nonblocking(true).unwrap();
        let mut polls = 0;
        let busy = std::future::poll_fn::<(), _>(|cx| {
            polls += 1;
            if polls == 1000 {
                peer.write_all(&[1]).unwrap();
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let event = async {
            drop(local.readable().await.unwrap());
            assert_not_early(sleep(5 * MS)).await;
        };
        block_on(async {
            let (busy, event) = (pin!(busy), pin!(event));
            futures::future::select(busy, event).await;
        });
        assert_eq!(threads(), []);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn without_the_thread_a_wait_that_is_polled_in_a_loop_gets_its_event() {
        let (local, mut peer) = builtin_pair();
        within_time(|| {
            block_on(async {
                let mut readable = pin!(local.readable());
                assert!(futures::poll!(readable.as_mut()).is_pending());
                peer.write_all(&[1]).unwrap();
                while futures::poll!(readable.as_mut()).is_pending() {}
            });
        });
        assert_eq!(threads(), []);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn beside_the_thread_a_wait_that_is_polled_in_a_loop_gets_each_event() {
        dormouse::init().unwrap();
        let (local, mut peer) = builtin_pair();
        let read = |mut stream: &UnixStream| stream.read(&mut [0; 16]);
        within_time(|| {
            block_on(async {
                for _ in 0..200 {
                    let mut readable = pin!(local.readable());
                    // So many that the thread is busy, in the view of the reactor thread.
                    for _ in 0..2000 {
                        if futures::poll!(readable.as_mut()).is_ready() {
                            // Readiness is a hint: the event of the last byte may arrive twice.
                            assert!(local.try_io(Interest::READABLE, read).is_err());
                            readable.set(local.readable());
                        }
                    }
                    peer.write_all(&[1]).unwrap();
                    while futures::poll!(readable.as_mut()).is_pending() {}
                    assert_eq!(local.try_io(Interest::READABLE, read).unwrap(), 1);
                    assert!(local.try_io(Interest::READABLE, read).is_err());
                }
            });
        });
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn a_wake_up_by_another_thread_does_not_start_the_thread() {
        block_on(sleep(MS));
        let this = thread_id();
        for _ in 0..50 {
            let (send, receive) = futures::channel::oneshot::channel();
            let sender = std::thread::spawn(move || {
                while !status(this, "State").starts_with('S') {
                    std::thread::yield_now();
                }
                send.send(()).unwrap();
            });
            block_on(receive).unwrap();
            sender.join().unwrap();
        }
        assert_eq!(threads(), []);
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn the_thread_blocks_signals() {
        use nix::sys::signal::{SigSet, Signal};
        let own_mask = SigSet::thread_get_mask().unwrap();
        dormouse::init().unwrap();
        assert_eq!(SigSet::thread_get_mask().unwrap(), own_mask);
        // Until a new thread runs, libc has blocked the other signals too.
        wait_until_the_thread_runs();
        let blocked = u64::from_str_radix(&status(threads()[0], "SigBlk"), 16).unwrap();
        let blocks = |signal: Signal| blocked & (1 << (signal as u32 - 1)) != 0;
        for signal in Signal::iterator() {
            let synchronous = [
                Signal::SIGSEGV,
                Signal::SIGBUS,
                Signal::SIGFPE,
                Signal::SIGILL,
                Signal::SIGTRAP,
                Signal::SIGSYS,
            ];
            // These two cannot be blocked.
            let is_deliverable = [Signal::SIGKILL, Signal::SIGSTOP].contains(&signal);
            let expected = !is_deliverable && !synchronous.contains(&signal);
            assert_eq!(blocks(signal), expected, "{signal}");
        }
    }

    #[test]
    #[ignore = "started by the test of the same name"]
    fn the_thread_runs_on_the_processors_of_the_main_thread() {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        let all = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|&cpu| all.is_set(cpu)).unwrap();
        std::thread::spawn(move || {
            let mut one = CpuSet::new();
            one.set(first);
            sched_setaffinity(None, &one).unwrap();
            // The thread sets its affinity first.
            wait_until_the_thread_runs();
        })
        .join()
        .unwrap();
        let affinity = |id| status(id, "Cpus_allowed_list");
        assert_eq!(affinity(threads()[0]), affinity(std::process::id() as i32));
    }

    #[cfg(feature = "test-util")]
    #[test]
    #[ignore = "started by the test of the same name"]
    fn in_virtual_time_a_wait_for_an_fd_starts_the_thread() {
        let (local, mut peer) = builtin_pair();
        within_time(|| {
            dormouse::VirtualTime::new().block_on(async {
                assert!(poll_once(local.readable()).is_pending());
                peer.write_all(&[1]).unwrap();
                drop(local.readable().await.unwrap());
            });
        });
    }

    #[cfg(feature = "test-util")]
    #[test]
    #[ignore = "started by the test of the same name"]
    fn virtual_time_does_not_overtake_an_event_for_block_on() {
        let (local, mut peer) = builtin_pair();
        block_on(async {
            let mut readable = pin!(local.readable());
            std::future::poll_fn(|cx| {
                // It waits with the waker of `block_on`, so without the thread.
                assert!(readable.as_mut().poll(cx).is_pending());
                assert_eq!(threads().len(), usize::from(!common::IS_LINUX));
                peer.write_all(&[1]).unwrap();
                dormouse::VirtualTime::new().block_on(async { sleep(3600 * 1000 * MS).await });
                assert!(readable.as_mut().poll(cx).is_ready());
                Poll::Ready(())
            })
            .await;
        });
    }
}
