//! Connections that exist, but cannot be registered with the reactor, are not lost. Each case runs in a child process:
//! this test binary, started again with one of the ignored tests below.
#![cfg(target_os = "linux")]

mod common;

use common::strace::Refused;
use common::{LIMIT, MS, sleep_in_reactor, take_all_fds};
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::{TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream};
#[cfg(not(dormouse_portable))]
use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
use dormouse::{sleep, timeout};
use futures::join;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

each_in_a_child_process! {
    with_one_fd_left_accept_returns_a_connection_that_works
    a_connection_that_cannot_be_registered_is_returned_and_registered_later
    a_socket_that_cannot_be_registered_leaves_no_path_behind
}

#[cfg(feature = "stats")]
each_in_a_child_process! {
    a_connection_is_registered_by_its_first_wait
}

#[cfg(feature = "smol")]
each_in_a_child_process! {
    without_an_fd_for_the_duplicate_the_builtin_reactor_replaces_async_io
    a_connection_on_async_io_has_one_fd_until_its_first_wait
}

// Without timerfds, the builtin reactor is always in use.
#[cfg(all(feature = "smol", not(dormouse_portable)))]
each_in_a_child_process! {
    a_connection_that_no_reactor_has_an_fd_for_is_registered_once_there_is_one
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

fn unix_address() -> SocketAddr {
    SocketAddr::from_abstract_name(format!("dormouse-{}", std::process::id())).unwrap()
}

/// Runs the test with one connection of each kind that can be accepted.
macro_rules! with_each_listener {
    ($test:ident) => {{
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = std::net::TcpStream::connect(address).unwrap();
        $test(client, async { Ok(listener.accept().await?.0.into_async_fd()) }).await;
        #[cfg(feature = "stream")]
        {
            let client = std::net::TcpStream::connect(address).unwrap();
            let mut incoming = listener.incoming();
            let next = async { futures::StreamExt::next(&mut incoming).await.unwrap() };
            $test(client, async { next.await.map(TcpStream::into_async_fd) }).await;
        }

        let listener = UnixListener::bind_addr(&unix_address()).unwrap();
        let connect = || std::os::unix::net::UnixStream::connect_addr(&unix_address()).unwrap();
        $test(connect(), async { Ok(listener.accept().await?.0.into_async_fd()) }).await;
        #[cfg(feature = "stream")]
        {
            let mut incoming = listener.incoming();
            let next = async { futures::StreamExt::next(&mut incoming).await.unwrap() };
            $test(connect(), async { next.await.map(UnixStream::into_async_fd) }).await;
        }
        drop(listener);

        #[cfg(not(dormouse_portable))]
        {
            let listener = UnixSeqpacketListener::bind_addr(&unix_address()).unwrap();
            let client = UnixSeqpacket::connect_addr(&unix_address()).await.unwrap();
            let accept = async { Ok(listener.accept().await?.0.into_async_fd()) };
            $test(client, accept).await;
        }
    }};
}

async fn receive<T: AsFd>(socket: &AsyncFd<T>) -> io::Result<usize> {
    let receive = |socket: &T| Ok(recv(socket, &mut [0; 16], RecvFlags::empty())?.0);
    socket.async_io(Interest::READABLE, receive).await
}

/// The server waits for what the client sends.
async fn assert_works<T: AsFd>(client: &impl AsFd, server: &AsyncFd<T>) {
    let (received, ()) = join!(timeout(LIMIT, receive(server)), async {
        sleep(5 * MS).await;
        send(client, b"x", SendFlags::empty()).unwrap();
    });
    assert_eq!(received.expect("the event is lost").unwrap(), 1);
}

async fn accept_with_one_fd_left<T: AsFd>(
    client: impl AsFd,
    accept: impl Future<Output = io::Result<AsyncFd<T>>>,
) {
    let mut taken = take_all_fds();
    taken.pop();
    let server = accept.await.unwrap();
    assert_works(&client, &server).await;
    drop(taken);
    assert_works(&client, &server).await;
}

async fn accept_when_nothing_can_be_registered<T: AsFd>(
    client: impl AsFd,
    accept: impl Future<Output = io::Result<AsyncFd<T>>>,
) {
    let Some(refused) = Refused::new("epoll_ctl", "ENOSPC") else { return };
    let server = accept.await.unwrap();
    for _ in 0..3 {
        let error = receive(&server).await.unwrap_err().to_string();
        assert!(error.contains("max_user_watches") && error.contains("os error 28"), "{error}");
    }
    send(&client, b"x", SendFlags::empty()).unwrap();
    assert_eq!(receive(&server).await.unwrap(), 1, "no wait is necessary");
    drop(refused);
    assert_works(&client, &server).await;
}

async fn connect_when_nothing_can_be_registered() {
    let listener = std::net::TcpListener::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    let unix_listener = std::os::unix::net::UnixListener::bind_addr(&unix_address()).unwrap();
    let Some(refused) = Refused::new("epoll_ctl", "ENOSPC") else { return };
    let stream = TcpStream::connect(address).await.unwrap();
    let unix_stream = UnixStream::connect_addr(&unix_address()).await.unwrap();
    drop(refused);
    assert_works(&listener.accept().unwrap().0, &stream.into_async_fd()).await;
    assert_works(&unix_listener.accept().unwrap().0, &unix_stream.into_async_fd()).await;
}

#[cfg(feature = "stats")]
async fn accept_and_count_fds() {
    let fds = || dormouse::stats().reactors.iter().map(|reactor| reactor.fds).sum::<usize>();
    let listener = TcpListener::bind(ANY).await.unwrap();
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    io::Write::write_all(&mut client, b"x").unwrap();
    sleep_in_reactor().await;
    let before = fds();
    let (server, _) = listener.accept().await.unwrap();
    assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 1);
    assert_eq!(server.write(b"x").await.unwrap(), 1);
    assert_eq!(fds(), before, "a connection that has not waited is registered");
    assert!(timeout(MS, server.read(&mut [0; 16])).await.is_err());
    assert_eq!(fds(), before + 1);
    assert_works(&client, &server.into_async_fd()).await;
}

