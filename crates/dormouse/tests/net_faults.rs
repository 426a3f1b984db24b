//! Sockets when the system refuses, and what they leave behind. Each case runs in a process of its own:
//! this program, called again with one of the ignored tests below.

mod common;

use common::{MS, take_all_fds, within_time};
use dormouse::net::{TcpListener, TcpStream, UnixListener, UnixStream, pipe};
use dormouse::{sleep, timeout};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

each_in_a_process_of_its_own! {
    dropped_connects_and_accepts_leave_no_fd
    without_fds_accepting_says_so_and_the_connection_waits
    without_fds_connecting_says_so
}

#[cfg(feature = "tokio")]
each_in_a_process_of_its_own! {
    a_tokio_program_that_connects_has_no_thread_of_ours
}

#[test]
#[cfg(target_os = "linux")]
fn a_network_that_cannot_be_reached_is_told() {
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--map-root-user", "--net"]);
    if !unshare.arg("true").status().is_ok_and(|status| status.success()) {
        return println!("not tested: no network namespaces here");
    }
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--map-root-user", "--net"]).arg(std::env::current_exe().unwrap());
    common::run_case(unshare, "a_network_that_cannot_be_reached_is_told");
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A listener that has no room for another connection, and the one that fills it.
fn full() -> (std::net::TcpListener, SocketAddr, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind(ANY).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    // No room is room for one.
    let first = std::net::TcpStream::connect(address).unwrap();
    (listener, address, first)
}

/// The number of the system's error that is behind this one.
fn cause(error: &io::Error) -> Option<i32> {
    error.source()?.downcast_ref::<io::Error>()?.raw_os_error()
}

/// A round of what a program may do and give up.
async fn give_up() {
    let (_listener, address, _first) = full();
    assert!(timeout(2 * MS, TcpStream::connect(address)).await.is_err());

    let listener = TcpListener::bind(ANY).unwrap();
    assert!(timeout(MS, listener.accept()).await.is_err());
    let address = listener.get_ref().local_addr().unwrap();
    let client = TcpStream::connect(address).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    assert!(timeout(MS, server.read(&mut [0])).await.is_err());
    drop((listener, client, server));
    assert!(TcpStream::connect(address).await.is_err());
    assert!(TcpListener::bind(([192, 0, 2, 1], 0)).is_err());

    assert!(UnixStream::connect("/nobody/listens").await.is_err());
    assert!(UnixListener::bind("/nobody/listens").is_err());
    drop((UnixStream::pair().unwrap(), pipe().unwrap()));
}

async fn count_what_is_left() {
    give_up().await; // starts what has to be started
    let before = common::fds();
    for _ in 0..10 {
        give_up().await;
    }
    assert_eq!(common::fds(), before);
}

async fn accept_without_fds() {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let client = std::net::TcpStream::connect(address).unwrap();
    sleep(MS).await;
    let taken = take_all_fds();
    for _ in 0..3 {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(cause(&error), Some(24));
        let expected = format!(
            "cannot accept a connection on {address}: Too many open files (os error 24); the \
             process is at its limit of open fds (ulimit -n)"
        );
        assert_eq!(error.to_string(), expected);
    }
    drop(taken);
    let (_, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}

async fn connect_without_fds() {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.get_ref().local_addr().unwrap();
    let taken = take_all_fds();
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(cause(&error), Some(24));
    assert!(error.to_string().starts_with(&format!("cannot connect to {address}: ")), "{error}");
    let error = UnixStream::connect("/nobody/listens").await.unwrap_err();
    assert_eq!(cause(&error), Some(24));
    drop(taken);
    TcpStream::connect(address).await.unwrap();
}

macro_rules! with_each_reactor {
    ($test:expr) => {
        within_time(|| dormouse::block_on($test));
        within_time(|| common::current_thread().block_on($test));
        within_time(|| common::multi_thread().block_on($test));
        within_time(|| smol::block_on($test));
    };
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn dropped_connects_and_accepts_leave_no_fd() {
        with_each_reactor!(count_what_is_left());
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_accepting_says_so_and_the_connection_waits() {
        with_each_reactor!(accept_without_fds());
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_connecting_says_so() {
        with_each_reactor!(connect_without_fds());
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn a_network_that_cannot_be_reached_is_told() {
        // There are no routes here.
        let error = dormouse::block_on(TcpStream::connect(([192, 0, 2, 1], 1))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        let expected = "cannot connect to 192.0.2.1:1: Network is unreachable (os error 101)";
        assert_eq!(error.to_string(), expected);
    }

    #[cfg(feature = "tokio")]
    async fn connect_in_all_ways() {
        // At once.
        let listener = TcpListener::bind(ANY).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
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

        // After a wait, in vain, for long enough, and until there is a refusal.
        let (listener, address, first) = full();
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
        let (listener, address, _first) = full();
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
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn a_tokio_program_that_connects_has_no_thread_of_ours() {
        for runtime in [common::current_thread, common::multi_thread] {
            within_time(|| runtime().block_on(connect_in_all_ways()));
        }
        let threads = common::threads();
        assert!(threads.iter().all(|name| name != "dormouse"), "{threads:?}");
    }
}
