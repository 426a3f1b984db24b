//! Unix sockets, on every reactor.
#![cfg(unix)]

mod common;

use common::MS;
use dormouse::net::{PipeReader, PipeWriter, UnixDatagram, UnixListener, UnixStream};
use dormouse::{sleep, timeout};
use futures::join;
use std::io::ErrorKind;
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

on_every_reactor! {
    a_stream_carries_bytes_both_ways
    a_missing_path_is_named_in_the_error
    a_socket_without_a_listener_refuses_connections
    a_path_in_use_is_named_in_the_error
    a_path_that_is_too_long_is_named_in_the_error
    a_connect_to_a_full_backlog_waits_for_room
    a_connect_to_a_full_backlog_can_be_timed_out
    a_dropped_accept_loses_no_connection
    recv_from_returns_the_path_of_the_sender
    a_datagram_waits_until_its_receiver_has_room
    a_datagram_of_a_connected_socket_waits_until_its_peer_has_room
    a_datagram_to_a_missing_path_returns_an_error_that_names_it
    what_is_no_address_is_named_by_each_function
    control_characters_of_a_path_are_escaped_in_errors
    try_operations_do_not_wait
    a_send_to_a_datagram_socket_that_is_shut_down_fails
    halves_read_and_write_and_the_write_half_shuts_down
}

/// A unique socket path. The file is removed on drop.
struct SocketPath(PathBuf);

impl SocketPath {
    fn new() -> SocketPath {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("dormouse-test-{}-{number}", std::process::id());
        SocketPath(std::env::temp_dir().join(name))
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn a_stream_carries_bytes_both_ways() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let (client, server) = join!(UnixStream::connect(&path), listener.accept());
    let (client, (server, peer)) = (client.unwrap(), server.unwrap());
    assert!(peer.is_unnamed());
    let mut buffer = [0; 16];
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (read, ()) = join!(to.read(&mut buffer), async {
            sleep(2 * MS).await;
            assert_eq!(from.write(b"hello").await.unwrap(), 5);
        });
        assert_eq!(read.unwrap(), 5);
    }
}

async fn a_missing_path_is_named_in_the_error() {
    let path = SocketPath::new();
    let error = UnixStream::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let expected = format!("cannot connect to {:?}: ", path.0);
    assert!(error.to_string().starts_with(&expected), "{error}");
}

async fn a_socket_without_a_listener_refuses_connections() {
    let path = SocketPath::new();
    drop(UnixListener::bind(&path).unwrap());
    let error = UnixStream::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

async fn a_path_in_use_is_named_in_the_error() {
    let path = SocketPath::new();
    let _listener = UnixListener::bind(&path).unwrap();
    for error in [UnixListener::bind(&path).unwrap_err(), UnixDatagram::bind(&path).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(path.0.to_str().unwrap()), "{error}");
    }
}

async fn a_path_that_is_too_long_is_named_in_the_error() {
    let path = "/".repeat(200);
    let error = UnixStream::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains(&path), "{error}");
}

/// A listener with a full backlog, and the connection that fills it.
async fn full_listener(path: &SocketPath) -> (UnixListener, UnixStream) {
    let listener = net::UnixListener::bind(path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    // A backlog of 0 has room for one connection.
    let first = UnixStream::connect(path).await.unwrap();
    (UnixListener::from_std(listener).unwrap(), first)
}

async fn a_connect_to_a_full_backlog_waits_for_room() {
    let path = SocketPath::new();
    let (listener, _first) = full_listener(&path).await;
    let (connected, accepted) = join!(UnixStream::connect(&path), async {
        sleep(10 * MS).await;
        listener.accept().await.unwrap();
        listener.accept().await.unwrap().0
    });
    assert_eq!(connected.unwrap().write(b"hello").await.unwrap(), 5);
    assert_eq!(accepted.read(&mut [0; 16]).await.unwrap(), 5);
}

async fn a_connect_to_a_full_backlog_can_be_timed_out() {
    let path = SocketPath::new();
    let (_listener, _first) = full_listener(&path).await;
    assert!(timeout(10 * MS, UnixStream::connect(&path)).await.is_err());
}

async fn a_dropped_accept_loses_no_connection() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    for _ in 0..10 {
        assert!(timeout(MS, listener.accept()).await.is_err());
        let _client = UnixStream::connect(&path).await.unwrap();
        sleep(MS).await;
        listener.accept().await.unwrap();
    }
}

