//! The object that is wrapped.

use crate::common::MS;
use crate::common::stream::std_pair;
use crate::{on_every_reactor, pair, read, write};
use dormouse::io::{AsyncFd, Interest};
use dormouse::{sleep, timeout};
use futures::join;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, UdpSocket};

on_every_reactor! {
    a_blocking_fd_is_set_non_blocking
    into_inner_returns_an_object_that_can_be_wrapped_again
    a_socket_wrapped_before_it_is_connected_works
}

async fn a_blocking_fd_is_set_non_blocking() {
    let (reader, _writer) = std_pair();
    let reader = AsyncFd::new(reader).unwrap();
    let nothing = reader.get_ref().read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

async fn into_inner_returns_an_object_that_can_be_wrapped_again() {
    let (local, peer) = pair();
    let mut local = local.into_inner();
    for _ in 0..3 {
        let wrapped = AsyncFd::new(local).unwrap();
        write(&peer, b"x").await.unwrap();
        assert_eq!(read(&wrapped).await.unwrap(), b"x");
        local = wrapped.into_inner();
    }
}

async fn a_socket_wrapped_before_it_is_connected_works() {
    // The kernel reports a hang-up for a socket that is not connected yet.
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = AsyncFd::new(socket.unwrap()).unwrap();
    sleep(2 * MS).await;
    let _ = socket.get_ref().connect(&listener.local_addr().unwrap().into());
    drop(socket.writable().await.unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    let received = socket.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16]));
    let (received, ()) = join!(timeout(5000 * MS, received), async {
        sleep(5 * MS).await;
        peer.write_all(b"hello").unwrap();
    });
    assert_eq!(received.expect("readiness was lost").unwrap(), 5);
    drop(receiver);
}

#[test]
fn async_fd_and_its_futures_are_send() {
    fn assert_send_sync_unpin<T: Send + Sync + Unpin>(_: &T) {}
    fn assert_send<T: Send>(_: T) {}
    let (local, _peer) = pair();
    assert_send_sync_unpin(&local);
    assert_send(local.readable());
    assert_send(local.writable());
    assert_send(local.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0])));
    assert_send(dormouse::timeout(MS, local.readable()));
}
