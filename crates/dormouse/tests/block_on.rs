//! `block_on` and the builtin reactor, in a process in which nobody else uses it: then its threads wait for
//! events themselves.

mod common;

use common::stream::{pair, ping_pong, receive, send};
use common::{MS, never_early, within_time};
use dormouse::{block_on, sleep};
use std::sync::Barrier;

#[test]
fn any_number_of_threads_may_be_in_block_on() {
    within_time(|| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    block_on(async {
                        ping_pong(200).await;
                        for _ in 0..20 {
                            never_early(sleep(MS)).await;
                        }
                        ping_pong(200).await;
                    })
                });
            }
        });
    });
}

#[test]
fn threads_that_wait_for_one_another_in_block_on_come_to_an_end() {
    within_time(|| {
        let (a, b) = pair();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                block_on(async {
                    for _ in 0..2000 {
                        receive(&b).await;
                        send(&b).await;
                    }
                })
            });
            block_on(async {
                for _ in 0..2000 {
                    send(&a).await;
                    receive(&a).await;
                }
            });
        });
    });
}

#[test]
fn block_on_may_be_nested_in_itself_and_in_others() {
    within_time(|| {
        block_on(async {
            for busy in [0, 2000] {
                ping_pong(busy).await;
                block_on(never_early(sleep(2 * MS)));
                block_on(ping_pong(20));
                futures::executor::block_on(never_early(sleep(2 * MS)));
                futures::executor::block_on(ping_pong(20));
            }
        });
    });
}

#[test]
fn a_wake_up_from_another_thread_ends_the_wait_wherever_it_is() {
    within_time(|| {
        // All begin to wait as they are woken.
        for _ in 0..200 {
            let barrier = Barrier::new(3);
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        let (sender, receiver) = futures::channel::oneshot::channel();
                        scope.spawn(|| {
                            barrier.wait();
                            sender.send(()).unwrap();
                        });
                        block_on(receiver).unwrap();
                    });
                }
                barrier.wait();
            });
        }
    });
}
