//! What the socket types have besides `connect`, `accept`, `read` and `write`: prepared sockets, Happy Eyeballs, attempts
//! without waiting, poll functions, halves, options, and errors of bad input.

mod common;

use common::ports::closed_tcp_port;
use common::tcp::pair;
use common::{LIMIT, MS};
use dormouse::io::Interest;
use dormouse::net::tcp::ReuniteError;
use dormouse::net::{HappyEyeballs, TcpListener, TcpSocket, TcpStream, UdpSocket};
use dormouse::{sleep, timeout};
use futures::join;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

on_every_reactor! {
    a_prepared_socket_connects_from_the_address_it_is_bound_to
    a_connect_begun_elsewhere_is_finished
    an_attempt_to_read_returns_would_block_until_bytes_arrive
    an_attempt_to_receive_returns_would_block_until_a_datagram_arrives
    poll_accept_wakes_for_a_connection
    poll_peek_leaves_the_bytes
    the_poll_functions_of_a_udp_socket_wake_for_a_datagram
    peek_sender_waits_and_leaves_the_datagram
    dropping_the_owned_write_half_ends_the_stream
    borrowed_halves_shut_nothing_down
    happy_eyeballs_starts_the_next_attempt_when_one_fails
    happy_eyeballs_returns_the_last_error
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

async fn a_prepared_socket_connects_from_the_address_it_is_bound_to() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(ANY.into()).unwrap();
    let listener = socket.listen(16).unwrap();

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_keepalive(true).unwrap();
    assert!(socket.keepalive().unwrap());
    socket.bind(ANY.into()).unwrap();
    let from = socket.local_addr().unwrap();
    let (client, server) = join!(socket.connect(listener.local_addr().unwrap()), listener.accept());
    assert_eq!(client.unwrap().local_addr().unwrap(), from);
    assert_eq!(server.unwrap().1, from);
}

async fn a_connect_begun_elsewhere_is_finished() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let begun = mio::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (client, server) = join!(TcpStream::finish_connect(begun.into()), listener.accept());
    client.unwrap().write(b"x").await.unwrap();
    assert_eq!(server.unwrap().0.read(&mut [0; 2]).await.unwrap(), 1);
}

async fn an_attempt_to_read_returns_would_block_until_bytes_arrive() {
    let (client, server) = pair().await;
    let mut buffer = [0; 16];
    assert_eq!(server.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    let (readable, ()) = join!(server.readable(), async {
        sleep(2 * MS).await;
        assert_eq!(client.try_write(b"hello").unwrap(), 5);
    });
    readable.unwrap();
    assert_eq!(server.try_read(&mut buffer).unwrap(), 5);
    assert_eq!(server.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(client);
    assert!(server.ready(Interest::READABLE).await.unwrap().is_readable());
    assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
}

async fn an_attempt_to_receive_returns_would_block_until_a_datagram_arrives() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    let to = other.local_addr().unwrap();
    let from = one.local_addr().unwrap();
    let mut buffer = [0; 16];
    let error = other.try_recv_from(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let (readable, ()) = join!(other.readable(), async {
        sleep(2 * MS).await;
        assert_eq!(one.try_send_to(b"hello", to).unwrap(), 5);
    });
    readable.unwrap();
    assert_eq!(other.try_peek_from(&mut buffer).unwrap(), (5, from));
    assert_eq!(other.try_recv_from(&mut buffer).unwrap(), (5, from));
    assert_eq!(other.try_recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

async fn poll_accept_wakes_for_a_connection() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, client) = join!(poll_fn(|cx| listener.poll_accept(cx)), async {
        sleep(2 * MS).await;
        TcpStream::connect(address).await.unwrap()
    });
    assert_eq!(accepted.unwrap().1, client.local_addr().unwrap());
}

async fn poll_peek_leaves_the_bytes() {
    let (client, server) = pair().await;
    let mut buffer = [0; 16];
    let (peeked, ()) = join!(poll_fn(|cx| server.poll_peek(cx, &mut buffer)), async {
        sleep(2 * MS).await;
        client.write(b"hello").await.unwrap();
    });
    assert_eq!(peeked.unwrap(), 5);
    assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
}

async fn peek_sender_waits_and_leaves_the_datagram() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    assert_eq!(other.try_peek_sender().unwrap_err().kind(), ErrorKind::WouldBlock);
    let (to, from) = (other.local_addr().unwrap(), one.local_addr().unwrap());
    for len in [0, 5] {
        let (sender, sent) = join!(other.peek_sender(), async {
            sleep(2 * MS).await;
            one.send_to(&b"hello"[..len], to).await
        });
        assert_eq!((sender.unwrap(), sent.unwrap()), (from, len));
        assert_eq!(poll_fn(|cx| other.poll_peek_sender(cx)).await.unwrap(), from);
        assert_eq!(other.try_peek_sender().unwrap(), from);
        assert_eq!(other.recv_from(&mut [0; 16]).await.unwrap(), (len, from));
    }
}

async fn the_poll_functions_of_a_udp_socket_wake_for_a_datagram() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    let to = other.local_addr().unwrap();
    let from = one.local_addr().unwrap();
    let mut buffer = [0; 16];
    let (received, ()) = join!(poll_fn(|cx| other.poll_recv_from(cx, &mut buffer)), async {
        sleep(2 * MS).await;
        assert_eq!(poll_fn(|cx| one.poll_send_to(cx, b"hello", to)).await.unwrap(), 5);
    });
    assert_eq!(received.unwrap(), (5, from));

    one.connect(to).await.unwrap();
    poll_fn(|cx| one.poll_send_ready(cx)).await.unwrap();
    let (ready, ()) = join!(poll_fn(|cx| other.poll_recv_ready(cx)), async {
        sleep(2 * MS).await;
        assert_eq!(poll_fn(|cx| one.poll_send(cx, b"bye")).await.unwrap(), 3);
    });
    ready.unwrap();
    assert_eq!(poll_fn(|cx| other.poll_peek(cx, &mut buffer)).await.unwrap(), 3);
    assert_eq!(poll_fn(|cx| other.poll_peek_from(cx, &mut buffer)).await.unwrap(), (3, from));
    assert_eq!(poll_fn(|cx| other.poll_recv(cx, &mut buffer)).await.unwrap(), 3);
}

