//! TCP, UDP and pipes, on every reactor.

mod common;

use common::MS;
use common::ports::closed_tcp_port;
use common::tcp::pattern;
use dormouse::net::{TcpListener, TcpStream, UdpSocket};
use dormouse::{sleep, timeout};
use futures::future::join_all;
use futures::join;
use rustix::io::Errno;
use std::error::Error;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown};

on_every_reactor! {
    a_connection_carries_bytes_both_ways_at_once
    a_connection_over_ipv6_works
    a_read_at_the_end_of_a_connection_returns_zero
    vectored_reads_and_writes_use_the_buffers_in_order
    a_refused_connect_returns_the_address_and_the_cause
    connect_uses_the_first_address_that_accepts
    a_dropped_accept_loses_no_connection
    many_tasks_accept_from_one_listener
    many_connections_can_be_open_at_once
    a_dropped_read_loses_no_bytes
    recv_from_returns_the_address_of_the_sender
    a_connected_udp_socket_receives_only_from_its_peer
    a_peeked_datagram_can_be_received
    an_unreachable_address_is_named_in_the_error
    an_address_in_use_is_named_in_the_error
    peeked_data_can_be_read
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

async fn pair_on(ip: IpAddr) -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((ip, 0)).await?;
    let address = listener.local_addr()?;
    let (client, server) = join!(TcpStream::connect(address), listener.accept());
    let (client, (server, peer)) = (client?, server?);
    assert_eq!(client.local_addr()?, peer);
    assert_eq!(client.peer_addr()?, address);
    Ok((client, server))
}

async fn pair() -> (TcpStream, TcpStream) {
    pair_on(Ipv4Addr::LOCALHOST.into()).await.unwrap()
}

// For streams and pipes, which have this method in common but no trait.
macro_rules! read_to_end {
    ($reader:expr) => {{
        let mut all: Vec<u8> = Vec::new();
        let mut buffer = vec![0; 65536];
        loop {
            match $reader.read(&mut buffer).await.unwrap() {
                0 => break all,
                read => all.extend(&buffer[..read]),
            }
        }
    }};
}

async fn read_to_end(stream: &TcpStream) -> Vec<u8> {
    read_to_end!(stream)
}

async fn a_connection_carries_bytes_both_ways_at_once() {
    let (client, server) = pair().await;
    let bytes = pattern(4 << 20);
    let send = async |stream: &TcpStream| {
        stream.write_all(&bytes).await.unwrap();
        stream.as_ref().shutdown(Shutdown::Write).unwrap();
    };
    let ((), (), at_server, at_client) =
        join!(send(&client), send(&server), read_to_end(&server), read_to_end(&client));
    assert!(at_server == bytes && at_client == bytes);
}

async fn a_connection_over_ipv6_works() {
    let (client, server) = match pair_on(Ipv6Addr::LOCALHOST.into()).await {
        Err(err) if err.kind() == ErrorKind::AddrNotAvailable => {
            return println!("skipped: this machine has no IPv6");
        }
        pair => pair.unwrap(),
    };
    client.write_all(b"hello").await.unwrap();
    drop(client);
    assert_eq!(read_to_end(&server).await, b"hello");
}

async fn a_read_at_the_end_of_a_connection_returns_zero() {
    let (client, server) = pair().await;
    let (read, ()) = join!(async { server.read(&mut [0; 16]).await }, async {
        sleep(2 * MS).await;
        drop(client);
    });
    assert_eq!(read.unwrap(), 0);
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 0);
}

async fn vectored_reads_and_writes_use_the_buffers_in_order() {
    let (client, server) = pair().await;
    let written = client.write_vectored(&[IoSlice::new(b"sl"), IoSlice::new(b"eep")]).await;
    assert_eq!(written.unwrap(), 5);
    let (mut first, mut second) = ([0; 3], [0; 16]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(server.read_vectored(&mut buffers).await.unwrap(), 5);
    assert_eq!((&first, &second[..2]), (b"sle", &b"ep"[..]));
}

async fn peeked_data_can_be_read() {
    let (client, server) = pair().await;
    client.write_all(b"hello").await.unwrap();
    let mut buffer = [0; 16];
    for _ in 0..2 {
        assert_eq!(server.peek(&mut buffer[..2]).await.unwrap(), 2);
        assert_eq!(server.peek(&mut []).await.unwrap(), 0);
    }
    assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
    assert!(timeout(2 * MS, server.peek(&mut buffer)).await.is_err());
    assert_eq!(server.peek(&mut []).await.unwrap(), 0);
}

async fn a_refused_connect_returns_the_address_and_the_cause() {
    let (_holder, address) = closed_tcp_port();
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let refused = io::Error::from(Errno::CONNREFUSED);
    assert_eq!(error.to_string(), format!("cannot connect to {address}: {refused}"));
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).unwrap();
    assert_eq!(cause.raw_os_error(), refused.raw_os_error());
}