async fn recv_from_returns_the_path_of_the_sender() {
    let (one, other) = (SocketPath::new(), SocketPath::new());
    let sender = UnixDatagram::bind(&one).unwrap();
    let receiver = UnixDatagram::bind(&other).unwrap();
    let mut buffer = [0; 16];
    let (received, ()) = join!(receiver.recv_from(&mut buffer), async {
        sleep(2 * MS).await;
        assert_eq!(sender.send_to(b"hello", &other).await.unwrap(), 5);
    });
    let (len, from) = received.unwrap();
    assert_eq!((len, from.as_pathname()), (5, Some(one.as_ref())));
    receiver.connect(&one).unwrap();
    receiver.send(b"and you").await.unwrap();
    assert_eq!(sender.recv(&mut buffer).await.unwrap(), 7);
}

/// A receiver whose queue is full, and the number of datagrams in the queue.
async fn full_receiver(path: &SocketPath) -> (UnixDatagram, usize) {
    let receiver = UnixDatagram::bind(path).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    let mut sent = 0;
    while timeout(5 * MS, sender.send_to(b"x", path)).await.is_ok() {
        sent += 1;
    }
    (receiver, sent)
}

/// Receives `len` datagrams of one byte.
async fn drain(receiver: &UnixDatagram, len: usize) {
    sleep(5 * MS).await;
    for _ in 0..len {
        assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 1);
    }
}

async fn a_datagram_waits_until_its_receiver_has_room() {
    let path = SocketPath::new();
    let (receiver, len) = full_receiver(&path).await;
    let sender = UnixDatagram::unbound().unwrap();
    let (sent, polls) =
        common::count_polls(timeout(50 * MS, sender.send_to(b"given up", &path))).await;
    assert!(sent.is_err());
    assert!(polls < 20, "{polls} polls in 50 ms are a busy loop");
    let (sent, ()) = join!(sender.send_to(b"last", &path), drain(&receiver, len));
    assert_eq!(sent.unwrap(), 4);
    assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 4);
    assert!(timeout(2 * MS, receiver.recv(&mut [0; 16])).await.is_err());
}

async fn a_datagram_of_a_connected_socket_waits_until_its_peer_has_room() {
    let path = SocketPath::new();
    let (receiver, len) = full_receiver(&path).await;
    let sender = UnixDatagram::unbound().unwrap();
    sender.connect(&path).unwrap();
    let (sent, polls) = common::count_polls(timeout(50 * MS, sender.send(b"given up"))).await;
    assert!(sent.is_err());
    assert!(polls < 20, "{polls} polls in 50 ms are a busy loop");
    let (sent, ()) = join!(sender.send(b"last"), drain(&receiver, len));
    assert_eq!(sent.unwrap(), 4);
    assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 4);
}

async fn a_datagram_to_a_missing_path_returns_an_error_that_names_it() {
    let path = SocketPath::new();
    let error = UnixDatagram::unbound().unwrap().send_to(b"x", &path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains(path.0.to_str().unwrap()), "{error}");
}

