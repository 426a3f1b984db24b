//! `block_on` in a program where others use the builtin reactor too: nobody is left without their events.

mod common;

use common::stream::{pair, ping_pong, receive, send};
use common::{MS, never_early, within_time};
use dormouse::{block_on, sleep};
use std::sync::mpsc;

#[test]
fn what_others_wait_for_comes_while_a_future_keeps_its_thread() {
    within_time(|| {
        block_on(async {
            for busy in [0, 2000] {
                // So that the reactor's thread has been asked to stand aside.
                ping_pong(busy).await;
                let (done, wait) = mpsc::channel();
                let other = std::thread::spawn(move || {
                    futures::executor::block_on(async {
                        never_early(sleep(5 * MS)).await;
                        ping_pong(20).await;
                    });
                    done.send(()).unwrap();
                });
                // Blocks inside a poll, as nobody should.
                wait.recv().unwrap();
                other.join().unwrap();
            }
        });
    });
}

#[test]
fn the_reactor_goes_on_when_block_on_ends() {
    within_time(|| {
        for busy in [0, 500] {
            let (a, b) = pair();
            block_on(ping_pong(busy));
            let reader = std::thread::spawn(move || futures::executor::block_on(receive(&b)));
            std::thread::sleep(5 * MS);
            futures::executor::block_on(send(&a));
            reader.join().unwrap();
        }
    });
}

/// The reactor would call the task's waker on the worker that the other task blocks, and tokio would queue the
/// task for that very worker.
#[test]
fn a_task_that_blocks_a_tokio_worker_keeps_no_other_from_being_woken() {
    within_time(|| {
        for _ in 0..20 {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
            runtime.block_on(async {
                let (sender, receiver) = futures::channel::oneshot::channel();
                let waking = tokio::spawn(async {
                    never_early(sleep(10 * MS)).await;
                    sender.send(()).unwrap();
                });
                let blocking = tokio::spawn(async {
                    block_on(async {
                        never_early(sleep(MS)).await;
                        receiver.await.unwrap();
                    })
                });
                waking.await.unwrap();
                blocking.await.unwrap();
            });
        }
    });
}