async fn an_unreachable_address_is_named_in_the_error() {
    // The broadcast address of the loopback device: TCP cannot connect to it.
    let error = TcpStream::connect("127.255.255.255:1").await.unwrap_err();
    assert!(cfg!(windows) || error.kind() == ErrorKind::NetworkUnreachable, "{error}");
    assert!(error.to_string().starts_with("cannot connect to 127.255.255.255:1: "), "{error}");
    // An address that this machine does not have.
    let error = TcpListener::bind("192.0.2.1:0").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    assert!(error.to_string().starts_with("cannot listen on 192.0.2.1:0: "), "{error}");
}

async fn an_address_in_use_is_named_in_the_error() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let error = TcpListener::bind(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().starts_with(&format!("cannot listen on {address}: ")), "{error}");
    let socket = UdpSocket::bind(ANY).await.unwrap();
    let address = socket.local_addr().unwrap();
    let error = UdpSocket::bind(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

async fn connect_uses_the_first_address_that_accepts() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let [(_first, first), (_last, last)] = [(); 2].map(|()| closed_tcp_port());
    let addresses = [first, address, last];
    let stream = TcpStream::connect(&addresses[..]).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);

    let error = TcpStream::connect(&[first, last][..]).await.unwrap_err();
    assert!(error.to_string().contains(&last.to_string()), "{error}");
    let error = TcpStream::connect(&[][..]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

async fn a_dropped_accept_loses_no_connection() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..10 {
        assert!(timeout(MS, listener.accept()).await.is_err());
        let client = TcpStream::connect(address).await.unwrap();
        sleep(MS).await;
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }
}

async fn many_tasks_accept_from_one_listener() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = join_all((0..20).map(|_| listener.accept()));
    let connected = join_all((0..20).map(|_| TcpStream::connect(address)));
    let (accepted, connected) = join!(accepted, connected);
    assert!(accepted.iter().all(Result::is_ok) && connected.iter().all(Result::is_ok));
}

async fn many_connections_can_be_open_at_once() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = |number: u32| async move {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&number.to_ne_bytes()).await.unwrap();
        stream.as_ref().shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&stream).await, number.to_ne_bytes());
    };
    let serve = async {
        let mut sessions = Vec::new();
        for _ in 0..100 {
            let (stream, _) = listener.accept().await.unwrap();
            sessions.push(async move {
                let received = read_to_end(&stream).await;
                stream.write_all(&received).await.unwrap();
            });
        }
        join_all(sessions).await;
    };
    join!(serve, join_all((0..100).map(client)));
}

async fn a_dropped_read_loses_no_bytes() {
    let (client, server) = pair().await;
    let mut received: Vec<u8> = Vec::new();
    let send = async {
        for byte in 0..100 {
            client.write(&[byte]).await.unwrap();
            if byte % 4 == 0 {
                sleep(MS / 4).await;
            }
        }
    };
    let receive = async {
        while received.len() < 100 {
            let mut buffer = [0; 3];
            if let Ok(read) = timeout(MS / 8, server.read(&mut buffer)).await {
                received.extend(&buffer[..read.unwrap()]);
            }
        }
    };
    join!(send, receive);
    assert_eq!(received, pattern(100));
}

async fn recv_from_returns_the_address_of_the_sender() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    let to = other.local_addr().unwrap();
    let mut buffer = [0; 16];
    let (received, ()) = join!(other.recv_from(&mut buffer), async {
        sleep(2 * MS).await;
        assert_eq!(one.send_to(b"hello", to).await.unwrap(), 5);
    });
    let (len, from) = received.unwrap();
    assert_eq!((&buffer[..len], from), (&b"hello"[..], one.local_addr().unwrap()));
    // An empty datagram is delivered too.
    one.send_to(b"", to).await.unwrap();
    assert_eq!(other.recv(&mut buffer).await.unwrap(), 0);
}

async fn a_connected_udp_socket_receives_only_from_its_peer() {
    let sockets = join_all((0..3).map(|_| UdpSocket::bind(ANY))).await;
    let [one, other, unrelated] = &sockets[..] else { unreachable!() };
    let [one, other, unrelated] = [one, other, unrelated].map(|socket| socket.as_ref().unwrap());
    let address = |socket: &UdpSocket| socket.local_addr().unwrap();
    one.connect(address(other)).await.unwrap();
    unrelated.send_to(b"psst", address(one)).await.unwrap();
    other.send_to(b"hello", address(one)).await.unwrap();
    assert_eq!(one.recv(&mut [0; 16]).await.unwrap(), 5);
    one.send(b"bye").await.unwrap();
    assert_eq!(other.recv(&mut [0; 16]).await.unwrap(), 3);
}

async fn a_peeked_datagram_can_be_received() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    one.send_to(b"hello", other.local_addr().unwrap()).await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(other.peek(&mut buffer).await.unwrap(), 5);
    let from = one.local_addr().unwrap();
    assert_eq!(other.peek_from(&mut buffer).await.unwrap(), (5, from));
    assert_eq!(other.recv_from(&mut buffer).await.unwrap(), (5, from));
    assert!(timeout(2 * MS, other.recv(&mut buffer)).await.is_err());
}

/// Windows has other backlogs, and no pipes. It reports a refused datagram by another error; wine does not report it.
#[cfg(unix)]
mod unix {
    use super::*;
    use crate::common::ports::{closed_udp_port, full_listener};
    use dormouse::net::pipe;

