//! Hang-ups after `clear_ready`: they are final while `poll(2)` reports them, and only then.

use crate::common::fifo::Fifo;
use crate::common::pty::{open_slave, pty};
use crate::common::sockets::{read_error_queue, set_timestamps, tcp_pair, udp_pair};
use crate::common::{BOTH, LIMIT, MS, strict_timeout};
use crate::given_each_reactor;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::{sleep, timeout};
use futures::join;
use rustix::net::{AddressFamily, SocketType};
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

given_each_reactor! {
    the_end_that_came_with_the_data_ends_the_next_wait
    the_end_is_reported_until_the_fd_is_dropped
    a_hang_up_ends_the_next_wait_for_room
    an_error_condition_is_not_final
    a_socket_that_is_connected_later_is_not_closed
    a_fifo_with_a_new_writer_is_open_again
    a_pty_with_a_new_slave_is_open_again
    async_io_waits_beside_a_hang_up_that_does_not_affect_its_operation
    async_io_waits_if_its_operation_would_block_despite_a_hang_up
    an_event_after_the_end_of_the_stream_ends_a_wait
}

async fn the_end_that_came_with_the_data_ends_the_next_wait(reactor: Reactor) {
    let (unix, mut unix_peer) = UnixStream::pair().unwrap();
    let (tcp, mut tcp_peer) = tcp_pair();
    let (half, mut half_peer) = tcp_pair();
    let (pipe, pipe_peer) = rustix::pipe::pipe().unwrap();
    unix_peer.write_all(b"the last words").unwrap();
    tcp_peer.write_all(b"the last words").unwrap();
    half_peer.write_all(b"the last words").unwrap();
    rustix::io::write(&pipe_peer, b"the last words").unwrap();
    half_peer.shutdown(std::net::Shutdown::Write).unwrap();
    drop((unix_peer, tcp_peer, pipe_peer));
    sleep(5 * MS).await;
    for fd in [OwnedFd::from(unix), tcp.into(), half.into(), pipe] {
        let fd = AsyncFd::new_on(&reactor, fd, BOTH).unwrap();
        let mut buffer = [0; 100];
        let mut guard = fd.readable().await.unwrap();
        assert_eq!(rustix::io::read(guard.get_inner(), &mut buffer).unwrap(), 14);
        guard.clear_ready(); // a short read: there is no more
        let again = strict_timeout(LIMIT, fd.readable()).await.expect("the end was cleared");
        assert!(again.unwrap().ready().is_readable());
        let joint = fd.ready(Interest::READABLE | Interest::WRITABLE);
        drop(strict_timeout(LIMIT, joint).await.expect("the end was cleared").unwrap());
        let poll = poll_fn(|cx| fd.poll_read_ready(cx).map_ok(drop));
        strict_timeout(LIMIT, poll).await.expect("the end was cleared").unwrap();
        assert_eq!(rustix::io::read(&fd, &mut buffer).unwrap(), 0);
    }
}

async fn the_end_is_reported_until_the_fd_is_dropped(reactor: Reactor) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    drop(peer);
    for _ in 0..10 {
        let guard = strict_timeout(LIMIT, local.readable()).await.expect("the end was cleared");
        guard.unwrap().clear_ready();
    }
}

async fn a_hang_up_ends_the_next_wait_for_room(reactor: Reactor) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    while local.get_ref().write(&[0; 4096]).is_ok() {}
    assert!(timeout(5 * MS, local.writable()).await.is_err());
    drop(peer);
    for _ in 0..10 {
        let guard = strict_timeout(LIMIT, local.writable()).await.expect("the hang-up was cleared");
        guard.unwrap().clear_ready();
    }
    let poll = poll_fn(|cx| local.poll_write_ready(cx).map_ok(drop));
    strict_timeout(LIMIT, poll).await.expect("the hang-up was cleared").unwrap();
}

/// Waits and clears for 30 ms, although the operation would block. Returns the number of waits that have ended.
async fn waits<T: AsFd>(fd: &AsyncFd<T>, interest: Interest) -> usize {
    let mut waits = 0;
    let wait = async {
        loop {
            fd.ready(interest).await.unwrap().clear_ready();
            waits += 1;
            // If this loop spins, the timeout still ends it.
            smol::future::yield_now().await;
        }
    };
    let _ = timeout(30 * MS, wait).await;
    waits
}

