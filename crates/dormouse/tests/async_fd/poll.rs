//! Operations as `poll_*` functions.

use crate::common::stream::Stream;
use crate::common::{BOTH, Count, MS, poll, strict_timeout};
#[cfg(unix)]
use crate::read;
use crate::{fill, on_every_reactor, pair, write};
use dormouse::io::{AsyncFd, Interest};
use dormouse::{sleep, timeout};
use futures::join;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};

on_every_reactor! {
    a_polled_read_waits_until_there_is_data
    a_polled_operation_waits_for_any_part_of_its_interest
    an_interrupted_operation_is_tried_again
    a_polled_operation_that_is_abandoned_loses_no_readiness
}

// A full TCP stream may get room at any time: when its peer acknowledges bytes.
#[cfg(unix)]
on_every_reactor! {
    a_polled_write_waits_until_there_is_room
    each_interest_wakes_the_last_task_that_polled_it
}

async fn poll_read(fd: &AsyncFd<Stream>) -> io::Result<usize> {
    poll_fn(|cx| fd.poll_read_with(cx, |mut fd| fd.read(&mut [0; 16]))).await
}

async fn a_polled_read_waits_until_there_is_data() {
    let (local, peer) = pair();
    for _ in 0..3 {
        assert!(timeout(2 * MS, poll_read(&local)).await.is_err());
        let (got, _) = join!(strict_timeout(5000 * MS, poll_read(&local)), async {
            sleep(2 * MS).await;
            write(&peer, b"x").await.unwrap()
        });
        assert_eq!(got.unwrap().unwrap(), 1);
    }
}

#[cfg(unix)]
async fn a_polled_write_waits_until_there_is_room() {
    let (local, peer) = pair();
    let poll_write = || poll_fn(|cx| local.poll_write_with(cx, |mut fd| fd.write(b"x")));
    fill(&local).await;
    assert!(timeout(2 * MS, poll_write()).await.is_err());
    let (written, _) = join!(strict_timeout(5000 * MS, poll_write()), async {
        sleep(2 * MS).await;
        while timeout(5 * MS, read(&peer)).await.is_ok() {}
    });
    assert_eq!(written.unwrap().unwrap(), 1);
}

async fn a_polled_operation_waits_for_any_part_of_its_interest() {
    let (local, peer) = pair();
    fill(&local).await;
    let poll_joint = || poll_fn(|cx| local.poll_io(cx, BOTH, |mut fd| fd.read(&mut [0; 16])));
    for _ in 0..3 {
        let (got, _) = join!(strict_timeout(5000 * MS, poll_joint()), async {
            sleep(2 * MS).await;
            write(&peer, b"x").await.unwrap()
        });
        assert_eq!(got.unwrap().unwrap(), 1);
        assert!(timeout(2 * MS, poll_joint()).await.is_err());
    }
}

#[cfg(unix)]
async fn each_interest_wakes_the_last_task_that_polled_it() {
    let (local, peer) = pair();
    fill(&local).await;
    let wait = |interest, waker| {
        let operation = |_: &Stream| Err::<(), _>(ErrorKind::WouldBlock.into());
        assert!(
            poll(&mut poll_fn(|cx| local.poll_io(cx, interest, operation)), waker).is_pending()
        );
    };
    let (replaced, replaced_waker) = Count::new();
    let (others, others_waker) = Count::new();
    for interest in [Interest::READABLE, Interest::WRITABLE, BOTH, BOTH | Interest::ERROR] {
        wait(interest, &replaced_waker);
    }
    for interest in [Interest::READABLE, Interest::WRITABLE, BOTH, BOTH | Interest::ERROR] {
        wait(interest, &others_waker);
    }
    write(&peer, b"x").await.unwrap();
    // All but the writer.
    others.wait_for_async(3).await;
    sleep(MS).await;
    assert_eq!((replaced.get(), others.get()), (0, 3));
}

async fn an_interrupted_operation_is_tried_again() {
    let (local, _peer) = pair();
    let mut attempts = 0;
    let written = poll_fn(|cx| {
        local.poll_write_with(cx, |mut fd| {
            attempts += 1;
            if attempts < 3 { Err(ErrorKind::Interrupted.into()) } else { fd.write(b"x") }
        })
    });
    assert_eq!(written.await.unwrap(), 1);
    assert_eq!(attempts, 3);
}

async fn a_polled_operation_that_is_abandoned_loses_no_readiness() {
    let (local, peer) = pair();
    let (count, waker) = Count::new();
    for interest in [Interest::READABLE, BOTH] {
        let operation = |mut fd: &Stream| fd.read(&mut [0; 16]);
        let mut abandoned = poll_fn(|cx| local.poll_io(cx, interest, operation));
        assert!(poll(&mut abandoned, &waker).is_pending());
    }
    write(&peer, b"x").await.unwrap();
    count.wait_for_async(1).await;
    assert_eq!(strict_timeout(5000 * MS, poll_read(&local)).await.unwrap().unwrap(), 1);
}
