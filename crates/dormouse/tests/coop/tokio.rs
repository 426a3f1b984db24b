//! In a task of tokio: tokio's budget.

use super::{MANY, exchange_forever, exchange_many, pair, spend_budget};
use crate::common::{Count, MS, current_thread, multi_thread, poll, within_time};
use dormouse::io::Interest;
use dormouse::net::{TcpListener, TcpStream, UdpSocket};
use dormouse::sleep;
use futures::FutureExt;
use std::future::{Future, poll_fn};
use std::io::Read;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use tokio::task::coop::{has_budget_remaining, poll_proceed};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// What is left of tokio's budget.
fn remaining_budget() -> usize {
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(first) = poll_proceed(cx) else { return 0 };
    let mut remaining = 1;
    while has_budget_remaining() {
        let Poll::Ready(one) = poll_proceed(cx) else { unreachable!() };
        one.made_progress();
        remaining += 1;
        assert!(remaining <= MANY, "the budget is unlimited");
    }
    drop(first); // restores the budget
    remaining
}

pub(super) async fn spent_by<F: Future>(operation: F) -> usize {
    ::tokio::task::yield_now().await;
    let before = remaining_budget();
    operation.now_or_never().expect("it is ready");
    before - remaining_budget()
}

#[test]
fn each_operation_spends_one_unit_of_budget() {
    current_thread().block_on(async {
        let (local, peer) = pair();
        assert_eq!(spent_by(local.write(b"xyz")).await, 1);
        assert_eq!(spent_by(peer.read(&mut [0])).await, 1);
        assert_eq!(
            spent_by(peer.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0]))).await,
            1
        );
        assert_eq!(spent_by(local.writable()).await, 1);
        assert_eq!(spent_by(peer.readable()).await, 1);
        assert_eq!(spent_by(poll_fn(|cx| peer.poll_read_ready(cx).map(drop))).await, 1);
        assert_eq!(spent_by(poll_fn(|cx| peer.poll_write_ready(cx).map(drop))).await, 1);

        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        // If the kernel is busy, the handshake takes place after the first poll.
        let mut connect = Box::pin(TcpStream::connect(address));
        let first_poll = async { drop(poll(&mut connect, Waker::noop())) };
        assert_eq!(spent_by(first_poll).await, 1);
        let _client = std::net::TcpStream::connect(address).unwrap();
        listener.readable().await.unwrap();
        assert_eq!(spent_by(listener.accept()).await, 1);

        let receiver = UdpSocket::bind(ANY).await.unwrap();
        let sender = UdpSocket::bind(ANY).await.unwrap();
        let address = receiver.local_addr().unwrap();
        assert_eq!(spent_by(sender.send_to(b"x", address)).await, 1);
        // The kernel may deliver the datagram later.
        receiver.readable().await.unwrap();
        assert_eq!(spent_by(receiver.peek_from(&mut [0])).await, 1);
        assert_eq!(spent_by(receiver.recv_from(&mut [0])).await, 1);
    });
}

#[test]
#[cfg(feature = "futures-io")]
fn each_operation_of_the_io_traits_spends_one_unit_of_budget() {
    current_thread().block_on(async {
        let (mut local, mut peer) = pair();
        assert_eq!(spent_by(futures::AsyncWriteExt::write(&mut local, b"x")).await, 1);
        assert_eq!(spent_by(futures::AsyncReadExt::read(&mut peer, &mut [0])).await, 1);
        assert_eq!(spent_by(::tokio::io::AsyncWriteExt::write(&mut local, b"x")).await, 1);
        assert_eq!(spent_by(::tokio::io::AsyncReadExt::read(&mut peer, &mut [0])).await, 1);
    });
}

