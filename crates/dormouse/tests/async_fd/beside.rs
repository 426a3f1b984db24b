//! Two waits on one fd, each for a condition that the other must not take. `readiness_pairs` tries all pairs; these are the
//! cases that occur in programs.

use crate::common::ports::refused_udp;
use crate::common::sockets::{read_error_queue, set_timestamps, udp_pair};
use crate::common::{BOTH, LIMIT, MS, strict_timeout};
use crate::given_each_reactor;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use futures::future::{Either, select};
use futures::join;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;

given_each_reactor! {
    each_timestamp_in_the_error_queue_ends_a_wait_for_errors_beside_a_reader
    a_refused_datagram_ends_a_read_beside_a_wait_for_errors
    a_joint_wait_that_only_reads_leaves_the_room_to_a_writer
    a_joint_wait_that_only_writes_leaves_the_data_to_a_reader
}

#[cfg(not(dormouse_portable))]
given_each_reactor! { the_end_of_a_pty_ends_a_read_beside_a_wait_for_priority }

async fn each_timestamp_in_the_error_queue_ends_a_wait_for_errors_beside_a_reader(
    reactor: Reactor,
) {
    for interest in [BOTH, BOTH | Interest::ERROR] {
        let (local, _peer) = udp_pair();
        set_timestamps(&local);
        let socket = AsyncFd::new_on(&reactor, local, interest).unwrap();
        let mut buffer = [0; 16];
        let mut reader =
            pin!(socket.async_io(Interest::READABLE, |socket| socket.recv(&mut buffer)));
        for round in 0..10 {
            let timestamp =
                strict_timeout(LIMIT, socket.async_io(Interest::ERROR, read_error_queue));
            let send = async {
                sleep(MS).await;
                socket.get_ref().send(b"x").unwrap();
            };
            let timestamp = pin!(async { join!(timestamp, send).0 });
            match select(reader.as_mut(), timestamp).await {
                Either::Left(_) => panic!("no datagram was sent to this socket"),
                Either::Right((timestamp, _)) => {
                    timestamp.unwrap_or_else(|_| panic!("lost in round {round}")).unwrap();
                }
            }
        }
    }
}

async fn a_refused_datagram_ends_a_read_beside_a_wait_for_errors(reactor: Reactor) {
    for interest in [BOTH, BOTH | Interest::ERROR] {
        let (socket, _holder) = refused_udp();
        let socket = AsyncFd::new_on(&reactor, socket, interest).unwrap();
        // The error queue stays empty, so this clears each error condition.
        let mut errors = pin!(socket.async_io(Interest::ERROR, read_error_queue));
        for round in 0..10 {
            let receive = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16]));
            let receive = strict_timeout(LIMIT, receive);
            let send = async {
                sleep(MS).await;
                socket.get_ref().send(b"x").unwrap();
            };
            let receive = pin!(async { join!(receive, send).0 });
            match select(errors.as_mut(), receive).await {
                Either::Left(_) => panic!("there is nothing in the error queue"),
                Either::Right((received, _)) => {
                    let error = received.unwrap_or_else(|_| panic!("lost in round {round}"));
                    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionRefused);
                }
            }
        }
    }
}

/// A terminal emulator reads the master in packet mode, and waits for the changes of state that this mode reports.
#[cfg(not(dormouse_portable))]
async fn the_end_of_a_pty_ends_a_read_beside_a_wait_for_priority(reactor: Reactor) {
    use crate::common::pty::{pty, set_packet_mode};

    let all = BOTH | Interest::PRIORITY;
    for (interest, packets) in [(BOTH, false), (BOTH, true), (all, false), (all, true)] {
        let (master, slave, _) = pty();
        if packets && !set_packet_mode(&master) {
            eprintln!("skipped: there is no perl, which sets packet mode");
            continue;
        }
        let master = AsyncFd::new_on(&reactor, master, interest).unwrap();
        let mut buffer = [0; 16];
        let priority = async {
            let mut guard = master.ready(Interest::PRIORITY).await.unwrap();
            guard.clear_ready();
            // Still pending when the read ends.
            let _ = master.ready(Interest::PRIORITY).await.unwrap();
        };
        let read = master.async_io(Interest::READABLE, |fd| Ok(rustix::io::read(fd, &mut buffer)?));
        let (_, end, ()) =
            join!(strict_timeout(LIMIT / 5, priority), strict_timeout(LIMIT, read), async {
                sleep(2 * MS).await;
                drop(slave);
            });
        let error = end.expect("the end of the pty was lost").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::IO.raw_os_error()));
    }
}

async fn a_joint_wait_that_only_reads_leaves_the_room_to_a_writer(reactor: Reactor) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    while local.get_ref().write(&[0; 4096]).is_ok() {}
    let mut joint = pin!(local.async_io(BOTH, |mut fd| fd.read(&mut [0; 16])));
    let writer = strict_timeout(LIMIT, async {
        let guard = local.writable().await.unwrap();
        assert!(guard.ready().is_writable());
    });
    let drain = async {
        sleep(2 * MS).await;
        peer.set_nonblocking(true).unwrap();
        while (&peer).read(&mut [0; 4096]).is_ok() {}
    };
    let writer = pin!(async { join!(writer, drain).0 });
    match select(joint.as_mut(), writer).await {
        Either::Left(_) => panic!("there is nothing to read"),
        Either::Right((writable, _)) => writable.expect("the room was lost"),
    }
    (&peer).write_all(b"x").unwrap();
    assert_eq!(strict_timeout(LIMIT, joint).await.expect("the data was lost").unwrap(), 1);
}

async fn a_joint_wait_that_only_writes_leaves_the_data_to_a_reader(reactor: Reactor) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    while local.get_ref().write(&[0; 4096]).is_ok() {}
    let mut joint = pin!(local.async_io(BOTH, |mut fd| fd.write(b"x")));
    let reader =
        strict_timeout(LIMIT, local.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16])));
    let send = async {
        sleep(2 * MS).await;
        (&peer).write_all(b"hello").unwrap();
    };
    let reader = pin!(async { join!(reader, send).0 });
    match select(joint.as_mut(), reader).await {
        Either::Left(_) => panic!("there is no room"),
        Either::Right((read, _)) => assert_eq!(read.expect("the data was lost").unwrap(), 5),
    }
    peer.set_nonblocking(true).unwrap();
    while (&peer).read(&mut [0; 4096]).is_ok() {}
    assert_eq!(strict_timeout(LIMIT, joint).await.expect("the room was lost").unwrap(), 1);
}