async fn dropping_the_owned_write_half_ends_the_stream() {
    let (client, server) = pair().await;
    let (read, write) = client.into_split();
    assert_eq!(write.write(b"hello").await.unwrap(), 5);
    let client = read.reunite(write).expect("halves of one stream");
    let (read, write) = client.into_split();
    write.forget();
    let mut buffer = [0; 16];
    assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
    let closed = timeout(2 * MS, server.read(&mut buffer)).await;
    assert!(closed.is_err(), "a half that is forgotten, or reunited, shuts nothing down");
    drop(read);
    assert_eq!(server.read(&mut buffer).await.unwrap(), 0);

    let (client, server) = pair().await;
    let (read, write) = client.into_split();
    drop(write);
    assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
    assert_eq!(server.write(b"still there?").await.unwrap(), 12);
    assert_eq!(read.read(&mut buffer).await.unwrap(), 12);
}

async fn borrowed_halves_shut_nothing_down() {
    let (mut client, server) = pair().await;
    let (read, write) = client.split();
    assert_eq!(write.write(b"hello").await.unwrap(), 5);
    server.write(b"hi").await.unwrap();
    assert_eq!(read.read(&mut [0; 16]).await.unwrap(), 2);
    let _ = (read, write);
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 5);
    assert!(timeout(2 * MS, server.read(&mut [0; 16])).await.is_err());
    client.write(b"bye").await.unwrap();
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 3);
}

#[test]
fn halves_of_different_streams_cannot_be_reunited() {
    let (one, other) = dormouse::block_on(pair());
    let (read, _write) = one.into_split();
    let (_read, write) = other.into_split();
    let error = read.reunite(write).unwrap_err();
    assert_eq!(error.to_string(), "tried to reunite halves that are not of one stream");
    let ReuniteError(_read, _write) = error;
}

async fn happy_eyeballs_starts_the_next_attempt_when_one_fails() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let (_holder, refused) = closed_tcp_port();
    let addresses = [refused, listener.local_addr().unwrap()];
    let connect = HappyEyeballs::new().delay(Duration::MAX);
    let stream =
        timeout(LIMIT, connect.connect(&addresses[..])).await.expect("it waits for the delay");
    assert_eq!(stream.unwrap().peer_addr().unwrap(), addresses[1]);
}

async fn happy_eyeballs_returns_the_last_error() {
    let [(_one, one), (_other, other)] = [(); 2].map(|()| closed_tcp_port());
    let error = HappyEyeballs::new().connect(&[one, other][..]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&other.to_string()), "{error}");
    let error = HappyEyeballs::new().connect(&[][..]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// The errors of each function that takes addresses.
async fn errors(address: &str) -> Vec<io::Error> {
    let socket = UdpSocket::bind(ANY).await.unwrap();
    vec![
        TcpStream::connect(address).await.unwrap_err(),
        HappyEyeballs::new().connect(address).await.unwrap_err(),
        TcpListener::bind(address).await.unwrap_err(),
        UdpSocket::bind(address).await.unwrap_err(),
        socket.connect(address).await.unwrap_err(),
        socket.send_to(b"hello", address).await.unwrap_err(),
    ]
}

#[test]
#[cfg(not(feature = "dns"))]
fn a_name_is_an_error_that_says_how_to_resolve_it() {
    for error in dormouse::block_on(errors("example.com:80")) {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let message = error.to_string();
        assert!(message.starts_with("cannot "), "{message}");
        assert!(message.contains("\"example.com:80\" is a host name"), "{message}");
        assert!(message.contains("the feature `dns`"), "{message}");
        assert!(message.contains("std::net::ToSocketAddrs"), "{message}");
    }
}

#[test]
fn a_text_that_is_no_address_is_invalid_input() {
    for error in dormouse::block_on(errors("127.0.0.1")) {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let message = error.to_string();
        assert!(message.contains("\"127.0.0.1\" is not a socket address"), "{message}");
        assert!(message.contains("with a port, such as"), "{message}");
    }
}

#[test]
fn an_empty_list_of_addresses_is_invalid_input() {
    dormouse::block_on(async {
        let none: &[SocketAddr] = &[];
        let socket = UdpSocket::bind(ANY).await.unwrap();
        for error in [
            TcpStream::connect(none).await.unwrap_err(),
            TcpListener::bind(none).await.unwrap_err(),
            UdpSocket::bind(none).await.unwrap_err(),
            socket.connect(none).await.unwrap_err(),
            socket.send_to(b"hello", none).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().ends_with(": the list of addresses is empty"), "{error}");
        }
    });
}