async fn what_is_no_address_is_named_by_each_function() {
    let long = "x".repeat(200);
    for (path, expected) in [
        ("", "the path is empty"),
        ("/a\0b", "the path contains a NUL byte"),
        (&long, "the path is 200 bytes long, and the limit is 10"),
    ] {
        let socket = UnixDatagram::unbound().unwrap();
        for error in [
            UnixStream::connect(path).await.unwrap_err(),
            UnixListener::bind(path).unwrap_err(),
            UnixDatagram::bind(path).unwrap_err(),
            socket.connect(path).unwrap_err(),
            socket.send_to(b"x", path).await.unwrap_err(),
            socket.try_send_to(b"x", path).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let error = error.to_string();
            assert!(error.starts_with(&format!("cannot use {path:?} as the address")), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }
}

async fn control_characters_of_a_path_are_escaped_in_errors() {
    // A line feed, C1 controls, a bidi override, a line separator, a zero-width space.
    let controls = "\n\u{85}\u{9b}\u{202e}\u{2028}\u{200b}";
    let path = format!("/no/{controls}/ü");
    let socket = UnixDatagram::unbound().unwrap();
    for error in [
        UnixStream::connect(&path).await.unwrap_err(),
        UnixListener::bind(&path).unwrap_err(),
        UnixDatagram::bind(&path).unwrap_err(),
        socket.connect(&path).unwrap_err(),
        socket.send_to(b"x", &path).await.unwrap_err(),
        socket.try_send_to(b"x", &path).unwrap_err(),
        PipeReader::open(&path).unwrap_err(),
        PipeWriter::open(&path).unwrap_err(),
        UnixListener::bind(path.repeat(9)).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(!error.contains(|c| controls.contains(c)), "{error:?}");
        assert!(error.contains(r"/no/\n\u{85}\u{9b}\u{202e}\u{2028}\u{200b}/ü"), "{error}");
    }
}

async fn try_operations_do_not_wait() {
    let (one, other) = UnixStream::pair().unwrap();
    let mut buffer = [0; 16];
    assert_eq!(one.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(other.try_write(b"hello").unwrap(), 5);
    one.readable().await.unwrap();
    assert_eq!(one.try_read(&mut buffer).unwrap(), 5);
    drop(other);
    one.readable().await.unwrap();
    assert_eq!(one.try_read(&mut buffer).unwrap(), 0);

    let path = SocketPath::new();
    let (receiver, len) = full_receiver(&path).await;
    let sender = UnixDatagram::unbound().unwrap();
    let full = sender.try_send_to(b"x", &path).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let address = receiver.local_addr().unwrap();
    let full = sender.try_send_to_addr(b"x", &address).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    drain(&receiver, len).await;
    assert_eq!(receiver.try_recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(sender.try_send_to(b"x", &path).unwrap(), 1);
    receiver.readable().await.unwrap();
    assert_eq!(receiver.try_recv_from(&mut buffer).unwrap().0, 1);
    assert_eq!(sender.try_send_to_addr(b"hello", &address).unwrap(), 5);
    assert_eq!(receiver.recv(&mut buffer).await.unwrap(), 5);
}

async fn a_send_to_a_datagram_socket_that_is_shut_down_fails() {
    let (one, other) = UnixDatagram::pair().unwrap();
    one.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(one.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(other.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

async fn halves_read_and_write_and_the_write_half_shuts_down() {
    let (one, other) = UnixStream::pair().unwrap();
    let (read, write) = one.into_split();
    write.write(b"request").await.unwrap();
    drop(write);
    let mut buffer = [0; 16];
    assert_eq!(other.read(&mut buffer).await.unwrap(), 7);
    assert_eq!(other.read(&mut buffer).await.unwrap(), 0);
    other.write(b"response").await.unwrap();
    assert_eq!(read.read(&mut buffer).await.unwrap(), 8);
}

#[cfg(all(target_os = "linux", not(dormouse_portable)))]
mod linux {
    use super::*;
    use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
    use std::os::linux::net::SocketAddrExt;

    on_every_reactor! {
        an_abstract_name_can_be_used_as_an_address
        a_seqpacket_connection_keeps_messages_apart
        a_seqpacket_sender_waits_until_there_is_room
        a_seqpacket_connect_to_a_full_backlog_waits_for_room
        seqpacket_sockets_have_addresses
        a_nul_byte_and_a_name_are_an_abstract_address
        peer_cred_names_the_process_at_the_other_end
    }

    #[cfg(feature = "stream")]
    on_every_reactor! {
        incoming_is_a_stream_of_seqpacket_connections
    }

    fn address(path: &SocketPath) -> net::SocketAddr {
        net::SocketAddr::from_abstract_name(path.0.file_name().unwrap().to_str().unwrap()).unwrap()
    }

    async fn an_abstract_name_can_be_used_as_an_address() {
        let path = SocketPath::new();
        let address = address(&path);
        let error = UnixStream::connect_addr(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with("cannot connect to @dormouse-test-"), "{error}");
        let listener = UnixListener::bind_addr(&address).unwrap();
        let stream = UnixStream::connect_addr(&address).await.unwrap();
        listener.accept().await.unwrap();
        assert!(!path.0.exists());
        drop((stream, listener));

        let receiver = UnixDatagram::bind_addr(&address).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.send_to_addr(b"hello", &address).await.unwrap();
        sender.connect_addr(&address).unwrap();
        sender.send(b"bye").await.unwrap();
        assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 5);
        assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 3);
    }

    async fn seqpacket_sockets_have_addresses() {
        let path = SocketPath::new();
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let client = UnixSeqpacket::connect(&path).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        for address in [
            listener.local_addr().unwrap(),
            client.peer_addr().unwrap(),
            server.local_addr().unwrap(),
        ] {
            assert_eq!(address.as_pathname(), Some(path.as_ref()));
        }
        for address in [peer, client.local_addr().unwrap(), server.peer_addr().unwrap()] {
            assert!(address.is_unnamed());
        }
        let path = SocketPath::new();
        let listener = UnixSeqpacketListener::bind_addr(&address(&path)).unwrap();
        let bound = listener.local_addr().unwrap();
        assert_eq!(bound.as_abstract_name(), address(&path).as_abstract_name());
    }

    async fn a_nul_byte_and_a_name_are_an_abstract_address() {
        let path = SocketPath::new();
        let name = format!("{}\0with a NUL", path.0.file_name().unwrap().to_str().unwrap());
        let (text, address) =
            (format!("\0{name}"), net::SocketAddr::from_abstract_name(&name).unwrap());
        let listener = UnixListener::bind(&text).unwrap();
        let bound = listener.local_addr().unwrap();
        assert_eq!(bound.as_abstract_name(), Some(name.as_bytes()));
        UnixStream::connect(&text).await.unwrap();
        UnixStream::connect_addr(&address).await.unwrap();
        drop(listener);
        let listener = UnixSeqpacketListener::bind(&text).unwrap();
        let bound = listener.local_addr().unwrap();
        assert_eq!(bound.as_abstract_name(), Some(name.as_bytes()));
        UnixSeqpacket::connect_addr(&address).await.unwrap();
        drop(listener);
        let receiver = UnixDatagram::bind(&text).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"hello", &text).await.unwrap();
        assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 5);
    }

    #[cfg(feature = "stream")]
    async fn incoming_is_a_stream_of_seqpacket_connections() {
        let path = SocketPath::new();
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let mut incoming = listener.incoming();
        for _ in 0..2 {
            let (client, server) = join!(
                async {
                    sleep(2 * MS).await;
                    UnixSeqpacket::connect(&path).await.unwrap()
                },
                futures::StreamExt::next(&mut incoming)
            );
            client.send(b"hello").await.unwrap();
            assert_eq!(server.unwrap().unwrap().recv(&mut [0; 16]).await.unwrap(), 5);
        }
    }

    async fn peer_cred_names_the_process_at_the_other_end() {
        let path = SocketPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (packets, _peer) = UnixSeqpacket::pair().unwrap();
        for peer in [client.peer_cred(), server.peer_cred(), packets.peer_cred()] {
            let peer = peer.unwrap();
            assert_eq!(peer.uid(), rustix::process::geteuid().as_raw());
            assert_eq!(peer.gid(), rustix::process::getegid().as_raw());
            assert_eq!(peer.pid(), Some(std::process::id() as i32));
        }
        // A socket without a peer.
        let socket = std::os::unix::net::UnixStream::from(
            rustix::net::socket(
                rustix::net::AddressFamily::UNIX,
                rustix::net::SocketType::STREAM,
                None,
            )
            .unwrap(),
        );
        assert_eq!(UnixStream::from_std(socket).unwrap().peer_cred().unwrap().pid(), None);
    }

    async fn a_seqpacket_connection_keeps_messages_apart() {
        let path = SocketPath::new();
        let error = UnixSeqpacket::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(path.0.to_str().unwrap()), "{error}");

        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let (client, server) = join!(UnixSeqpacket::connect(&path), listener.accept());
        let (client, (server, peer)) = (client.unwrap(), server.unwrap());
        assert!(peer.is_unnamed());
        for message in [&b"one"[..], b"another", b"a long one"] {
            assert_eq!(client.send(message).await.unwrap(), message.len());
        }
        let mut buffer = [0; 7];
        for expected in [&b"one"[..], b"another", b"a long "] {
            let len = server.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..len], expected);
        }
        let (received, ()) = join!(server.recv(&mut buffer), async {
            sleep(2 * MS).await;
            drop(client);
        });
        assert_eq!(received.unwrap(), 0);
        let error = server.send(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }

    async fn a_seqpacket_sender_waits_until_there_is_room() {
        let (sender, receiver) = UnixSeqpacket::pair().unwrap();
        let mut sent = 0;
        while timeout(5 * MS, sender.send(&[0; 4096])).await.is_ok() {
            sent += 1;
        }
        let (last, ()) = join!(sender.send(b"last"), async {
            sleep(2 * MS).await;
            for _ in 0..sent {
                assert_eq!(receiver.recv(&mut [0; 4096]).await.unwrap(), 4096);
            }
        });
        assert_eq!(last.unwrap(), 4);
        assert_eq!(receiver.recv(&mut [0; 4096]).await.unwrap(), 4);
    }

    async fn a_seqpacket_connect_to_a_full_backlog_waits_for_room() {
        let path = SocketPath::new();
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let _first = UnixSeqpacket::connect(&path).await.unwrap();
        assert!(timeout(5 * MS, UnixSeqpacket::connect(&path)).await.is_err());
        let (connected, ()) = join!(UnixSeqpacket::connect(&path), async {
            sleep(5 * MS).await;
            listener.accept().await.unwrap();
        });
        connected.unwrap();
    }
}
