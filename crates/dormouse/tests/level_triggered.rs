//! Conditions that stay, while an operation would block: no reactor spins on them, and each still reports the next event.
//! A level-triggered reactor, async-io, hands such an fd to the builtin reactor.
//!
//! Each reactor has a child process, because the CPU time of the whole process is measured.
#![cfg(target_os = "linux")]

mod common;

use common::fifo::Fifo;
use common::sockets::{poll_flags, set_timestamps, wait_for_flags};
use common::{BOTH, LIMIT, cpu_time, strict_timeout};
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::timeout;
use rustix::event::PollFlags;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send};
use std::io::{self, ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

each_in_a_child_process! { no_condition_that_stays_causes_a_busy_loop_on_builtin }

#[cfg(feature = "smol")]
each_in_a_child_process! { no_condition_that_stays_causes_a_busy_loop_on_async_io }

#[cfg(feature = "tokio")]
each_in_a_child_process! {
    no_condition_that_stays_causes_a_busy_loop_on_tokio_current_thread
    no_condition_that_stays_causes_a_busy_loop_on_tokio_multi_thread
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn no_condition_that_stays_causes_a_busy_loop_on_builtin() {
        common::within_time(|| dormouse::block_on(all(Reactor::builtin())));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "smol")]
    fn no_condition_that_stays_causes_a_busy_loop_on_async_io() {
        common::within_time(|| smol::block_on(all(Reactor::async_io())));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn no_condition_that_stays_causes_a_busy_loop_on_tokio_current_thread() {
        common::within_time(|| {
            let runtime = common::current_thread();
            let reactor = Reactor::tokio(runtime.handle()).unwrap();
            runtime.block_on(all(reactor));
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn no_condition_that_stays_causes_a_busy_loop_on_tokio_multi_thread() {
        common::within_time(|| {
            let runtime = common::multi_thread();
            let reactor = Reactor::tokio(runtime.handle()).unwrap();
            runtime.block_on(all(reactor));
        });
    }
}

/// How long a condition stays.
const STAYS: Duration = Duration::from_millis(200);
/// A process that spins uses far more CPU time meanwhile, an idle one less than a millisecond.
const CPU_LIMIT: Duration = Duration::from_millis(30);
const ATTEMPTS: usize = 10;

async fn all(reactor: Reactor) {
    for guards in [false, true] {
        an_error_that_stays(&reactor, guards).await;
        urgent_data_that_is_not_read(&reactor, guards).await;
        room_for_a_task_that_only_reads(&reactor, guards).await;
    }
    an_unconnected_socket(&reactor).await;
    a_fifo_at_its_end(&reactor).await;
}

/// Runs a read that would block until `event`, although `condition` is reported. The read waits in `async_io`, or else it
/// waits for `ready` and calls `try_io`.
async fn check(
    name: &str,
    fd: &AsyncFd<OwnedFd>,
    interest: Interest,
    condition: PollFlags,
    guards: bool,
    read: impl Fn(&OwnedFd) -> io::Result<usize>,
    event: impl FnOnce(),
) {
    assert!(poll_flags(fd).contains(condition), "{name}: {:?}", poll_flags(fd));
    let mut attempts = 0;
    let mut attempt = |fd: &OwnedFd| {
        attempts += 1;
        read(fd)
    };
    let read = async {
        if !guards {
            return fd.async_io(interest, attempt).await;
        }
        loop {
            let mut guard = fd.ready(interest).await.unwrap();
            if let Ok(result) = guard.try_io(|fd| attempt(fd.get_ref())) {
                return result;
            }
            // If it spins, the timeout still ends it.
            tokio::task::yield_now().await;
        }
    };
    let mut read = Box::pin(strict_timeout(LIMIT, read));
    let before = cpu_time();
    assert!(timeout(STAYS, &mut read).await.is_err(), "{name}: the read would block");
    let used = cpu_time() - before;
    assert!(poll_flags(fd).contains(condition), "{name}: {:?} stays", poll_flags(fd));
    event();
    let length = read.await.unwrap_or_else(|_| panic!("{name}: the next event was lost"));
    assert_eq!(length.unwrap(), 5, "{name}");
    assert!(attempts <= ATTEMPTS, "{name}: {attempts} attempts in {STAYS:?}, guards: {guards}");
    assert!(used < CPU_LIMIT, "{name}: {used:?} of CPU time in {STAYS:?}, guards: {guards}");
}

fn receive(fd: &OwnedFd) -> io::Result<usize> {
    Ok(recv(fd, &mut [0; 16][..], RecvFlags::empty())?.0)
}

async fn an_error_that_stays(reactor: &Reactor, guards: bool) {
    let local = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    local.connect(peer.local_addr().unwrap()).unwrap();
    let address = local.local_addr().unwrap();
    set_timestamps(&local);
    // The timestamp of this datagram stays in the error queue.
    local.send(b"x").unwrap();
    wait_for_flags(&local, PollFlags::ERR);
    let fd = AsyncFd::new_on(reactor, OwnedFd::from(local), BOTH).unwrap();
    let send = || assert_eq!(peer.send_to(b"hello", address).unwrap(), 5);
    check("an error that stays", &fd, Interest::READABLE, PollFlags::ERR, guards, receive, send)
        .await;
    if reactor.name() == "async-io" {
        assert_eq!(fd.reactor().name(), "builtin");
    }
}

async fn urgent_data_that_is_not_read(reactor: &Reactor, guards: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    send(&peer, b"!", SendFlags::OOB).unwrap();
    wait_for_flags(&local, PollFlags::PRI);
    let fd = AsyncFd::new_on(reactor, OwnedFd::from(local), BOTH).unwrap();
    let data = || assert_eq!(send(&peer, b"hello", SendFlags::empty()).unwrap(), 5);
    // A read that is not a peek would discard the urgent byte.
    let receive = |fd: &OwnedFd| Ok(recv(fd, &mut [0; 16][..], RecvFlags::PEEK)?.0);
    check("urgent data", &fd, Interest::READABLE, PollFlags::PRI, guards, receive, data).await;
    if reactor.name() == "async-io" {
        assert_eq!(fd.reactor().name(), "builtin");
    }
}

async fn room_for_a_task_that_only_reads(reactor: &Reactor, guards: bool) {
    let (local, mut peer) = UnixStream::pair().unwrap();
    let fd = AsyncFd::new_on(reactor, OwnedFd::from(local), BOTH).unwrap();
    let both = Interest::READABLE | Interest::WRITABLE;
    let data = || peer.write_all(b"hello").unwrap();
    check("room", &fd, both, PollFlags::OUT, guards, receive, data).await;
}

async fn an_unconnected_socket(reactor: &Reactor) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let fd = AsyncFd::new_on(reactor, socket, BOTH).unwrap();
    let read = |fd: &OwnedFd| match receive(fd) {
        Err(error) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
        result => result,
    };
    let connect = || {
        let _ = rustix::net::connect(&fd, &listener.local_addr().unwrap());
        send(listener.accept().unwrap().0, b"hello", SendFlags::empty()).unwrap();
    };
    check("an unconnected socket", &fd, Interest::READABLE, PollFlags::HUP, false, read, connect)
        .await;
    if reactor.name() == "async-io" {
        assert_eq!(fd.reactor().name(), "builtin");
    }
}

async fn a_fifo_at_its_end(reactor: &Reactor) {
    let fifo = Fifo::new();
    let fd = OwnedFd::from(fifo.reader_file());
    let fd = AsyncFd::new_on(reactor, fd, Interest::READABLE).unwrap();
    // A writer that comes and goes.
    drop(fifo.writer());
    let read = |fd: &OwnedFd| match rustix::io::read(fd, &mut [0; 16])? {
        0 => Err(ErrorKind::WouldBlock.into()),
        length => Ok(length),
    };
    let write = || fifo.writer().write_all(b"hello").unwrap();
    check("a FIFO at its end", &fd, Interest::READABLE, PollFlags::HUP, false, read, write).await;
    if reactor.name() == "async-io" {
        assert_eq!(fd.reactor().name(), "builtin");
    }
}