#[test]
fn an_operation_that_waits_spends_no_budget() {
    current_thread().block_on(async {
        let (local, _peer) = pair();
        let (count, waker) = Count::new();
        let before = remaining_budget();
        assert!(poll(&mut Box::pin(local.read(&mut [0])), &waker).is_pending());
        assert!(poll(&mut Box::pin(local.readable()), &waker).is_pending());
        assert!(local.poll_read_ready(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(remaining_budget(), before);
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn sockets_that_are_always_ready_do_not_starve_other_tasks() {
    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            runtime.block_on(async {
                let busy: Vec<_> = (0..4).map(|_| ::tokio::spawn(exchange_forever())).collect();
                ::tokio::spawn(sleep(5 * MS)).await.unwrap();
                ::tokio::spawn(::tokio::time::sleep(5 * MS)).await.unwrap();
                let (local, peer) = pair();
                let read = ::tokio::spawn(async move { local.read(&mut [0]).await });
                sleep(MS).await;
                peer.write(b"x").await.unwrap();
                assert_eq!(read.await.unwrap().unwrap(), 1);
                busy.into_iter().for_each(|task| task.abort());
            });
        }
    });
}

/// A task that woke itself at once would keep a current-thread runtime from polling for events.
#[test]
fn events_are_delivered_between_two_polls_of_a_busy_task() {
    within_time(|| {
        current_thread().block_on(async {
            let polls = Arc::new(AtomicUsize::new(0));
            let count = polls.clone();
            let mut busy = Box::pin(exchange_forever());
            let busy = ::tokio::spawn(poll_fn(move |cx| {
                count.fetch_add(1, Ordering::SeqCst);
                busy.as_mut().poll(cx)
            }));
            let mut between = Vec::new();
            for _ in 0..20 {
                let (local, peer) = pair();
                let (count, counted) = (polls.clone(), polls.clone());
                let read = ::tokio::spawn(async move {
                    assert_eq!(local.read(&mut [0]).await.unwrap(), 1);
                    count.load(Ordering::SeqCst)
                });
                let write = ::tokio::spawn(async move {
                    peer.write(b"x").await.unwrap();
                    (counted.load(Ordering::SeqCst), peer)
                });
                let (written, _peer) = write.await.unwrap();
                between.push(read.await.unwrap() - written);
            }
            busy.abort();
            between.sort();
            assert!(
                between[10] <= 4,
                "polls of the busy task between an event and its delivery: {between:?}"
            );
        });
    });
}

/// Another worker thread runs the busy task meanwhile. Its wake-up must not be deferred by the blocked one.
#[test]
fn a_task_that_blocks_its_worker_thread_can_wait_for_a_busy_task() {
    within_time(|| {
        multi_thread().block_on(async {
            let polls = Arc::new(AtomicUsize::new(0));
            let count = polls.clone();
            let mut busy = Box::pin(exchange_forever());
            let busy = ::tokio::spawn(poll_fn(move |cx| {
                count.fetch_add(1, Ordering::SeqCst);
                busy.as_mut().poll(cx)
            }));
            let blocking = ::tokio::spawn(async move {
                for _ in 0..50 {
                    let before = polls.load(Ordering::SeqCst);
                    while polls.load(Ordering::SeqCst) < before + 3 {
                        std::thread::yield_now();
                    }
                    ::tokio::task::yield_now().await;
                }
            });
            blocking.await.unwrap();
            busy.abort();
        });
    });
}

#[test]
fn block_on_in_a_task_spends_none_of_its_budget() {
    within_time(|| {
        current_thread().block_on(async {
            let before = remaining_budget();
            dormouse::block_on(exchange_many());
            assert_eq!(remaining_budget(), before);
            spend_budget();
            assert!(!has_budget_remaining());
            dormouse::block_on(exchange_many());
            assert!(!has_budget_remaining());
        });
    });
}

#[test]
fn without_a_budget_of_tokio_operations_are_not_refused() {
    within_time(|| {
        current_thread().block_on(async {
            let unconstrained = ::tokio::task::unconstrained(exchange_many());
            assert!(unconstrained.now_or_never().is_some());
        });
        multi_thread().block_on(async {
            let task = ::tokio::spawn(async {
                spend_budget();
                ::tokio::task::block_in_place(|| exchange_many().now_or_never())
            });
            assert!(task.await.unwrap().is_some());
            let blocking = ::tokio::task::spawn_blocking(|| exchange_many().now_or_never());
            assert!(blocking.await.unwrap().is_some());
        });
        // No task polls here, although the thread is inside the runtime.
        let runtime = current_thread();
        let _context = runtime.enter();
        assert!(exchange_many().now_or_never().is_some());
    });
}

#[test]
fn the_sockets_of_each_kind_of_task_complete() {
    within_time(|| {
        let (one, multi) = (current_thread(), multi_thread());
        ::tokio::task::LocalSet::new().block_on(&one, async {
            ::tokio::task::spawn_local(exchange_many()).await.unwrap();
            exchange_many().await;
        });
        one.block_on(one.spawn(exchange_many())).unwrap();
        multi.block_on(multi.spawn(exchange_many())).unwrap();
        multi.handle().block_on(exchange_many());
        multi
            .block_on(multi.spawn(async {
                spend_budget();
                ::tokio::task::block_in_place(|| {
                    ::tokio::runtime::Handle::current().block_on(exchange_many());
                    futures::executor::block_on(exchange_many());
                });
            }))
            .unwrap();
    });
}

/// The worker thread does not return while it is in the `block_on` of another crate. So the wake-up must not be deferred
/// until it does.
#[test]
fn in_another_block_on_on_a_worker_thread_operations_make_progress() {
    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            let task = runtime.spawn(async {
                spend_budget();
                futures::executor::block_on(exchange_many());
            });
            runtime.block_on(task).unwrap();
        }
    });
}

/// As above, in a `block_on` of this crate: `tokio::select!` checks tokio's budget itself.
#[test]
fn in_block_on_in_a_task_operations_of_tokio_make_progress() {
    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            let task = runtime.spawn(async {
                spend_budget();
                dormouse::block_on(async {
                    ::tokio::select! { () = exchange_many() => {} }
                    let (sender, mut receiver) = ::tokio::sync::mpsc::unbounded_channel();
                    for message in 0..MANY {
                        sender.send(message).unwrap();
                        receiver.recv().await.unwrap();
                    }
                });
            });
            runtime.block_on(task).unwrap();
        }
    });
}
