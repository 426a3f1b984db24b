//! Sockets in a process that cannot open fds or reach a network, and leaks of fds. Each case runs in a child process:
//! this test binary, started again with one of the ignored tests below.
#![cfg(unix)]

mod common;

use common::ports::full_listener;
use common::{MS, take_all_fds};
use dormouse::net::{TcpListener, TcpStream, UnixListener, UnixStream, pipe};
use dormouse::{sleep, timeout};
use rustix::io::Errno;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

each_in_a_child_process! {
    dropped_connects_and_accepts_leak_no_fd
    without_fds_accept_returns_an_error_and_the_connection_stays_queued
    without_fds_connect_returns_an_error
}

// Without timerfds, a sleep starts it.
#[cfg(all(feature = "tokio", target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! {
    connecting_on_tokio_starts_no_reactor_thread
}

#[test]
#[cfg(target_os = "linux")]
fn an_unreachable_network_is_reported() {
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--map-root-user", "--net"]);
    if !unshare.arg("true").status().is_ok_and(|status| status.success()) {
        return println!("skipped: no network namespace can be created here");
    }
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--map-root-user", "--net"]).arg(std::env::current_exe().unwrap());
    common::run_case(unshare, "an_unreachable_network_is_reported");
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// The errno of the source of this error.
fn cause(error: &io::Error) -> Option<i32> {
    error.source()?.downcast_ref::<io::Error>()?.raw_os_error()
}

/// Operations that time out or fail, and sockets that are dropped.
async fn abandon_operations() {
    let (_listener, address, _first) = full_listener();
    assert!(timeout(2 * MS, TcpStream::connect(address)).await.is_err());

    let listener = TcpListener::bind(ANY).await.unwrap();
    assert!(timeout(MS, listener.accept()).await.is_err());
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    assert!(timeout(MS, server.read(&mut [0])).await.is_err());
    drop((listener, client, server));
    assert!(TcpStream::connect(address).await.is_err());
    assert!(TcpListener::bind("192.0.2.1:0").await.is_err());

    assert!(UnixStream::connect("/missing/socket").await.is_err());
    assert!(UnixListener::bind("/missing/socket").is_err());
    drop((UnixStream::pair().unwrap(), pipe().unwrap()));
}

async fn assert_no_fd_leaks() {
    common::sleep_in_reactor().await;
    abandon_operations().await;
    let before = common::fds();
    for _ in 0..10 {
        abandon_operations().await;
    }
    assert_eq!(common::fds(), before);
}

async fn accept_without_fds() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = std::net::TcpStream::connect(address).unwrap();
    sleep(MS).await;
    let taken = take_all_fds();
    for _ in 0..3 {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(cause(&error), Some(24));
        let expected = format!(
            "cannot accept a connection on {address}: {}; the process is at its limit of open fds \
             (ulimit -n)",
            io::Error::from(Errno::MFILE)
        );
        assert_eq!(error.to_string(), expected);
    }
    drop(taken);
    let (_, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}

async fn connect_without_fds() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = take_all_fds();
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(cause(&error), Some(24));
    assert!(error.to_string().starts_with(&format!("cannot connect to {address}: ")), "{error}");
    let error = UnixStream::connect("/missing/socket").await.unwrap_err();
    assert_eq!(cause(&error), Some(24));
    drop(taken);
    TcpStream::connect(address).await.unwrap();
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn dropped_connects_and_accepts_leak_no_fd() {
        with_each_reactor!(assert_no_fd_leaks());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_accept_returns_an_error_and_the_connection_stays_queued() {
        with_each_reactor!(accept_without_fds());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_connect_returns_an_error() {
        with_each_reactor!(connect_without_fds());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_unreachable_network_is_reported() {
        // This network namespace has no routes.
        let error = dormouse::block_on(TcpStream::connect("192.0.2.1:1")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        let cause = io::Error::from(Errno::NETUNREACH);
        let expected = format!("cannot connect to 192.0.2.1:1: {cause}");
        assert_eq!(error.to_string(), expected);
    }

    #[cfg(feature = "tokio")]
    async fn connect_with_every_outcome() {
        // The connection is established or refused immediately.
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write(b"hello").await.unwrap();
        assert_eq!(server.read(&mut [0; 16]).await.unwrap(), 5);
        assert!(timeout(2 * MS, server.read(&mut [0; 16])).await.is_err());
        for name in [client.reactor().name(), server.reactor().name(), listener.reactor().name()] {
            assert_eq!(name, "tokio");
        }
        drop((listener, server));
        assert_eq!(client.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(TcpStream::connect(address).await.is_err());

        // The connect waits: until a timeout, until it succeeds, and until it is refused.
        let (listener, address, first) = full_listener();
        assert!(timeout(2 * MS, TcpStream::connect(address)).await.is_err());
        let (client, ()) = futures::join!(TcpStream::connect(address), async {
            sleep(5 * MS).await;
            drop((listener.accept().unwrap(), first));
        });
        let client = client.unwrap();
        let (server, _) = listener.accept().unwrap();
        let mut buffer = [0; 16];
        let (read, ()) = futures::join!(client.read(&mut buffer), async {
            sleep(5 * MS).await;
            io::Write::write_all(&mut &server, b"hello").unwrap();
        });
        assert_eq!(read.unwrap(), 5);
        let (listener, address, _first) = full_listener();
        let (client, ()) = futures::join!(TcpStream::connect(address), async {
            sleep(5 * MS).await;
            drop(listener);
        });
        assert_eq!(client.unwrap_err().kind(), ErrorKind::ConnectionRefused);

        let (one, other) = UnixStream::pair().unwrap();
        one.write(b"hello").await.unwrap();
        assert_eq!(other.read(&mut [0; 16]).await.unwrap(), 5);
        assert_eq!(one.reactor().name(), "tokio");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn connecting_on_tokio_starts_no_reactor_thread() {
        let before = common::thread_ids();
        for runtime in [common::current_thread, common::multi_thread] {
            common::within_time(|| runtime().block_on(connect_with_every_outcome()));
        }
        // The threads of the runtimes have ended. That of a reactor would not.
        assert_eq!(common::thread_ids(), before, "{:?}", common::threads());
    }
}
