//! The coop budget: operations that are always ready keep neither a timeout nor another task from running.

#[path = "../common/mod.rs"]
mod common;

mod nested;
mod outside;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(unix)]
mod unix;

use common::ports::closed_tcp_port;
use common::stream::{Stream, std_pair};
use common::{BOTH, Count, MS, poll};
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::TcpStream;
use dormouse::{sleep, timeout};
use futures::FutureExt;
use futures::future::{join, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::io::{Read, Write};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

on_every_reactor! {
    a_timeout_around_sockets_that_are_always_ready_ends
    a_timeout_around_waits_that_are_always_ready_ends
    a_timeout_around_mutable_and_owned_waits_that_are_always_ready_ends
    a_timeout_around_operations_that_fail_at_once_ends
    a_timeout_around_timeouts_ends
    a_timeout_around_select_loops_ends
    a_timeout_around_many_futures_that_are_always_ready_ends
    a_sleep_beside_sockets_that_are_always_ready_fires
    a_refused_operation_has_done_nothing_and_has_woken_its_task
    an_operation_on_a_spent_budget_completes_in_the_next_poll
    try_operations_are_never_refused
}

const BUDGET: usize = 128;
/// Many times the budget. wine takes much longer for each operation.
const MANY: usize = if cfg!(windows) { 1000 } else { 10_000 };

type Pair = (AsyncFd<Stream>, AsyncFd<Stream>);

fn pair() -> Pair {
    let (local, peer) = std_pair();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

/// Sends a byte from one socket to the other, which never waits.
async fn exchange(pair: &Pair) {
    assert_eq!(pair.0.write(b"x").await.unwrap(), 1);
    assert_eq!(pair.1.read(&mut [0]).await.unwrap(), 1);
}

async fn exchange_many() {
    let pair = pair();
    for _ in 0..MANY {
        exchange(&pair).await;
    }
}

async fn exchange_forever() {
    let pair = pair();
    loop {
        exchange(&pair).await;
    }
}

/// Spends the budget that is left, if there is a budget.
fn spend_budget() {
    let (local, _peer) = pair();
    for _ in 0..BUDGET {
        let _ = local.write(b"x").now_or_never();
    }
}

async fn assert_times_out(endless: impl Future) {
    assert!(timeout(20 * MS, endless).await.is_err());
}

async fn a_timeout_around_sockets_that_are_always_ready_ends() {
    assert_times_out(exchange_forever()).await;
}

async fn a_timeout_around_waits_that_are_always_ready_ends() {
    let (local, peer) = pair();
    peer.write(b"x").await.unwrap();
    assert_times_out(async {
        loop {
            let mut guard = local.readable().await.unwrap();
            guard.try_io(|fd| fd.get_ref().take_error()).unwrap().unwrap();
        }
    })
    .await;
    assert_times_out(async {
        loop {
            drop(local.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap());
        }
    })
    .await;
    assert_times_out(async {
        loop {
            drop(poll_fn(|cx| local.poll_read_ready(cx)).await.unwrap());
        }
    })
    .await;
    assert_times_out(async {
        loop {
            poll_fn(|cx| local.poll_io(cx, BOTH, |socket| socket.take_error())).await.unwrap();
        }
    })
    .await;
}

async fn a_timeout_around_mutable_and_owned_waits_that_are_always_ready_ends() {
    let (local, peer) = std_pair();
    let mut local = AsyncFd::new(local).unwrap();
    drop(peer);
    assert_times_out(async {
        loop {
            local.ready_mut(BOTH).await.unwrap().retain_ready();
        }
    })
    .await;
    assert_times_out(async {
        loop {
            poll_fn(|cx| local.poll_read_ready_mut(cx).map_ok(drop)).await.unwrap();
        }
    })
    .await;
    assert_times_out(async {
        loop {
            local.async_io_mut(Interest::READABLE, |fd| fd.read(&mut [0])).await.unwrap();
        }
    })
    .await;
    let local = Arc::new(local);
    assert_times_out(async {
        loop {
            local.clone().readable_owned().await.unwrap();
        }
    })
    .await;
}

async fn a_timeout_around_operations_that_fail_at_once_ends() {
    let (_holder, unused) = closed_tcp_port();
    assert_times_out(async {
        loop {
            TcpStream::connect(unused).await.unwrap_err();
        }
    })
    .await;
    let (local, _peer) = pair();
    local.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    assert_times_out(async {
        loop {
            local.write(b"x").await.unwrap_err();
        }
    })
    .await;
}

/// The inner timeouts share the budget of the outer one, and do not renew it.
async fn a_timeout_around_timeouts_ends() {
    let pair = pair();
    assert_times_out(async {
        loop {
            timeout(Duration::MAX, exchange(&pair)).await.unwrap();
        }
    })
    .await;
    assert_times_out(timeout(Duration::MAX, exchange_forever())).await;
    assert!(timeout(Duration::MAX, assert_times_out(exchange_forever())).await.is_ok());
}

async fn a_timeout_around_select_loops_ends() {
    let (one, other) = (pair(), pair());
    assert_times_out(async {
        loop {
            select(pin!(exchange(&one)), pin!(exchange(&other))).await;
        }
    })
    .await;
    assert_times_out(async {
        loop {
            select(pin!(pending::<()>()), pin!(exchange(&one))).await;
        }
    })
    .await;
}

/// These combinators poll a future again only after its own waker has been called.
async fn a_timeout_around_many_futures_that_are_always_ready_ends() {
    assert_times_out((0..3).map(|_| exchange_forever()).collect::<FuturesUnordered<_>>().next())
        .await;
    assert_times_out(join_all((0..40).map(|_| exchange_forever()))).await;
    assert_times_out(FuturesUnordered::from_iter([exchange_forever()]).next()).await;
}

async fn a_sleep_beside_sockets_that_are_always_ready_fires() {
    let fired = Cell::new(false);
    let sockets = async {
        let pair = pair();
        while !fired.get() {
            exchange(&pair).await;
        }
    };
    let sleep = async {
        sleep(5 * MS).await;
        fired.set(true);
    };
    // Elsewhere there is a budget only within a timeout.
    timeout(Duration::MAX, join(sockets, sleep)).await.unwrap();
}

async fn a_refused_operation_has_done_nothing_and_has_woken_its_task() {
    let (local, peer) = pair();
    let one_poll = poll_fn(|_| {
        spend_budget();
        let (count, waker) = Count::new();
        assert!(poll(&mut Box::pin(peer.write(b"x")), &waker).is_pending());
        assert_eq!(count.get(), 1);
        assert!(poll(&mut Box::pin(peer.readable()), &waker).is_pending());
        assert_eq!(count.get(), 2);
        let mut polled = poll_fn(|cx| peer.poll_write_with(cx, |mut fd| fd.write(b"x")));
        assert!(poll(&mut polled, &waker).is_pending());
        assert_eq!(count.get(), 3);
        Poll::Ready(())
    });
    timeout(Duration::MAX, one_poll).await.unwrap();
    let empty = local.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0]));
    assert!(empty.is_err(), "{empty:?}");
}

async fn an_operation_on_a_spent_budget_completes_in_the_next_poll() {
    let pair = pair();
    let mut polls = 0;
    let mut operation = pin!(exchange(&pair));
    let operation = poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            spend_budget();
        }
        operation.as_mut().poll(cx)
    });
    timeout(Duration::MAX, operation).await.unwrap();
    assert_eq!(polls, 2);
}

async fn try_operations_are_never_refused() {
    let (local, peer) = pair();
    let mut guard = local.writable().await.unwrap();
    let in_one_poll = async {
        spend_budget();
        for _ in 0..MANY {
            guard.try_io(|fd| fd.get_ref().take_error()).unwrap().unwrap();
            local.try_io(Interest::WRITABLE, |mut fd| fd.write(b"x")).unwrap();
            peer.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0])).unwrap();
        }
    };
    assert!(timeout(Duration::MAX, in_one_poll).now_or_never().is_some());
}
