//! Reads that return less than they ask for. On a TCP stream that means that no more data has arrived; on other fds, and
//! at the urgent mark, data may be left that no event reports.
#![cfg(all(target_os = "linux", not(dormouse_portable)))]

mod common;

use common::sockets::tcp_pair;
use common::{Count, LIMIT, MS, poll};
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::{self, TcpListener, TcpStream, UnixStream};
use dormouse::{sleep, timeout};
use rustix::net::sockopt::set_socket_oobinline;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};
use std::io::{ErrorKind, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::pin::pin;

on_every_reactor! {
    a_short_read_of_tcp_clears_the_readiness
    other_short_reads_keep_the_readiness
    a_short_read_keeps_the_end_of_the_stream
    data_behind_the_urgent_mark_is_not_left
    data_behind_an_urgent_mark_that_is_older_than_the_first_wait_is_not_left
    data_behind_a_descriptor_is_not_left
    data_behind_a_packet_of_a_pipe_is_not_left
    a_read_into_more_buffers_than_the_system_uses_is_not_short
    every_byte_of_a_busy_peer_is_read
}

/// A connection whose local end has waited. So its readiness is known from here on, and under the builtin reactor the
/// reactor thread runs.
fn connection() -> (TcpStream, std::net::TcpStream) {
    let (local, peer) = tcp_pair();
    peer.set_nodelay(true).unwrap();
    let local = TcpStream::from_std(local).unwrap();
    assert!(poll(&mut pin!(local.readable()), &Count::new().1).is_pending());
    (local, peer)
}

/// Whether the stream is known to be not ready, or whether its readiness is not known.
fn is_unready(try_io: impl FnOnce(&mut dyn FnMut() -> std::io::Result<()>)) -> bool {
    let mut tried = false;
    try_io(&mut || {
        tried = true;
        Err(ErrorKind::WouldBlock.into())
    });
    !tried
}

async fn a_short_read_of_tcp_clears_the_readiness() {
    let (local, mut peer) = connection();
    for _ in 0..2 {
        peer.write_all(b"hello").unwrap();
        local.readable().await.unwrap();
        assert_eq!(local.read(&mut [0; 4]).await.unwrap(), 4);
        let is_ready =
            |stream: &TcpStream| !is_unready(|f| drop(stream.try_io(Interest::READABLE, f)));
        peer.write_all(b"h").unwrap();
        local.readable().await.unwrap();
        // The data may have arrived after the event.
        while local.try_read(&mut [0; 16]).is_ok() {}
        assert!(!is_ready(&local) || local.reactor().name() == "async-io");
        peer.write_all(b"hello").unwrap();
        local.readable().await.unwrap();
        let read = local.read(&mut [0; 16]).await.unwrap();
        assert_eq!(read, 5);
        if local.reactor().name() != "async-io" {
            assert!(!is_ready(&local), "another read is tried");
        }
    }
}

async fn other_short_reads_keep_the_readiness() {
    let (local, mut peer) = UnixStream::pair().map(|(a, b)| (a, b.into_std().unwrap())).unwrap();
    assert!(poll(&mut pin!(local.readable()), &Count::new().1).is_pending());
    peer.write_all(b"hello").unwrap();
    local.readable().await.unwrap();
    assert_eq!(local.read(&mut [0; 16]).await.unwrap(), 5);
    assert!(!is_unready(|f| drop(local.try_io(Interest::READABLE, f))));

    let (tcp, mut peer) = connection();
    let tcp = tcp.into_async_fd();
    peer.write_all(b"hello").unwrap();
    drop(tcp.readable().await.unwrap());
    assert_eq!(tcp.read(&mut [0; 16]).await.unwrap(), 5);
    assert!(!is_unready(|f| drop(tcp.try_io(Interest::READABLE, |_| f()))));

    let (tcp, mut peer) = tcp_pair();
    let tcp = AsyncFd::new(tcp).unwrap();
    assert!(poll(&mut pin!(tcp.readable()), &Count::new().1).is_pending());
    peer.write_all(b"hello").unwrap();
    drop(tcp.readable().await.unwrap());
    assert_eq!(tcp.read(&mut [0; 16]).await.unwrap(), 5);
    assert!(!is_unready(|f| drop(tcp.try_io(Interest::READABLE, |_| f()))));
}

async fn a_short_read_keeps_the_end_of_the_stream() {
    for (is_reset, event_first) in [(false, false), (false, true), (true, false), (true, true)] {
        let (local, mut peer) = connection();
        if is_reset {
            // Unread data makes the close of the peer a reset.
            local.write(b"unread").await.unwrap();
        }
        peer.write_all(b"hello").unwrap();
        drop(peer);
        if event_first {
            sleep(2 * MS).await;
        }
        let mut end = Ok(1);
        while end.as_ref().is_ok_and(|&read| read > 0) {
            let mut buffer = [0; 16];
            end = timeout(LIMIT, local.read(&mut buffer)).await.expect("the end is not reported");
        }
        assert!(is_reset || end.is_ok_and(|read| read == 0));
    }
}

async fn data_behind_the_urgent_mark_is_not_left() {
    for (before, behind) in (0..5).flat_map(|before| (0..4).map(move |behind| (before, behind))) {
        for (event_first, inline) in [(false, false), (false, true), (true, false), (true, true)] {
            let (local, mut peer) = connection();
            set_socket_oobinline(&local, inline).unwrap();
            peer.write_all(&vec![b'a'; before]).unwrap();
            send(&peer, b"!", SendFlags::OOB).unwrap();
            peer.write_all(&vec![b'b'; behind]).unwrap();
            if event_first {
                sleep(2 * MS).await;
            }
            let mut left = before + behind + usize::from(inline);
            let mut buffer = [0; 16];
            while left > 0 {
                let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("data is left");
                left -= read.unwrap();
            }
            peer.write_all(b"end").unwrap();
            let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("an event is lost");
            assert_eq!(read.unwrap(), 3);
        }
    }
}

async fn data_behind_an_urgent_mark_that_is_older_than_the_first_wait_is_not_left() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for (before, behind) in (0..5).flat_map(|before| (0..4).map(move |behind| (before, behind))) {
        // The first wait registers the connection, after some reads.
        for (reads, is_write) in (0..3).flat_map(|reads| [(reads, false), (reads, true)]) {
            let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            peer.set_nodelay(true).unwrap();
            let (local, _) = listener.accept().await.unwrap();
            peer.write_all(&vec![b'a'; before]).unwrap();
            send(&peer, b"!", SendFlags::OOB).unwrap();
            peer.write_all(&vec![b'b'; behind]).unwrap();
            let mut left = before + behind;
            let mut buffer = [0; 16];
            for _ in 0..reads {
                left -= local.try_read(&mut buffer).unwrap_or(0);
            }
            if is_write {
                local.writable().await.unwrap();
            } else {
                let _ = poll(&mut pin!(local.readable()), &Count::new().1);
            }
            while left > 0 {
                let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("data is left");
                left -= read.unwrap();
            }
            peer.write_all(b"end").unwrap();
            let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("an event is lost");
            assert_eq!(read.unwrap(), 3);
        }
    }
}

