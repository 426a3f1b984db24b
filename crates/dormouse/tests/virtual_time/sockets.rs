//! Sockets in virtual time: a ready socket completes before any deadline passes.

use super::{DAY, SECOND};
use crate::common::{MS, poll, waker, within_time};
use dormouse::net::{TcpListener, TcpStream, UnixDatagram, UnixStream};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};
use futures::future::{join, select};
use futures::task::SpawnExt;
use futures::{AsyncReadExt, AsyncWriteExt};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

const ROUNDS: usize = 1000;

#[test]
fn a_readable_socket_completes_before_a_timeout() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let (mut ours, mut theirs) = UnixStream::pair().unwrap();
            let server = async {
                let mut byte = [0];
                while theirs.read(&mut byte).await.unwrap() > 0 {
                    // Through the traits; the other tests use the methods of the types.
                    AsyncWriteExt::write_all(&mut theirs, &byte).await.unwrap();
                }
            };
            let client = async {
                for round in 0..ROUNDS {
                    let mut byte = [round as u8];
                    ours.write_all(&byte).await.unwrap();
                    let answer = AsyncReadExt::read_exact(&mut ours, &mut byte);
                    timeout(SECOND, answer).await.expect("a byte").unwrap();
                    assert_eq!(byte, [round as u8]);
                }
                drop(ours);
            };
            join(client, server).await;
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn a_ping_pong_over_loopback_takes_no_virtual_time() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = async {
                let (peer, _) = listener.accept().await.unwrap();
                let mut word = [0; 4];
                while peer.read_exact(&mut word).await.is_ok() {
                    peer.write_all(&word).await.unwrap();
                }
            };
            let client = async {
                let stream = timeout(SECOND, TcpStream::connect(address)).await.unwrap().unwrap();
                for round in 0..ROUNDS as u32 {
                    let mut word = round.to_be_bytes();
                    stream.write_all(&word).await.unwrap();
                    timeout(SECOND, stream.read_exact(&mut word)).await.expect("a word").unwrap();
                    assert_eq!(word, round.to_be_bytes());
                }
            };
            join(client, server).await;
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn with_many_sockets_ready_at_once_no_wait_times_out() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let pairs: Vec<_> = (0..200).map(|_| UnixDatagram::pair().unwrap()).collect();
            for _ in 0..20 {
                let each = pairs.iter().map(|(a, b)| async move {
                    let mut byte = [0];
                    let receive = timeout(SECOND, b.recv(&mut byte));
                    let send = a.send(&[1]);
                    let (received, sent) = join(receive, send).await;
                    assert_eq!((received.expect("a byte").unwrap(), sent.unwrap()), (1, 1));
                });
                futures::future::join_all(each).await;
            }
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn two_threads_in_virtual_time_and_one_in_real_time_do_not_interfere() {
    within_time(|| {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(a_readable_socket_completes_before_a_timeout);
            }
            scope.spawn(|| {
                dormouse::block_on(async {
                    let (ours, theirs) = UnixStream::pair().unwrap();
                    for _ in 0..ROUNDS {
                        let mut byte = [0];
                        join(ours.read_exact(&mut byte), theirs.write_all(&[1])).await.0.unwrap();
                    }
                });
            });
        });
    });
}

#[test]
fn a_wait_for_an_idle_socket_times_out() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let (ours, _peer) = UnixStream::pair().unwrap();
            let mut byte = [0];
            for _ in 0..365 {
                assert!(timeout(DAY, ours.read(&mut byte)).await.is_err());
            }
        });
        assert_eq!(time.now() - start, 365 * DAY);
    });
}

#[test]
fn a_deadline_dropped_by_an_event_before_the_jump_does_not_move_time() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        for _ in 0..20 {
            time.block_on(async {
                let (ours, theirs) = UnixDatagram::pair().unwrap();
                let mut byte = [0];
                let mut receive = pin!(ours.recv(&mut byte));
                let done = Arc::new(AtomicBool::new(false));
                let mut begun = false;
                let waited = poll_fn(|cx| {
                    if done.load(Ordering::SeqCst) {
                        return Poll::Ready(());
                    }
                    if !begun {
                        begun = true;
                        let mut deadline = Box::pin(sleep(DAY));
                        assert!(poll(&mut deadline, Waker::noop()).is_pending());
                        let deadline = Mutex::new(Some(deadline));
                        let (done, task) = (done.clone(), cx.waker().clone());
                        let dropper = waker(move || {
                            drop(deadline.lock().unwrap().take());
                            let (done, task) = (done.clone(), task.clone());
                            // The task is woken later, by a thread that is not in virtual time.
                            std::thread::spawn(move || {
                                std::thread::sleep(2 * MS);
                                done.store(true, Ordering::SeqCst);
                                task.wake();
                            });
                        });
                        assert!(poll(&mut receive, &dropper).is_pending());
                        theirs.as_ref().send(&[1]).unwrap();
                    }
                    Poll::Pending
                });
                waited.await;
            });
        }
        assert_eq!(time.now(), start);
    });
}

/// Sends bytes from one socket to another, and never waits, except when its coop budget is spent.
async fn exchange(rounds: usize) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    for _ in 0..rounds {
        assert_eq!(ours.write(b"x").await.unwrap(), 1);
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 1);
    }
}

#[test]
fn block_on_does_not_advance_time_while_a_task_only_spends_its_coop_budget() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let sockets = async {
                exchange(10 * ROUNDS).await;
                assert_eq!(Instant::now(), start);
            };
            join(sockets, sleep(SECOND)).await;
            assert_eq!(Instant::now(), start + SECOND);
        });
    });
}

#[test]
fn advance_waits_for_a_task_that_has_spent_its_coop_budget() {
    within_time(|| {
        let time = VirtualTime::new();
        let task = || {
            let start = time.now();
            time.scope(async move {
                for second in 1..4 {
                    sleep(SECOND).await;
                    exchange(200).await;
                    assert_eq!(Instant::now(), start + second * SECOND);
                }
            })
        };
        let pool = futures::executor::ThreadPool::new().unwrap();
        let done = pool.spawn_with_handle(task()).unwrap();
        futures::executor::block_on(join(time.advance(DAY), done));
        #[cfg(feature = "tokio")]
        crate::common::multi_thread().block_on(async {
            join(time.advance(DAY), tokio::spawn(task())).await.1.unwrap();
        });
    });
}

#[test]
fn in_block_on_fds_are_registered_with_the_builtin_reactor() {
    let time = VirtualTime::new();
    time.block_on(async {
        let (ours, _peer) = UnixStream::pair().unwrap();
        assert_eq!(ours.reactor().name(), "builtin");
        assert_eq!(dormouse::reactor::Reactor::current().name(), "builtin");
    });
}

#[test]
fn block_on_with_nothing_else_to_run_waits_for_a_real_event() {
    within_time(|| {
        let time = VirtualTime::new();
        time.block_on(async {
            let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
            let theirs = UnixStream::from_std(theirs).unwrap();
            let writer = std::thread::spawn(move || {
                std::thread::sleep(5 * crate::common::MS);
                std::io::Write::write_all(&mut ours, b"x").unwrap();
            });
            let mut byte = [0];
            theirs.read_exact(&mut byte).await.unwrap();
            assert_eq!(&byte, b"x");
            writer.join().unwrap();
            let before = dormouse::time::Instant::now();
            let never = pin!(theirs.read(&mut byte));
            drop(select(sleep(SECOND), never).await);
            assert!(before.elapsed() <= SECOND);
        });
    });
}