#[test]
fn port_0_is_no_destination() {
    dormouse::block_on(async {
        let socket = UdpSocket::bind(ANY).await.unwrap();
        for error in [
            TcpStream::connect(ANY).await.unwrap_err(),
            HappyEyeballs::new().connect(ANY).await.unwrap_err(),
            TcpSocket::new_v4().unwrap().connect(ANY.into()).await.unwrap_err(),
            socket.connect(ANY).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let expected = "cannot connect to 127.0.0.1:0: port 0 is not a destination";
            assert_eq!(error.to_string(), expected);
        }
    });
}

#[test]
fn the_errors_of_a_prepared_socket_name_the_address() {
    dormouse::block_on(async {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        let error = socket.bind(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("cannot bind to {address}: ")), "{error}");
        let (_holder, address) = closed_tcp_port();
        let error = socket.connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(
            error.to_string().starts_with(&format!("cannot connect to {address}: ")),
            "{error}"
        );
    });
}

#[test]
fn localhost_is_tried_on_both_families() {
    dormouse::block_on(async {
        let listener = match TcpListener::bind("[::1]:0").await {
            Err(err) if err.kind() == ErrorKind::AddrNotAvailable => {
                return println!("skipped: this machine has no IPv6");
            }
            listener => listener.unwrap(),
        };
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(("localhost", address.port())).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
    });
}

#[test]
fn options_that_are_set_are_read_back() {
    let (stream, _peer) = dormouse::block_on(pair());
    stream.set_nodelay(true).unwrap();
    assert!(stream.nodelay().unwrap());
    stream.set_ttl(7).unwrap();
    assert_eq!(stream.ttl().unwrap(), 7);
    stream.set_zero_linger().unwrap();
    assert_eq!(stream.linger().unwrap(), Some(Duration::ZERO));
    stream.set_linger(None).unwrap();
    assert_eq!(stream.linger().unwrap(), None);
    let socket = dormouse::block_on(UdpSocket::bind(ANY)).unwrap();
    socket.set_broadcast(true).unwrap();
    assert!(socket.broadcast().unwrap());
    socket.set_tos_v4(0x10).unwrap();
    assert_eq!(socket.tos_v4().unwrap(), 0x10);
    socket.set_multicast_ttl_v4(3).unwrap();
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
    socket.set_multicast_loop_v4(false).unwrap();
    assert!(!socket.multicast_loop_v4().unwrap());
}

#[cfg(feature = "bytes")]
mod buffers {
    use super::*;
    use bytes::{BufMut, Bytes, BytesMut};

    on_every_reactor! {
        bytes_are_read_into_the_unused_part_of_a_buffer
        a_long_datagram_is_not_truncated
    }

    async fn bytes_are_read_into_the_unused_part_of_a_buffer() {
        let (client, server) = pair().await;
        let mut hello = Bytes::from_static(b"hello");
        let mut buffer = BytesMut::from(&b"> "[..]);
        buffer.reserve(100);
        let (read, written) = join!(server.read_buf(&mut buffer), async {
            sleep(2 * MS).await;
            client.write_buf(&mut hello).await
        });
        assert_eq!((read.unwrap(), written.unwrap(), hello.len()), (5, 5, 0));
        assert_eq!(&buffer[..], b"> hello");
        let error = server.try_read_buf(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);

        // A buffer with a fixed size takes what it has room for.
        client.write(b"abc").await.unwrap();
        let mut two = [0; 2];
        let mut unused = &mut two[..];
        assert_eq!(server.read_buf(&mut unused).await.unwrap(), 2);
        assert!(!unused.has_remaining_mut());
        assert_eq!(server.read_buf(&mut unused).await.unwrap(), 0);
        assert_eq!(&two, b"ab");
        assert_eq!(server.read_buf(&mut buffer).await.unwrap(), 1);
    }

    async fn a_long_datagram_is_not_truncated() {
        let (one, other) =
            (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
        let long: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        let to = other.local_addr().unwrap();
        for _ in 0..2 {
            one.send_to(&long, to).await.unwrap();
        }
        let from = one.local_addr().unwrap();
        let mut buffer = Vec::with_capacity(65_536);
        assert_eq!(other.recv_buf_from(&mut buffer).await.unwrap(), (40_000, from));
        assert!(buffer == long);
        buffer.clear();
        assert_eq!(other.recv_buf(&mut buffer).await.unwrap(), 40_000);
        assert!(buffer == long);
        let error = other.try_recv_buf(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let error = other.try_recv_buf_from(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}
