//! When readiness is stored and cleared.

use crate::common::MS;
use crate::{on_every_reactor, pair, read, write};
use dormouse::io::{Interest, Ready};
use dormouse::timeout;

on_every_reactor! {
    a_guard_does_not_clear_newer_readiness
    readiness_stays_until_it_is_cleared
}

async fn a_guard_does_not_clear_newer_readiness() {
    let (local, peer) = pair();
    write(&peer, b"x").await.unwrap();
    let mut guard = local.readable().await.unwrap();
    assert_eq!(read(&local).await.unwrap(), b"x");
    // A second wait clears the readiness on WouldBlock. Then new data arrives.
    assert!(timeout(2 * MS, read(&local)).await.is_err());
    write(&peer, b"y").await.unwrap();
    drop(local.readable().await.unwrap());
    guard.clear_ready();
    drop(timeout(1000 * MS, local.readable()).await.expect("readiness was lost").unwrap());
}

async fn readiness_stays_until_it_is_cleared() {
    let (local, peer) = pair();
    write(&peer, b"x").await.unwrap();
    for _ in 0..3 {
        drop(local.readable().await.unwrap());
    }
    let mut guard = local.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
    assert!(guard.ready().is_readable() || guard.ready().is_writable());
    guard.clear_ready_matching(Ready::READABLE);
    assert!(!guard.ready().is_readable());
    assert!(std::ptr::eq(guard.get_inner(), local.get_ref()));
}