async fn data_behind_a_descriptor_is_not_left() {
    let (local, peer) = UnixStream::pair().map(|(a, b)| (a, b.into_std().unwrap())).unwrap();
    assert!(poll(&mut pin!(local.readable()), &Count::new().1).is_pending());
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [peer.as_fd()];
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    sendmsg(&peer, &[IoSlice::new(b"with")], &mut control, SendFlags::empty()).unwrap();
    (&peer).write_all(b"behind").unwrap();
    // The event of both is delivered.
    sleep(2 * MS).await;
    for len in [4, 6] {
        let mut buffer = [0; 16];
        let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("data is left");
        assert_eq!(read.unwrap(), len);
    }
}

async fn data_behind_a_packet_of_a_pipe_is_not_left() {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    let (reader, writer) = net::pipe().unwrap();
    assert!(poll(&mut pin!(reader.readable()), &Count::new().1).is_pending());
    fcntl_setfl(&writer, fcntl_getfl(&writer).unwrap() | OFlags::DIRECT).unwrap();
    for packet in [&b"one"[..], b"three"] {
        assert_eq!(writer.write(packet).await.unwrap(), packet.len());
    }
    sleep(2 * MS).await;
    for len in [3, 5] {
        let mut buffer = [0; 16];
        let read = timeout(LIMIT, reader.read(&mut buffer)).await.expect("data is left");
        assert_eq!(read.unwrap(), len);
    }
}

async fn a_read_into_more_buffers_than_the_system_uses_is_not_short() {
    let (local, mut peer) = connection();
    peer.write_all(&[b'a'; 1500]).unwrap();
    sleep(2 * MS).await;
    let mut bytes = [[0]; 1200];
    let mut left = 1500;
    while left > 0 {
        let mut buffers: Vec<_> = bytes.iter_mut().map(|byte| IoSliceMut::new(byte)).collect();
        let read = timeout(LIMIT, local.read_vectored(&mut buffers)).await.expect("data is left");
        left -= read.unwrap();
    }
}

async fn every_byte_of_a_busy_peer_is_read() {
    const BYTES: usize = 200_000;
    let (local, mut peer) = connection();
    let writer = std::thread::spawn(move || {
        let mut left = BYTES;
        let mut len = 1;
        while left > 0 {
            let piece = len.min(left);
            peer.write_all(&vec![b'a'; piece]).unwrap();
            left -= piece;
            len = len % 61 + 7;
            if len % 4 == 0 {
                std::thread::yield_now();
            }
        }
        peer
    });
    let mut left = BYTES;
    let mut buffer = [0; 48];
    while left > 0 {
        let read = timeout(LIMIT, local.read(&mut buffer)).await.expect("an event is lost");
        left -= read.unwrap();
    }
    drop(writer.join().unwrap());
}