async fn an_error_condition_is_not_final(reactor: Reactor) {
    // A timestamp stays in the error queue: there is nothing to read.
    let (local, peer) = udp_pair();
    set_timestamps(&local);
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    local.get_ref().send(b"x").unwrap();
    drop(strict_timeout(LIMIT, local.ready(Interest::ERROR)).await.unwrap().unwrap());
    let joint = Interest::READABLE | Interest::ERROR;
    for interest in [Interest::READABLE, Interest::ERROR, joint] {
        let waits = waits(&local, interest).await;
        assert!(waits < 5, "{interest:?}: {waits} waits");
    }
    peer.send(b"hello").unwrap();
    let receive = local.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16]));
    assert_eq!(strict_timeout(LIMIT, receive).await.expect("the data was lost").unwrap(), 5);
    read_error_queue(local.get_ref()).unwrap();

    // A pipe without a reader, with no room.
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::new_on(&reactor, writer, BOTH).unwrap();
    while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
    drop(reader);
    drop(strict_timeout(LIMIT, writer.writable()).await.unwrap().unwrap());
    let waits = waits(&writer, Interest::WRITABLE).await;
    assert!(waits < 5, "{waits} waits");
}

async fn a_socket_that_is_connected_later_is_not_closed(reactor: Reactor) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let socket = AsyncFd::new_on(&reactor, socket, BOTH).unwrap();
    // The kernel reports a hang-up for a socket that is not connected yet.
    for interest in [Interest::READABLE, Interest::WRITABLE] {
        let guard =
            strict_timeout(LIMIT, socket.ready(interest)).await.expect("a hang-up is reported");
        guard.unwrap().clear_ready();
    }
    let _ = rustix::net::connect(&socket, &listener.local_addr().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    drop(strict_timeout(LIMIT, socket.writable()).await.unwrap().unwrap());
    let waits = waits(&socket, Interest::READABLE).await;
    assert!(waits < 5, "{waits} waits");
    for _ in 0..5 {
        peer.write_all(b"hello").unwrap();
        assert_eq!(read(&socket).await.unwrap(), 5);
        let attempts = attempts_to_read(&socket).await;
        assert!(attempts < 5, "{attempts} attempts");
    }
    drop(peer);
    for _ in 0..5 {
        let guard = strict_timeout(LIMIT, socket.readable()).await.expect("the end was lost");
        guard.unwrap().clear_ready();
    }
}

/// Waits and reads for 20 ms, although there is nothing to read. Returns the number of reads.
async fn attempts_to_read<T: AsFd>(fd: &AsyncFd<T>) -> usize {
    let mut attempts = 0;
    let read = fd.async_io(Interest::READABLE, |fd| {
        attempts += 1;
        Ok(rustix::io::read(fd, &mut [0; 16])?)
    });
    assert!(timeout(20 * MS, read).await.is_err(), "there is nothing to read");
    attempts
}

async fn read<T: AsFd>(fd: &AsyncFd<T>) -> std::io::Result<usize> {
    let read = fd.async_io(Interest::READABLE, |fd| Ok(rustix::io::read(fd, &mut [0; 16])?));
    strict_timeout(LIMIT, read).await.expect("an event was lost")
}

async fn a_fifo_with_a_new_writer_is_open_again(reactor: Reactor) {
    let fifo = Fifo::new();
    let reader = AsyncFd::new_on(&reactor, fifo.reader_file(), Interest::READABLE).unwrap();
    for round in 0..5 {
        let mut writer = fifo.writer();
        let (attempts, waits) =
            (attempts_to_read(&reader).await, waits(&reader, Interest::READABLE).await);
        assert!(attempts < 5 && waits < 5, "{attempts} reads, {waits} waits in round {round}");
        let (got, ()) = join!(read(&reader), async {
            sleep(MS).await;
            writer.write_all(b"hello").unwrap();
        });
        assert_eq!(got.unwrap(), 5);
        drop(writer);
        let mut guard =
            strict_timeout(LIMIT, reader.readable()).await.expect("the end was lost").unwrap();
        assert_eq!(rustix::io::read(&reader, &mut [0; 16]).unwrap(), 0);
        guard.clear_ready();
        drop(strict_timeout(LIMIT, reader.readable()).await.expect("the end was cleared").unwrap());
    }
}

