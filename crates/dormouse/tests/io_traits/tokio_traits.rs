//! `tokio::io::{AsyncRead, AsyncWrite}`.

use crate::common::MS;
use crate::{MEBIBYTE, on_every_reactor, pair, pattern, tcp_pair};
use dormouse::timeout;
use futures::join;
use std::io::IoSlice;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

on_every_reactor! {
    a_mebibyte_is_copied_completely
    vectored_writes_write_all_buffers
    after_a_shutdown_the_other_direction_stays_open
    copy_bidirectional_ends_when_both_directions_have_ended
    halves_can_be_used_concurrently
}

async fn a_mebibyte_is_copied_completely() {
    let (mut local, mut peer) = tcp_pair();
    let sent = pattern();
    let mut received = Vec::new();
    let ((), copied) = join!(
        async {
            tokio::io::copy(&mut &sent[..], &mut local).await.unwrap();
            local.shutdown().await.unwrap();
        },
        tokio::io::copy(&mut peer, &mut received)
    );
    assert_eq!(copied.unwrap(), MEBIBYTE as u64);
    assert!(received == sent);
}

async fn vectored_writes_write_all_buffers() {
    let (local, peer) = pair();
    assert!(local.is_write_vectored());
    let parts = [&b"the "[..], b"dormouse ", b"sleeps"].map(IoSlice::new);
    assert_eq!(local.write_vectored(&parts).await.unwrap(), 19);
    let mut buffer = [0; 32];
    assert_eq!(peer.read(&mut buffer).await.unwrap(), 19);
    assert_eq!(&buffer[..19], b"the dormouse sleeps");
}

async fn after_a_shutdown_the_other_direction_stays_open() {
    let (mut local, mut peer) = tcp_pair();
    AsyncWriteExt::write_all(&mut local, b"a question").await.unwrap();
    local.shutdown().await.unwrap();
    let mut received = String::new();
    timeout(5000 * MS, peer.read_to_string(&mut received))
        .await
        .expect("the stream does not end")
        .unwrap();
    assert_eq!(received, "a question");
    AsyncWriteExt::write_all(&mut peer, b"an answer").await.unwrap();
    peer.shutdown().await.unwrap();
    let mut response = String::new();
    local.read_to_string(&mut response).await.unwrap();
    assert_eq!(response, "an answer");
}

async fn copy_bidirectional_ends_when_both_directions_have_ended() {
    let (mut client, mut proxy_in) = tcp_pair();
    let (mut proxy_out, mut server) = pair();
    let proxy = tokio::io::copy_bidirectional(&mut proxy_in, &mut proxy_out);
    let exchange = async {
        AsyncWriteExt::write_all(&mut client, b"a question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = String::new();
        server.read_to_string(&mut received).await.unwrap();
        AsyncWriteExt::write_all(&mut server, received.as_bytes()).await.unwrap();
        server.shutdown().await.unwrap();
        let mut echoed = String::new();
        client.read_to_string(&mut echoed).await.unwrap();
        assert_eq!(echoed, "a question");
    };
    let (copied, ()) = join!(proxy, exchange);
    assert_eq!(copied.unwrap(), (10, 10));
}

async fn halves_can_be_used_concurrently() {
    let (local, peer) = pair();
    let (mut read, mut write) = local.into_split();
    let (mut peer_read, mut peer_write) = peer.into_split();
    let sent = pattern();
    let mut received = Vec::new();
    let (_, (), echoed) = join!(
        async {
            let copied = tokio::io::copy(&mut peer_read, &mut peer_write).await.unwrap();
            drop(peer_write);
            copied
        },
        async {
            write.write_all(&sent).await.unwrap();
            drop(write);
        },
        read.read_to_end(&mut received)
    );
    assert_eq!(echoed.unwrap(), MEBIBYTE);
    assert!(received == sent);
}
