//! `block_on` in a process in which only `block_on` uses the builtin reactor: one of its threads then polls for the
//! events, instead of the reactor thread.

mod common;

use common::stream::{pair, ping_pong, receive, send, std_pair};
use common::{MS, assert_not_early, within_time};
use dormouse::io::AsyncFd;
use dormouse::reactor::Reactor;
use dormouse::{block_on, sleep};
use std::sync::Barrier;

/// How often bytes are sent back and forth. wine takes milliseconds for each.
const ROUNDS: usize = if cfg!(windows) { 200 } else { 2000 };

#[test]
fn many_threads_can_be_in_block_on_at_once() {
    within_time(|| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    block_on(async {
                        ping_pong(ROUNDS / 10).await;
                        for _ in 0..20 {
                            assert_not_early(sleep(MS)).await;
                        }
                        ping_pong(ROUNDS / 10).await;
                    })
                });
            }
        });
    });
}

#[test]
fn threads_that_wait_for_each_other_in_block_on_do_not_deadlock() {
    within_time(|| {
        let (a, b) = pair();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                block_on(async {
                    for _ in 0..ROUNDS {
                        receive(&b).await;
                        send(&b).await;
                    }
                })
            });
            block_on(async {
                for _ in 0..ROUNDS {
                    send(&a).await;
                    receive(&a).await;
                }
            });
        });
    });
}

#[test]
fn block_on_and_other_executors_can_be_nested_in_block_on() {
    within_time(|| {
        block_on(async {
            for rounds in [0, ROUNDS] {
                ping_pong(rounds).await;
                block_on(assert_not_early(sleep(2 * MS)));
                block_on(ping_pong(20));
                futures::executor::block_on(assert_not_early(sleep(2 * MS)));
                futures::executor::block_on(ping_pong(20));
            }
        });
    });
}

#[test]
fn block_on_uses_the_builtin_reactor_with_every_set_of_features() {
    let uses_builtin = || async {
        assert_eq!(Reactor::current().name(), "builtin");
        let (local, _peer) = std_pair();
        assert_eq!(AsyncFd::new(local).unwrap().reactor().name(), "builtin");
        assert_not_early(sleep(2 * MS)).await;
    };
    within_time(|| {
        block_on(uses_builtin());
        block_on(async { futures::executor::block_on(uses_builtin()) });
        block_on(async { block_on(uses_builtin()) });
        // async-io would have started this thread.
        #[cfg(unix)]
        assert!(!common::threads().contains(&"async-io".to_owned()), "{:?}", common::threads());
    });
}

#[test]
fn a_wake_up_from_another_thread_is_not_lost_as_block_on_starts_to_wait() {
    within_time(|| {
        // The barrier makes the threads start to wait and be woken at the same time.
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
