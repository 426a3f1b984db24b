//! `block_on` in a process in which other threads use the builtin reactor as well: every thread gets its events.
#![cfg(unix)]

mod common;

use common::stream::{pair, ping_pong, receive, send};
use common::{MS, assert_not_early, pending_for, within_time};
use dormouse::io::AsyncFd;
use dormouse::{block_on, sleep};
use futures::future::lazy;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::task::Waker;

#[test]
fn other_threads_get_their_events_while_a_future_blocks_its_thread() {
    within_time(|| {
        block_on(async {
            for rounds in [0, 2000] {
                // With 2000, the reactor thread is paused when the other thread starts to wait.
                ping_pong(rounds).await;
                let (done, wait) = mpsc::channel();
                let other = std::thread::spawn(move || {
                    futures::executor::block_on(async {
                        assert_not_early(sleep(5 * MS)).await;
                        ping_pong(20).await;
                    });
                    done.send(()).unwrap();
                });
                // Blocks inside a poll, which a future should not do.
                wait.recv().unwrap();
                other.join().unwrap();
            }
        });
    });
}

#[test]
fn events_are_delivered_after_block_on_has_returned() {
    within_time(|| {
        for rounds in [0, 500] {
            let (a, b) = pair();
            block_on(ping_pong(rounds));
            let reader = std::thread::spawn(move || futures::executor::block_on(receive(&b)));
            std::thread::sleep(5 * MS);
            futures::executor::block_on(send(&a));
            reader.join().unwrap();
        }
    });
}

#[test]
fn a_sleep_that_was_registered_outside_fires_in_block_on_and_the_other_way_round() {
    within_time(|| {
        let sleep = smol::block_on(lazy(|_| pending_for(30 * MS, Waker::noop())));
        block_on(assert_not_early(sleep));
        let sleep = block_on(lazy(|_| pending_for(30 * MS, Waker::noop())));
        smol::block_on(assert_not_early(sleep));
    });
}

#[test]
fn a_socket_that_was_created_outside_works_in_block_on_and_the_other_way_round() {
    async fn exchange(reader: &AsyncFd<UnixStream>, writer: &AsyncFd<UnixStream>) {
        futures::join!(receive(reader), async {
            sleep(2 * MS).await;
            send(writer).await;
        });
    }
    let create = || async {
        let (a, b) = UnixStream::pair().unwrap();
        (AsyncFd::new(a).unwrap(), AsyncFd::new(b).unwrap())
    };
    within_time(|| {
        let outside = smol::block_on(create());
        let inside = block_on(create());
        for _ in 0..3 {
            block_on(exchange(&outside.0, &outside.1));
            smol::block_on(exchange(&outside.1, &outside.0));
            smol::block_on(exchange(&inside.0, &inside.1));
            block_on(exchange(&inside.1, &inside.0));
        }
    });
}

/// If the thread in `block_on` polled the reactor here, it would call the waker of `waking` on the worker that
/// `blocking` blocks, and tokio would queue the task on that same worker.
#[test]
fn a_task_that_blocks_a_tokio_worker_does_not_block_the_wake_up_of_another() {
    within_time(|| {
        for _ in 0..20 {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
            runtime.block_on(async {
                let (sender, receiver) = futures::channel::oneshot::channel();
                let waking = tokio::spawn(async {
                    assert_not_early(sleep(10 * MS)).await;
                    sender.send(()).unwrap();
                });
                let blocking = tokio::spawn(async {
                    block_on(async {
                        assert_not_early(sleep(MS)).await;
                        receiver.await.unwrap();
                    })
                });
                waking.await.unwrap();
                blocking.await.unwrap();
            });
        }
    });
}
