//! The two halves of a stream: `AsyncFd::into_split` and `reunite`.

use crate::common::MS;
use crate::{MEBIBYTE, on_every_reactor, pair, pattern, tcp_pair};
use dormouse::io::{OwnedReadHalf, OwnedWriteHalf};
use dormouse::timeout;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use std::net::TcpStream;

on_every_reactor! {
    halves_can_be_used_on_two_threads
    dropping_the_write_half_ends_the_stream
    dropping_the_read_half_does_not_affect_the_write_half
    reuniting_the_halves_does_not_shut_down_the_stream
    halves_of_different_streams_cannot_be_reunited
    forgetting_the_write_half_does_not_shut_down_the_stream
}

async fn halves_can_be_used_on_two_threads() {
    let (local, peer) = tcp_pair();
    let (mut read, mut write) = local.into_split();
    let (mut peer_read, mut peer_write) = peer.into_split();
    let sent = pattern();
    let expected = sent.clone();
    // The threads have no executor. The fds stay registered with the reactor that they were created on.
    let echo = std::thread::spawn(move || {
        futures::executor::block_on(futures::io::copy(&mut peer_read, &mut peer_write)).unwrap()
    });
    let writer = std::thread::spawn(move || {
        futures::executor::block_on(async {
            write.write_all(&sent).await.unwrap();
            drop(write);
        });
    });
    let mut received = Vec::new();
    read.read_to_end(&mut received).await.unwrap();
    assert!(received == expected);
    assert_eq!(echo.join().unwrap(), MEBIBYTE as u64);
    writer.join().unwrap();
}

async fn dropping_the_write_half_ends_the_stream() {
    let (local, peer) = tcp_pair();
    let (mut read, write) = local.into_split();
    drop(write);
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    peer.write_all(b"still there?").await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(read.read(&mut buffer).await.unwrap(), 12);
}

async fn dropping_the_read_half_does_not_affect_the_write_half() {
    let (local, peer) = tcp_pair();
    let (read, mut write) = local.into_split();
    drop(read);
    write.write_all(b"yes").await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(peer.read(&mut buffer).await.unwrap(), 3);
    drop(write);
    assert_eq!(peer.read(&mut buffer).await.unwrap(), 0);
}

async fn reuniting_the_halves_does_not_shut_down_the_stream() {
    let (local, peer) = tcp_pair();
    let (read, write): (OwnedReadHalf<TcpStream>, OwnedWriteHalf<TcpStream>) = local.into_split();
    let local = read.reunite(write).unwrap();
    assert!(timeout(5 * MS, peer.read(&mut [0; 1])).await.is_err(), "it was shut down");
    local.write_all(b"x").await.unwrap();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 1);
}

async fn halves_of_different_streams_cannot_be_reunited() {
    let (local, peer) = pair();
    let (read, write) = local.into_split();
    let (peer_read, peer_write) = peer.into_split();
    let error = peer_write.reunite(read).unwrap_err();
    assert!(error.to_string().contains("not of one AsyncFd"), "{error}");
    // The error returns both halves, and they still work.
    let local = error.0.reunite(write).unwrap();
    let peer = peer_read.reunite(error.1).unwrap();
    local.write_all(b"x").await.unwrap();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 1);
}

async fn forgetting_the_write_half_does_not_shut_down_the_stream() {
    let (local, peer) = tcp_pair();
    let (mut read, write) = local.into_split();
    write.forget();
    assert!(timeout(5 * MS, peer.read(&mut [0; 1])).await.is_err(), "it was shut down");
    peer.write_all(b"x").await.unwrap();
    assert_eq!(read.read(&mut [0; 16]).await.unwrap(), 1);
}