    on_every_reactor! {
        a_connect_to_a_full_backlog_can_be_timed_out
        a_connect_that_waits_completes_when_the_backlog_has_room
        a_connect_that_waits_returns_a_late_refusal
        a_refused_datagram_returns_an_error_and_the_socket_stays_usable
        a_pipe_waits_for_bytes_and_for_room
        closing_an_end_of_a_pipe_is_reported_at_the_other
    }

    async fn a_connect_to_a_full_backlog_can_be_timed_out() {
        let (_listener, address, _first) = full_listener();
        let elapsed = timeout(20 * MS, TcpStream::connect(address)).await.unwrap_err();
        assert_eq!(io::Error::from(elapsed).kind(), ErrorKind::TimedOut);
    }

    async fn a_connect_that_waits_completes_when_the_backlog_has_room() {
        let (listener, address, first) = full_listener();
        let (client, server) = join!(TcpStream::connect(address), async {
            sleep(20 * MS).await;
            listener.accept().unwrap();
            drop(first);
            // Linux repeats the SYN after a second.
            let listener = TcpListener::from_std(listener).unwrap();
            listener.accept().await.unwrap().0
        });
        let client = client.unwrap();
        client.write_all(b"hello").await.unwrap();
        drop(client);
        assert_eq!(read_to_end(&server).await, b"hello");
    }

    async fn a_connect_that_waits_returns_a_late_refusal() {
        let (listener, address, _first) = full_listener();
        let (connected, ()) = join!(TcpStream::connect(address), async {
            sleep(20 * MS).await;
            drop(listener);
        });
        assert_eq!(connected.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    async fn a_refused_datagram_returns_an_error_and_the_socket_stays_usable() {
        let socket = UdpSocket::bind(ANY).await.unwrap();
        let (peer, address) = closed_udp_port();
        socket.connect(address).await.unwrap();
        socket.send(b"hello").await.unwrap();
        let error = socket.recv(&mut [0; 16]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // From here on, the peer takes its datagrams.
        peer.connect(socket.local_addr().unwrap()).unwrap();
        let peer = UdpSocket::from_std(peer).unwrap();
        socket.send(b"and now?").await.unwrap();
        assert_eq!(peer.recv(&mut [0; 16]).await.unwrap(), 8);
        peer.send(b"yes").await.unwrap();
        assert_eq!(socket.recv(&mut [0; 16]).await.unwrap(), 3);
    }

    async fn a_pipe_waits_for_bytes_and_for_room() {
        let (reader, writer) = pipe().unwrap();
        assert!(timeout(2 * MS, reader.read(&mut [0; 16])).await.is_err());
        let bytes = pattern(1 << 20);
        let ((), read) = join!(
            async {
                writer.write_all(&bytes).await.unwrap();
                drop(writer);
            },
            async { read_to_end!(reader) }
        );
        assert!(read == bytes);
    }

    async fn closing_an_end_of_a_pipe_is_reported_at_the_other() {
        let (reader, writer) = pipe().unwrap();
        let mut buffer = [0; 16];
        let (read, ()) = join!(reader.read(&mut buffer), async {
            sleep(2 * MS).await;
            drop(writer);
        });
        assert_eq!(read.unwrap(), 0);

        let (reader, writer) = pipe().unwrap();
        while timeout(5 * MS, writer.write(&[0; 4096])).await.is_ok() {}
        let (written, ()) = join!(writer.write(b"x"), async {
            sleep(2 * MS).await;
            drop(reader);
        });
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn the_futures_of_pipes_are_send() {
        let (reader, writer) = pipe().unwrap();
        assert_send(reader.read(&mut [0]));
        assert_send(writer.write(&[0]));
    }
}

#[cfg(feature = "stream")]
mod streams {
    use super::*;
    use futures::StreamExt;

    on_every_reactor! {
        incoming_is_a_stream_of_connections
    }

    async fn incoming_is_a_stream_of_connections() {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut incoming = listener.incoming();
        let serve = async {
            for _ in 0..10 {
                incoming.next().await.unwrap().unwrap().write_all(b"hello").await.unwrap();
            }
        };
        let connect = async {
            for _ in 0..10 {
                let stream = TcpStream::connect(address).await.unwrap();
                assert_eq!(read_to_end(&stream).await, b"hello");
                sleep(MS / 4).await;
            }
        };
        join!(serve, connect);
    }
}

fn assert_send<T: Send>(_: T) {}

#[test]
fn the_futures_of_sockets_are_send() {
    let listener = dormouse::block_on(TcpListener::bind(ANY)).unwrap();
    assert_send(listener.accept());
    assert_send(TcpStream::connect(ANY));
    assert_send(TcpStream::connect(&[][..]));
    assert_send(TcpStream::connect(String::from("localhost:1")));
    let socket = dormouse::block_on(UdpSocket::bind(ANY)).unwrap();
    assert_send(socket.recv_from(&mut [0]));
    assert_send(socket.send_to(&[0], ANY));
    #[cfg(feature = "stream")]
    assert_send(listener.incoming());
}
