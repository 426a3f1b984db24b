//! `futures_io::{AsyncRead, AsyncWrite}`.

use crate::common::stream::{Stream, fill, std_pair};
use crate::common::{Count, MS, poll};
use crate::{MEBIBYTE, impl_as_source, on_every_reactor, pair, pattern, tcp_pair};
use dormouse::io::AsyncFd;
use dormouse::{sleep, timeout};
use futures::future::{poll_fn, select};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use futures::join;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::TcpStream;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};

on_every_reactor! {
    a_mebibyte_is_copied_completely
    vectored_reads_and_writes_fill_all_buffers
    after_a_half_close_the_other_direction_stays_open
    closing_an_unconnected_socket_is_not_an_error
    a_flush_does_not_wait_for_room
    a_full_socket_makes_a_write_wait
    a_dropped_read_loses_no_data
    readers_and_writers_are_woken_independently
    an_interrupted_operation_is_retried
}

async fn a_mebibyte_is_copied_completely() {
    let sent = pattern();
    let copy = async |mut from: Pin<&mut dyn AsyncRead>, to: Pin<&mut dyn AsyncWrite>| {
        let mut to = to;
        let (copied, received) = join!(
            async {
                let copied = futures::io::copy(&sent[..], &mut to).await.unwrap();
                to.close().await.unwrap();
                copied
            },
            async {
                let mut received = Vec::new();
                futures::io::copy(&mut from, &mut received).await.unwrap();
                received
            }
        );
        assert_eq!(copied, MEBIBYTE as u64);
        assert!(received == sent);
    };
    let (local, peer) = pair();
    copy(pin!(peer), pin!(local)).await;
    let (local, peer) = tcp_pair();
    copy(pin!(&peer), pin!(&local)).await;
    let (local, peer) = tcp_pair();
    copy(pin!(peer.into_split().0), pin!(local.into_split().1)).await;
}

async fn vectored_reads_and_writes_fill_all_buffers() {
    let (local, peer) = pair();
    let parts = [&b"the "[..], b"dormouse ", b"sleeps"].map(IoSlice::new);
    assert_eq!(local.write_vectored(&parts).await.unwrap(), 19);
    let (mut first, mut second) = ([0; 4], [0; 100]);
    let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(peer.read_vectored(&mut parts).await.unwrap(), 19);
    assert_eq!((&first, &second[..15]), (b"the ", &b"dormouse sleeps"[..]));
}

async fn after_a_half_close_the_other_direction_stays_open() {
    let (mut local, mut peer) = tcp_pair();
    AsyncWriteExt::write_all(&mut local, b"a question").await.unwrap();
    local.close().await.unwrap();
    let mut received = String::new();
    timeout(5000 * MS, peer.read_to_string(&mut received))
        .await
        .expect("the stream does not end")
        .unwrap();
    assert_eq!(received, "a question");
    let mut response = String::new();
    let (written, read) = join!(
        async {
            sleep(2 * MS).await;
            AsyncWriteExt::write_all(&mut peer, b"an answer").await?;
            peer.close().await
        },
        local.read_to_string(&mut response)
    );
    written.unwrap();
    read.unwrap();
    assert_eq!(response, "an answer");
    // Windows has an error for this that std knows no kind for.
    let error = local.write(b"x").await.unwrap_err();
    assert!(cfg!(windows) || error.kind() == ErrorKind::BrokenPipe, "{error}");
    // A second close is not an error.
    local.close().await.unwrap();
}

async fn closing_an_unconnected_socket_is_not_an_error() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let mut socket = AsyncFd::new(TcpStream::from(socket.unwrap())).unwrap();
    socket.close().await.unwrap();
    // A socket whose peer has closed with unread data, which resets the connection.
    let (mut local, peer) = tcp_pair();
    AsyncWriteExt::write_all(&mut local, b"x").await.unwrap();
    drop(peer);
    sleep(2 * MS).await;
    local.close().await.unwrap();
}

async fn a_flush_does_not_wait_for_room() {
    let (mut local, _peer) = pair();
    fill(&local);
    timeout(5000 * MS, local.flush()).await.expect("a full socket has nothing to flush").unwrap();
}

