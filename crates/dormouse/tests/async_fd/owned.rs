//! Waits that own their `AsyncFd`.

use crate::common::stream::Stream;
use crate::common::{Count, LIMIT, MS, poll, strict_timeout};
use crate::{fill, on_every_reactor, pair, read, write};
use dormouse::io::{Interest, ReadyOwned};
use dormouse::{sleep, timeout};
use futures::future::join_all;
use futures::join;
use std::sync::Arc;

on_every_reactor! {
    an_owned_wait_completes_when_the_fd_is_ready
    every_owned_wait_is_woken
    an_owned_wait_keeps_the_fd_open
    an_owned_wait_that_is_dropped_drops_its_waker_and_loses_no_readiness
    an_operation_after_an_owned_wait_clears_the_readiness
}

async fn an_owned_wait_completes_when_the_fd_is_ready() {
    let (local, peer) = pair();
    let local = Arc::new(local);
    fill(&local).await;
    assert!(timeout(2 * MS, local.clone().readable_owned()).await.is_err());
    assert!(timeout(2 * MS, local.clone().writable_owned()).await.is_err());
    let (readable, writable) = (local.clone().readable_owned(), local.clone().writable_owned());
    let (readable, writable, ()) =
        join!(strict_timeout(LIMIT, readable), strict_timeout(LIMIT, writable), async {
            sleep(2 * MS).await;
            write(&peer, b"x").await.unwrap();
            while timeout(5 * MS, read(&peer)).await.is_ok() {}
        });
    assert!(readable.unwrap().unwrap().is_readable());
    assert!(writable.unwrap().unwrap().is_writable());
}

async fn every_owned_wait_is_woken() {
    let (local, peer) = pair();
    let local = Arc::new(local);
    let waits = join_all((0..20).map(|_| local.clone().readable_owned()));
    let (ready, _) = join!(strict_timeout(LIMIT, waits), async {
        sleep(2 * MS).await;
        write(&peer, b"x").await
    });
    ready.unwrap().into_iter().for_each(|ready| assert!(ready.unwrap().is_readable()));
}

async fn an_owned_wait_keeps_the_fd_open() {
    let (local, peer) = pair();
    let wait: ReadyOwned<Stream> = Arc::new(local).readable_owned();
    let (ready, _) = join!(strict_timeout(LIMIT, wait), async {
        sleep(2 * MS).await;
        write(&peer, b"x").await.unwrap()
    });
    assert!(ready.unwrap().unwrap().is_readable());
    // The completed wait is dropped, which closes the fd, with a byte unread.
    assert!(
        strict_timeout(LIMIT, read(&peer)).await.unwrap().map_or(true, |bytes| bytes.is_empty())
    );
}

async fn an_owned_wait_that_is_dropped_drops_its_waker_and_loses_no_readiness() {
    let (local, peer) = pair();
    let local = Arc::new(local);
    let (count, waker) = Count::new();
    for _ in 0..100 {
        assert!(poll(&mut local.clone().readable_owned(), &waker).is_pending());
    }
    assert_eq!((Arc::strong_count(&count), Arc::strong_count(&local)), (2, 1));
    let mut wait = local.clone().readable_owned();
    assert!(poll(&mut wait, &waker).is_pending());
    write(&peer, b"x").await.unwrap();
    count.wait_for_async(1).await;
    drop(wait);
    assert!(strict_timeout(LIMIT, local.readable_owned()).await.unwrap().unwrap().is_readable());
}

async fn an_operation_after_an_owned_wait_clears_the_readiness() {
    let (local, peer) = pair();
    let local = Arc::new(local);
    write(&peer, b"x").await.unwrap();
    for _ in 0..2 {
        local.clone().readable_owned().await.unwrap();
    }
    let receive = |mut fd: &Stream| std::io::Read::read(&mut fd, &mut [0; 16]);
    assert_eq!(local.try_io(Interest::READABLE, receive).unwrap(), 1);
    assert!(local.try_io(Interest::READABLE, receive).is_err());
    // The event of the byte may have been delivered after the first wait found the fd readable.
    while timeout(2 * MS, local.clone().readable_owned()).await.is_ok() {
        assert!(local.try_io(Interest::READABLE, receive).is_err());
    }
}

#[test]
fn owned_waits_can_be_spawned() {
    fn assert_static_and_send<T: Send + Sync + Unpin + 'static>(_: T) {}
    assert_static_and_send(Arc::new(pair().0).readable_owned());
}
