//! Waits, and the wakers that they store.

use crate::common::{self, Count, MS, poll, waker};
use crate::{fill, on_every_reactor, pair, read, write};
use dormouse::{sleep, timeout};
use futures::future::join_all;
use futures::join;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::pin::pin;
use std::task::Poll;

on_every_reactor! {
    a_read_waits_until_there_is_data
    readiness_between_would_block_and_the_next_wait_is_not_lost
    many_tasks_wait_on_one_fd_in_both_directions
    poll_read_ready_wakes_only_the_last_waker
    a_panicking_waker_does_not_affect_other_fds
    a_dropped_wait_drops_its_waker
    many_round_trips_complete
    an_idle_fd_causes_no_wake_up
}

// A full TCP stream may get room at any time: when its peer acknowledges bytes.
#[cfg(unix)]
on_every_reactor! { a_write_waits_until_there_is_room }

/// How often bytes are sent. wine takes milliseconds for each.
const ROUNDS: u32 = if cfg!(windows) { 200 } else { 1000 };

async fn a_read_waits_until_there_is_data() {
    let (local, peer) = pair();
    assert!(timeout(5 * MS, local.readable()).await.is_err());
    let (got, _) = join!(read(&local), async {
        sleep(5 * MS).await;
        write(&peer, b"x").await.unwrap()
    });
    assert_eq!(got.unwrap(), b"x");
    assert!(timeout(5 * MS, read(&local)).await.is_err());
}

#[cfg(unix)]
async fn a_write_waits_until_there_is_room() {
    let (local, peer) = pair();
    fill(&local).await;
    assert!(timeout(5 * MS, write(&local, b"x")).await.is_err());
    let (written, _) = join!(write(&local, b"x"), async {
        sleep(2 * MS).await;
        while timeout(5 * MS, read(&peer)).await.is_ok() {}
    });
    assert_eq!(written.unwrap(), 1);
}

async fn readiness_between_would_block_and_the_next_wait_is_not_lost() {
    let (local, peer) = pair();
    let peer = peer.into_inner();
    peer.set_nonblocking(false).unwrap();
    let writer = std::thread::spawn(move || {
        for i in 0..5 * ROUNDS {
            (&peer).write_all(&[i as u8]).unwrap();
            if i % 3 == 0 {
                std::thread::yield_now();
            }
        }
    });
    let mut received = 0;
    loop {
        // Read until WouldBlock, clear the readiness, wait.
        let mut guard = local.readable().await.unwrap();
        let mut byte = [0];
        match guard.try_io(|fd| fd.get_ref().read(&mut byte)) {
            Ok(Ok(0)) => break,
            Ok(n) => {
                n.unwrap();
                assert_eq!(byte[0], received as u8);
                received += 1;
            }
            Err(_would_block) => {}
        }
    }
    assert_eq!(received, 5 * ROUNDS);
    writer.join().unwrap();
}

async fn many_tasks_wait_on_one_fd_in_both_directions() {
    let (local, peer) = pair();
    fill(&local).await;
    let readers = join_all((0..20).map(|_| async { drop(local.readable().await.unwrap()) }));
    let writers = join_all((0..20).map(|_| async { drop(local.writable().await.unwrap()) }));
    let mut both = pin!(async { join!(readers, writers) });
    poll_fn(|cx| {
        assert!(both.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    join!(both, async {
        write(&peer, b"x").await.unwrap();
        while timeout(5 * MS, read(&peer)).await.is_ok() {}
    });
}

async fn poll_read_ready_wakes_only_the_last_waker() {
    let (local, peer) = pair();
    let (first, first_waker) = Count::new();
    let (last, last_waker) = Count::new();
    for waker in [&first_waker, &last_waker] {
        let mut wait = poll_fn(|cx| local.poll_read_ready(cx).map(drop));
        assert!(poll(&mut wait, waker).is_pending());
    }
    peer.get_ref().write_all(b"x").unwrap();
    drop(local.readable().await.unwrap());
    // The reactor stores the readiness first, and then calls the wakers.
    last.wait_for_async(1).await;
    sleep(MS).await;
    assert_eq!((first.get(), last.get()), (0, 1));
}

async fn a_panicking_waker_does_not_affect_other_fds() {
    let panicking = waker(|| std::panic::resume_unwind(Box::new("a waker that panics")));
    let (local, peer) = pair();
    let mut wait = poll_fn(|cx| local.poll_read_ready(cx).map(drop));
    assert!(poll(&mut wait, &panicking).is_pending());
    let (other_ours, other_theirs) = pair();
    let (got, ()) = join!(read(&other_ours), async {
        write(&peer, b"x").await.unwrap();
        sleep(MS).await;
        write(&other_theirs, b"y").await.unwrap();
    });
    assert_eq!(got.unwrap(), b"y");
    assert_eq!(read(&local).await.unwrap(), b"x");
}

async fn a_dropped_wait_drops_its_waker() {
    let (local, peer) = pair();
    let (count, waker) = Count::new();
    for _ in 0..100 {
        let mut wait = Box::pin(local.readable());
        assert!(poll(&mut wait, &waker).is_pending());
    }
    assert_eq!(std::sync::Arc::strong_count(&count), 2, "a waker is still stored");
    write(&peer, b"x").await.unwrap();
    drop(local.readable().await.unwrap());
    assert_eq!(count.get(), 0);
}

async fn many_round_trips_complete() {
    let (local, peer) = pair();
    let ping = async {
        for i in 0..ROUNDS {
            write(&local, &[i as u8]).await.unwrap();
            assert_eq!(read(&local).await.unwrap(), [i as u8]);
        }
    };
    let pong = async {
        for _ in 0..ROUNDS {
            let byte = read(&peer).await.unwrap();
            write(&peer, &byte).await.unwrap();
        }
    };
    join!(ping, pong);
}

async fn an_idle_fd_causes_no_wake_up() {
    let (local, _peer) = pair();
    let (_, polls) = common::count_polls(timeout(50 * MS, local.readable())).await;
    // Two: the first, and that at the deadline. On a slow machine, it may pass before the first.
    assert!(polls <= 2, "{polls} polls");
}