async fn a_full_socket_makes_a_write_wait() {
    let (local, peer) = pair();
    fill(&local);
    assert!(timeout(5 * MS, local.write(b"x")).await.is_err());
    let (written, ()) = join!(local.write(b"x"), async {
        sleep(2 * MS).await;
        let mut buffer = vec![0; MEBIBYTE];
        while timeout(5 * MS, peer.read(&mut buffer)).await.is_ok() {}
    });
    assert_eq!(written.unwrap(), 1);
}

async fn a_dropped_read_loses_no_data() {
    let (local, mut peer) = pair();
    let sender = async {
        for i in 0..200u8 {
            AsyncWriteExt::write_all(&mut peer, &[i]).await.unwrap();
            sleep(MS / 20).await;
        }
    };
    let receiver = async {
        let mut received = Vec::new();
        let mut dropped = 0;
        while received.len() < 200 {
            let mut buffer = [0; 7];
            let result = match select(std::pin::pin!(local.read(&mut buffer)), sleep(MS / 50)).await
            {
                futures::future::Either::Left((read, _)) => Some(read.unwrap()),
                futures::future::Either::Right(_) => None,
            };
            match result {
                Some(read) => received.extend_from_slice(&buffer[..read]),
                None => {
                    dropped += 1;
                    // On a slow machine each sleep is ready at its first poll. Lets the sender run.
                    smol::future::yield_now().await;
                }
            }
        }
        assert!(received.iter().copied().eq(0..200));
        assert!(dropped > 0);
    };
    join!(sender, receiver);
}

async fn readers_and_writers_are_woken_independently() {
    let (local, peer) = pair();
    fill(&local);
    let (reader, read_waker) = Count::new();
    let (writer, write_waker) = Count::new();
    let mut buffer = [0; 16];
    let mut read = poll_fn(|cx| Pin::new(&mut &local).poll_read(cx, &mut buffer));
    let mut write = poll_fn(|cx| Pin::new(&mut &local).poll_write(cx, b"x"));
    assert!(poll(&mut read, &read_waker).is_pending());
    assert!(poll(&mut write, &write_waker).is_pending());

    peer.get_ref().write_all(b"hello").unwrap();
    reader.wait_for_async(1).await;
    assert_eq!(writer.get(), 0);
    assert!(matches!(poll(&mut read, &read_waker), std::task::Poll::Ready(Ok(5))));

    assert!(poll(&mut read, &read_waker).is_pending());
    let woken = reader.get();
    while peer.get_ref().read(&mut [0; 65536]).is_ok() {}
    writer.wait_for_async(1).await;
    assert!(matches!(poll(&mut write, &write_waker), std::task::Poll::Ready(Ok(1))));
    assert_eq!(reader.get(), woken);
}

/// Returns `Interrupted` from every other operation.
#[derive(Debug)]
struct Interrupted(Stream, AtomicUsize);

impl_as_source! { Interrupted, 0 }

impl Interrupted {
    fn every_other_time(&self) -> io::Result<&Stream> {
        match self.1.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Err(ErrorKind::Interrupted.into()),
            _ => Ok(&self.0),
        }
    }
}

impl Read for &Interrupted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.every_other_time()?.read(buf)
    }
}

impl Write for &Interrupted {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.every_other_time()?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.every_other_time()?.flush()
    }
}

async fn an_interrupted_operation_is_retried() {
    let (local, mut peer) = std_pair();
    let mut local = AsyncFd::new(Interrupted(local, AtomicUsize::new(0))).unwrap();
    // The methods of the traits. Those of AsyncFd itself return the interruption, as std does.
    assert_eq!(AsyncWriteExt::write(&mut local, b"x").await.unwrap(), 1);
    local.flush().await.unwrap();
    peer.write_all(b"y").unwrap();
    assert_eq!(AsyncReadExt::read(&mut local, &mut [0; 16]).await.unwrap(), 1);
    local.close().await.unwrap();
    assert_eq!(peer.read(&mut [0; 16]).unwrap(), 1);
    assert_eq!(peer.read(&mut [0; 16]).unwrap(), 0);
}
