//! What sockets and timers do on every system, on every reactor.

mod common;

use common::ports::closed_tcp_port;
use common::stream::std_pair;
use common::tcp::pair;
use common::{BOTH, MS, assert_not_early, strict_timeout};
use dormouse::io::{AsSource, AsyncFd, Interest};
use dormouse::net::{TcpSocket, TcpStream, UdpSocket};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use futures::future::join_all;
use futures::join;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::time::Duration;

on_every_reactor! {
    four_mib_are_echoed_although_the_reader_is_slow
    many_datagrams_arrive_in_both_directions
    a_refused_connect_is_an_error
    a_wait_for_both_directions_ends_for_each_of_them
    a_reader_and_a_writer_of_one_socket_wait_at_the_same_time
    many_tasks_that_wait_for_one_socket_are_all_woken
    a_wait_that_is_dropped_does_not_hide_the_next_event
    a_prepared_socket_listens_and_connects
    an_aborted_connection_ends_every_wait
}

given_each_reactor! {
    any_object_with_a_socket_can_be_wrapped
    an_object_that_is_taken_back_is_blocking_again
    readiness_that_is_cleared_is_reported_again
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const LIMIT: Duration = common::LIMIT;
const BYTES: usize = 4 << 20;

async fn four_mib_are_echoed_although_the_reader_is_slow() {
    let (client, server) = pair().await;
    let sent: Vec<u8> = (0..BYTES).map(|i| (i / 251) as u8).collect();
    let echo = async {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = server.read(&mut buffer).await.unwrap();
            if read == 0 {
                break drop(server);
            }
            server.write_all(&buffer[..read]).await.unwrap();
        }
    };
    let (mut read, write) = client.into_split();
    let send = async {
        write.write_all(&sent).await.unwrap();
        drop(write);
    };
    let receive = async {
        // Meanwhile, the buffers fill up in both directions.
        sleep(20 * MS).await;
        let (mut received, mut buffer) = (Vec::new(), vec![0; 32 << 10]);
        loop {
            match read.read(&mut buffer).await.unwrap() {
                0 => break received,
                n => received.extend_from_slice(&buffer[..n]),
            }
        }
    };
    let ((), (), received) = join!(echo, send, receive);
    let _ = &mut read;
    assert!(received == sent);
}

async fn many_datagrams_arrive_in_both_directions() {
    let (one, other) = (UdpSocket::bind(ANY).await.unwrap(), UdpSocket::bind(ANY).await.unwrap());
    let to = other.local_addr().unwrap();
    let ping = async {
        for n in 0..200_u32 {
            one.send_to(&n.to_ne_bytes(), to).await.unwrap();
            let mut answer = [0; 4];
            let (len, from) = one.recv_from(&mut answer).await.unwrap();
            assert_eq!((len, from, u32::from_ne_bytes(answer)), (4, to, n + 1));
        }
    };
    let pong = async {
        for _ in 0..200 {
            let mut question = [0; 4];
            let (_, from) = other.recv_from(&mut question).await.unwrap();
            let answer = u32::from_ne_bytes(question) + 1;
            other.send_to(&answer.to_ne_bytes(), from).await.unwrap();
        }
    };
    join!(ping, pong);
}

async fn a_refused_connect_is_an_error() {
    let (_holder, address) = closed_tcp_port();
    // Windows tries for 2 s.
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
    assert!(refused.to_string().contains(&address.to_string()), "{refused}");
}

async fn a_wait_for_both_directions_ends_for_each_of_them() {
    let (client, server) = pair().await;
    let ready = strict_timeout(LIMIT, client.ready(BOTH)).await.unwrap().unwrap();
    assert!(ready.is_writable(), "{ready:?}");
    while client.try_write(&[0; 64 << 10]).is_ok() {}
    assert!(strict_timeout(5 * MS, client.readable()).await.is_err());
    server.write(b"x").await.unwrap();
    strict_timeout(LIMIT, client.readable()).await.unwrap().unwrap();
    assert_eq!(client.try_read(&mut [0; 2]).unwrap(), 1);
}

async fn a_reader_and_a_writer_of_one_socket_wait_at_the_same_time() {
    let (client, server) = pair().await;
    while client.try_write(&[0; 64 << 10]).is_ok() {}
    let mut buffer = vec![0; 1 << 20];
    for turn in 0..20 {
        let (mut byte, other) = ([0], &server);
        let peer = async {
            sleep(MS).await;
            if turn % 2 == 0 {
                other.write(b"x").await.unwrap();
                // Only then there is room.
                sleep(MS).await;
            }
            while other.try_read(&mut buffer).is_ok_and(|read| read > 0) {}
            if turn % 2 == 1 {
                other.write(b"x").await.unwrap();
            }
        };
        let write = async {
            client.write(&[0; 1 << 10]).await.unwrap();
            while client.try_write(&[0; 64 << 10]).is_ok() {}
        };
        let all = async { join!(client.read(&mut byte), write, peer).0 };
        // What the peer reads may arrive later than it looks for it.
        if let Ok(read) = strict_timeout(Duration::from_millis(500), all).await {
            assert_eq!(read.unwrap(), 1);
        } else {
            while server.try_read(&mut buffer).is_ok_and(|read| read > 0) {}
            let _ = client.try_read(&mut [0; 8]);
        }
    }
}