async fn bind_when_nothing_can_be_registered() {
    let path = std::env::temp_dir().join(format!("dormouse-bind-{}", std::process::id()));
    let bind_each: &[fn(&Path) -> io::Result<()>] = &[
        |path| UnixListener::bind(path).map(drop),
        |path| UnixDatagram::bind(path).map(drop),
        #[cfg(not(dormouse_portable))]
        |path| UnixSeqpacketListener::bind(path).map(drop),
    ];
    for bind in bind_each {
        let Some(refused) = Refused::new("epoll_ctl", "ENOSPC") else { return };
        let error = bind(&path).unwrap_err().to_string();
        assert!(error.contains("max_user_watches"), "{error}");
        drop(refused);
        bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn with_one_fd_left_accept_returns_a_connection_that_works() {
        with_each_reactor!(async {
            sleep_in_reactor().await;
            drop(UnixStream::pair().unwrap());
            with_each_listener!(accept_with_one_fd_left);
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_connection_that_cannot_be_registered_is_returned_and_registered_later() {
        with_each_reactor!(async {
            sleep_in_reactor().await;
            with_each_listener!(accept_when_nothing_can_be_registered);
            connect_when_nothing_can_be_registered().await;
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "stats")]
    fn a_connection_is_registered_by_its_first_wait() {
        with_each_reactor!(accept_and_count_fds());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_socket_that_cannot_be_registered_leaves_no_path_behind() {
        with_each_reactor!(async {
            sleep_in_reactor().await;
            drop(UnixStream::pair().unwrap());
            bind_when_nothing_can_be_registered().await;
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "smol")]
    fn without_an_fd_for_the_duplicate_the_builtin_reactor_replaces_async_io() {
        dormouse::init().unwrap();
        let test = async {
            let (socket, peer) = std::os::unix::net::UnixStream::pair().unwrap();
            drop(AsyncFd::new(peer.try_clone().unwrap()).unwrap());
            let taken = take_all_fds();
            let socket = AsyncFd::new(socket).unwrap();
            assert_eq!(socket.reactor().name(), "builtin");
            drop(taken);
            assert_works(&peer, &socket).await;
        };
        common::within_time(|| smol::block_on(test));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "smol")]
    fn a_connection_on_async_io_has_one_fd_until_its_first_wait() {
        let fds = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let accept = async {
            let listener = TcpListener::bind(ANY).await.unwrap();
            let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            sleep_in_reactor().await;
            io::Write::write_all(&mut client, b"x").unwrap();
            let before = fds();
            let (server, _) = listener.accept().await.unwrap();
            assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 1);
            assert_eq!(server.write(b"x").await.unwrap(), 1);
            assert_eq!(fds(), before + 1);
            (client, server)
        };
        let (client, server) = smol::block_on(accept);
        let server = server.into_async_fd();
        assert_eq!(server.reactor().name(), "async-io");
        dormouse::block_on(async {
            sleep_in_reactor().await;
            let before = fds();
            assert!(timeout(MS, receive(&server)).await.is_err());
            assert_eq!(fds(), before + 1);
            assert_eq!(server.reactor().name(), "async-io");
            assert_works(&client, &server).await;
        });
    }

    /// The builtin reactor is not used before, so it has no epoll instance.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "smol")]
    fn a_connection_that_no_reactor_has_an_fd_for_is_registered_once_there_is_one() {
        let test = async {
            let listener = TcpListener::bind(ANY).await.unwrap();
            sleep_in_reactor().await;
            let address = listener.local_addr().unwrap();
            let client = std::net::TcpStream::connect(address).unwrap();
            let mut taken = take_all_fds();
            taken.pop();
            let (server, _) = listener.accept().await.unwrap();
            let server = server.into_async_fd();
            let error = server.read(&mut [0]).await.unwrap_err().to_string();
            assert!(error.contains("os error 24"), "{error}");
            drop(taken);
            assert_works(&client, &server).await;
            assert_eq!(server.reactor().name(), "async-io");
        };
        common::within_time(|| smol::block_on(test));
    }
}
