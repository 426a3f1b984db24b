//! What the socket types have besides `connect`, `accept`, `read` and `write`, on Unix: the blocking mode of sockets that the
//! program has created, sockets of other kinds, and listeners with a full backlog.
#![cfg(unix)]

mod common;

use common::ports::{closed_tcp_port, full_listener};
use common::{LIMIT, MS};
use dormouse::io::AsyncFd;
use dormouse::net::{HappyEyeballs, TcpListener, TcpSocket, TcpStream, UdpSocket};
use dormouse::{sleep, timeout};
use futures::join;
use rustix::fs::{OFlags, fcntl_getfl};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

on_every_reactor! {
    a_prepared_socket_of_std_keeps_its_blocking_mode
    a_prepared_socket_that_is_not_tcp_is_an_error
    a_connect_begun_elsewhere_returns_a_late_refusal
    happy_eyeballs_does_not_wait_for_an_address_without_a_response
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn is_blocking(socket: impl AsFd) -> bool {
    !fcntl_getfl(socket).unwrap().contains(OFlags::NONBLOCK)
}

async fn a_prepared_socket_of_std_keeps_its_blocking_mode() {
    for blocking in [true, false] {
        let prepared = || {
            let domain = socket2::Domain::IPV4;
            let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
            socket.set_nonblocking(!blocking).unwrap();
            TcpSocket::from_std_stream(socket.into())
        };
        let listener = prepared().listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
        let (client, server) = join!(prepared().connect(to), listener.accept());
        let (client, _server) = (client.unwrap(), server.unwrap());
        assert!(!is_blocking(&client) && !is_blocking(&listener));
        assert_eq!(is_blocking(client.into_blocking().unwrap()), blocking);
        assert_eq!(is_blocking(listener.into_blocking().unwrap()), blocking);
    }
}

async fn a_prepared_socket_that_is_not_tcp_is_an_error() {
    let to = closed_tcp_port().1;
    let udp = || std::net::UdpSocket::bind(ANY).unwrap().into();
    let unix = || std::os::unix::net::UnixStream::pair().unwrap().0.into();
    let prepared = |fd: OwnedFd| TcpSocket::from_std_stream(fd.into());
    for error in [
        prepared(udp()).connect(to).await.unwrap_err(),
        prepared(udp()).listen(1).unwrap_err(),
        prepared(unix()).connect(to).await.unwrap_err(),
        prepared(unix()).listen(1).unwrap_err(),
        prepared(unix()).local_addr().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().ends_with("it is not a TCP socket"), "{error}");
    }
}

async fn a_connect_begun_elsewhere_returns_a_late_refusal() {
    let (listener, address, _first) = full_listener();
    let begun = mio::net::TcpStream::connect(address).unwrap();
    let (connected, ()) = join!(TcpStream::finish_connect(begun.into()), async {
        sleep(20 * MS).await;
        drop(listener);
    });
    assert_eq!(connected.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
#[cfg(target_os = "linux")]
fn finishing_a_connect_that_has_not_begun_is_an_error() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let finish = timeout(LIMIT, TcpStream::finish_connect(socket.into()));
    let error = dormouse::block_on(finish).expect("it waits forever").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

async fn happy_eyeballs_does_not_wait_for_an_address_without_a_response() {
    let (_listener, silent, _first) = full_listener();
    let listener = TcpListener::bind(ANY).await.unwrap();
    let addresses = [silent, silent, listener.local_addr().unwrap()];
    let connect = HappyEyeballs::new().delay(MS);
    // The first of the SYNs that are dropped is repeated after a second.
    let stream = timeout(LIMIT, connect.connect(&addresses[..])).await.expect("it waits").unwrap();
    assert_eq!(stream.peer_addr().unwrap(), addresses[2]);
}

#[test]
fn a_socket_of_std_is_converted_both_ways() {
    let socket = std::net::UdpSocket::bind(ANY).unwrap();
    let number = socket.as_raw_fd();
    let socket = UdpSocket::try_from(socket).unwrap();
    assert_eq!(socket.as_raw_fd(), number);
    assert_eq!(socket.as_ref().local_addr().unwrap(), socket.local_addr().unwrap());
    let socket: std::net::UdpSocket = socket.try_into().unwrap();
    assert!(!is_blocking(&socket), "`into_std` leaves it non-blocking");
    socket.set_nonblocking(false).unwrap();
    let socket: AsyncFd<_> = UdpSocket::from_std(socket).unwrap().into_async_fd();
    let socket = UdpSocket::from(socket).into_blocking().unwrap();
    assert!(is_blocking(&socket));
    assert_eq!(socket.as_raw_fd(), number);
}
