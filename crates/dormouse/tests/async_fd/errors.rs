//! Hang-ups and errors of the fd.

use crate::common::MS;
#[cfg(unix)]
use crate::common::ports::refused_udp;
use crate::{fill, on_every_reactor, pair, write};
use dormouse::io::{AsyncFd, Interest};
use dormouse::{sleep, timeout};
use futures::join;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

on_every_reactor! {
    a_hang_up_wakes_both_directions
    a_reset_wakes_both_directions
}

// On Windows, the socket returns another error, and wine has none.
#[cfg(unix)]
on_every_reactor! { each_error_of_a_socket_wakes_its_reader }

#[cfg(target_os = "linux")]
on_every_reactor! { a_persistent_error_does_not_cause_a_busy_loop }

async fn a_hang_up_wakes_both_directions() {
    let (local, peer) = pair();
    fill(&local).await;
    let (read_ready, write_ready, ()) = join!(local.readable(), local.writable(), async {
        sleep(2 * MS).await;
        drop(peer);
    });
    assert!(read_ready.unwrap().ready().is_readable());
    assert!(write_ready.unwrap().ready().is_writable());
    assert!(write(&local, b"x").await.is_err());
}

async fn a_reset_wakes_both_directions() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    let local = AsyncFd::new(local).unwrap();
    while timeout(20 * MS, local.async_io(Interest::WRITABLE, |mut fd| fd.write(&[0; 65536])))
        .await
        .is_ok()
    {}
    // The peer has unread data, so its close is a reset.
    let (read_ready, write_ready, ()) = join!(local.readable(), local.writable(), async {
        sleep(2 * MS).await;
        drop(peer);
    });
    drop((read_ready.unwrap(), write_ready.unwrap()));
    let read = local.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1])).await;
    // In wine, it returns 0.
    assert!(
        read.as_ref().map_or_else(
            |err| err.kind() == ErrorKind::ConnectionReset,
            |read| cfg!(windows) && *read == 0
        ),
        "{read:?}"
    );
}

#[cfg(unix)]
async fn each_error_of_a_socket_wakes_its_reader() {
    let (socket, _holder) = refused_udp();
    let socket = AsyncFd::new(socket).unwrap();
    for round in 0..5 {
        let receive = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16]));
        let (received, ()) = join!(timeout(5000 * MS, receive), async {
            sleep(2 * MS).await;
            let _ = socket.get_ref().send(b"hello");
        });
        let error = received.unwrap_or_else(|_| panic!("not woken in round {round}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}

#[cfg(target_os = "linux")]
async fn a_persistent_error_does_not_cause_a_busy_loop() {
    use futures::future::{Either, select};

    let (socket, _holder) = refused_udp();
    // Errors go to the error queue of the socket, which is not read here, so the error condition persists.
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Ipv4RecvErr, &true).unwrap();
    let socket = AsyncFd::new(socket).unwrap();
    let _ = socket.get_ref().send(b"hello");
    let mut tries = 0;
    let receive = socket.async_io(Interest::READABLE, |socket| {
        tries += 1;
        match socket.recv(&mut [0; 16]) {
            // recv returns the error once.
            Err(err) if err.kind() == ErrorKind::ConnectionRefused => {
                Err(ErrorKind::WouldBlock.into())
            }
            received => received,
        }
    });
    // Other reactors are level-triggered, or do not report the next event.
    let moved = async {
        while socket.reactor().name() != "builtin" {
            sleep(MS).await;
        }
    };
    let mut receive = Box::pin(receive);
    let Either::Right(_) = select(&mut receive, std::pin::pin!(moved)).await else {
        panic!("there is nothing to receive");
    };
    let nothing = timeout(100 * MS, receive).await;
    assert!(nothing.is_err());
    assert!(tries < 10, "{tries} tries in 100 ms");
}