async fn a_pty_with_a_new_slave_is_open_again(reactor: Reactor) {
    let (master, slave, path) = pty();
    let master = AsyncFd::new_on(&reactor, master, BOTH).unwrap();
    let mut slave = Some(slave);
    for round in 0..5 {
        let opened = slave.take().unwrap_or_else(|| open_slave(&path));
        let (attempts, waits) =
            (attempts_to_read(&master).await, waits(&master, Interest::READABLE).await);
        assert!(attempts < 5 && waits < 5, "{attempts} reads, {waits} waits in round {round}");
        let (got, ()) = join!(read(&master), async {
            sleep(MS).await;
            rustix::io::write(&opened, b"hello").unwrap();
        });
        assert_eq!(got.unwrap(), 5);
        let (end, ()) = join!(read(&master), async {
            sleep(MS).await;
            drop(opened);
        });
        let io_error = Some(rustix::io::Errno::IO.raw_os_error());
        assert_eq!(end.unwrap_err().raw_os_error(), io_error);
        for _ in 0..3 {
            let guard =
                strict_timeout(LIMIT, master.readable()).await.expect("the end was cleared");
            guard.unwrap().clear_ready();
        }
    }
}

/// A write to a full socket whose peer has shut down its write half: only the reader sees an end.
async fn async_io_waits_beside_a_hang_up_that_does_not_affect_its_operation(reactor: Reactor) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    while local.get_ref().write(&[0; 4096]).is_ok() {}
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut attempts = 0;
    let joint = Interest::READABLE | Interest::WRITABLE;
    let write = local.async_io(joint, |mut fd| {
        attempts += 1;
        fd.write(b"x")
    });
    let mut write = Box::pin(strict_timeout(LIMIT, write));
    assert!(timeout(50 * MS, &mut write).await.is_err());
    peer.set_nonblocking(true).unwrap();
    while (&peer).read(&mut [0; 4096]).is_ok() {}
    assert_eq!(write.await.expect("the room was lost").unwrap(), 1);
    assert!(attempts < 10, "{attempts} attempts in 50 ms");
}

/// The operation may know more than `poll(2)` reports, for example that a FIFO gets a new writer.
async fn async_io_waits_if_its_operation_would_block_despite_a_hang_up(reactor: Reactor) {
    let fifo = Fifo::new();
    let reader = AsyncFd::new_on(&reactor, fifo.reader_file(), Interest::READABLE).unwrap();
    let mut writer = fifo.writer();
    writer.write_all(b"hello").unwrap();
    assert_eq!(read(&reader).await.unwrap(), 5);
    drop(writer);
    let mut attempts = 0;
    let next = reader.async_io(Interest::READABLE, |fd| {
        attempts += 1;
        match rustix::io::read(fd, &mut [0; 16])? {
            0 => Err(ErrorKind::WouldBlock.into()),
            length => Ok(length),
        }
    });
    let mut next = Box::pin(strict_timeout(LIMIT, next));
    assert!(timeout(50 * MS, &mut next).await.is_err());
    fifo.writer().write_all(b"hello").unwrap();
    assert_eq!(next.await.expect("the data was lost").unwrap(), 5);
    assert!(attempts < 10, "{attempts} attempts in 50 ms");
}

/// An operation that is not concerned by the end of the stream waits for the error queue.
async fn an_event_after_the_end_of_the_stream_ends_a_wait(reactor: Reactor) {
    let (local, peer) = tcp_pair();
    set_timestamps(&local);
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
    assert_eq!(read(&local).await.unwrap(), 0);
    for _ in 0..5 {
        let timestamp = local.async_io(Interest::READABLE, read_error_queue);
        let (timestamp, ()) = join!(strict_timeout(LIMIT, timestamp), async {
            sleep(2 * MS).await;
            local.get_ref().write_all(b"x").unwrap();
        });
        timestamp.expect("a timestamp was lost").unwrap();
    }
}