async fn many_tasks_that_wait_for_one_socket_are_all_woken() {
    let (client, server) = pair().await;
    let waits = join_all((0..20).map(|_| client.readable()));
    let write = async {
        sleep(2 * MS).await;
        server.write(b"x").await.unwrap();
    };
    let (woken, ()) = strict_timeout(LIMIT, async { join!(waits, write) }).await.unwrap();
    woken.into_iter().for_each(|result| result.unwrap());
}

async fn a_wait_that_is_dropped_does_not_hide_the_next_event() {
    let (client, server) = pair().await;
    for _ in 0..20 {
        assert!(strict_timeout(MS, client.read(&mut [0; 8])).await.is_err());
        server.write(b"x").await.unwrap();
        let read = strict_timeout(LIMIT, client.read(&mut [0; 8])).await.unwrap();
        assert_eq!(read.unwrap(), 1);
    }
}

async fn a_prepared_socket_listens_and_connects() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(ANY.into()).unwrap();
    let listener = socket.listen(16).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_nodelay(true).unwrap();
    let (client, server) = join!(socket.connect(address), listener.accept());
    let (client, (server, _)) = (client.unwrap(), server.unwrap());
    client.write(b"x").await.unwrap();
    assert_eq!(server.read(&mut [0; 2]).await.unwrap(), 1);
}

async fn an_aborted_connection_ends_every_wait() {
    let (client, server) = pair().await;
    while client.try_write(&[0; 64 << 10]).is_ok() {}
    server.set_zero_linger().unwrap();
    let abort = async {
        sleep(2 * MS).await;
        drop(server);
    };
    let mut buffer = [0; 8];
    // What was sent before may still be on its way to the peer, and make room for more.
    let write = async { while client.write(b"x").await.is_ok() {} };
    let all = async { join!(client.read(&mut buffer), write, abort) };
    let (read, (), ()) = strict_timeout(LIMIT, all).await.unwrap();
    // In wine, the read returns 0.
    assert!(!read.is_ok_and(|read| read > 0));
}

/// A socket in a type of the user.
struct Device(std::net::UdpSocket);

impl_as_source! { Device, 0 }

async fn receive<T: AsSource>(
    source: &AsyncFd<T>,
    mut receive: impl FnMut(&T) -> io::Result<usize>,
) -> usize {
    let received = source.async_io(Interest::READABLE, |source| receive(source));
    strict_timeout(LIMIT, received).await.unwrap().unwrap()
}

async fn any_object_with_a_socket_can_be_wrapped(reactor: Reactor) {
    let socket = std::net::UdpSocket::bind(ANY).unwrap();
    let peer = std::net::UdpSocket::bind(ANY).unwrap();
    peer.connect(socket.local_addr().unwrap()).unwrap();
    let device = AsyncFd::new_on(&reactor, Device(socket), BOTH).unwrap();
    let (received, ()) = join!(receive(&device, |device| device.0.recv(&mut [0; 8])), async {
        sleep(2 * MS).await;
        peer.send(b"hello").unwrap();
    });
    assert_eq!(received, 5);
    assert_eq!(device.reactor().name(), reactor.name());
}

async fn an_object_that_is_taken_back_is_blocking_again(reactor: Reactor) {
    let (ours, mut theirs) = std_pair();
    let ours = AsyncFd::new_on(&reactor, ours, BOTH).unwrap();
    let would_block = ours.try_io(Interest::READABLE, |mut ours| ours.read(&mut [0; 8]));
    assert_eq!(would_block.unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut ours = ours.into_blocking().unwrap();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(5 * MS);
        theirs.write_all(b"hello").unwrap();
        theirs
    });
    assert_eq!(ours.read(&mut [0; 8]).unwrap(), 5);
    drop(thread.join().unwrap());
}

async fn readiness_that_is_cleared_is_reported_again(reactor: Reactor) {
    let (ours, mut theirs) = std_pair();
    let ours = AsyncFd::new_on(&reactor, ours, BOTH).unwrap();
    for _ in 0..20 {
        theirs.write_all(b"x").unwrap();
        let mut guard = strict_timeout(LIMIT, ours.readable()).await.unwrap().unwrap();
        let read = guard.try_io(|ours| ours.get_ref().read(&mut [0; 8])).unwrap();
        assert_eq!(read.unwrap(), 1);
        assert!(guard.try_io(|ours| ours.get_ref().read(&mut [0; 8])).is_err());
        drop(guard);
        // Readiness is a hint: an event may be late.
        if let Ok(guard) = strict_timeout(MS, ours.readable()).await {
            assert!(guard.unwrap().try_io(|ours| ours.get_ref().read(&mut [0; 8])).is_err());
        }
        drop(strict_timeout(LIMIT, ours.writable()).await.unwrap().unwrap());
    }
}

#[test]
fn four_thousand_sleeps_on_four_threads_are_not_early() {
    common::within_time(|| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let sleeps = (0..1000).map(|n| {
                        assert_not_early(sleep(Duration::from_micros(50 * (n * 4 + thread))))
                    });
                    let late = dormouse::block_on(join_all(sleeps));
                    println!("late by {:?} at most", late.into_iter().max());
                });
            }
        });
    });
}

#[cfg(windows)]
#[test]
fn a_socket_that_is_registered_twice_is_watched_twice() {
    let socket = std::net::UdpSocket::bind(ANY).unwrap();
    let again = socket.try_clone().unwrap();
    let (one, other) = (AsyncFd::new(socket).unwrap(), AsyncFd::new(again).unwrap());
    one.get_ref().send_to(b"x", one.get_ref().local_addr().unwrap()).unwrap();
    dormouse::block_on(async {
        drop(one.readable().await.unwrap());
        drop(other.readable().await.unwrap());
    });
}
