//! Host names that the system resolves, on every reactor. No test makes a query to a name server.

mod common;

use common::{LIMIT, within_time};
use dormouse::net::{HappyEyeballs, TcpListener, TcpStream, UdpSocket, lookup_host};
use dormouse::timeout;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The system resolves it to 127.0.0.1 without a query. To this crate it is a name, because it contains a letter.
const NAME: &str = "0x7f000001";

on_every_reactor! {
    a_name_is_resolved_by_the_system
    sockets_take_names
    a_name_that_does_not_exist_is_an_error_that_names_it
    addresses_are_returned_by_lookup_host
    a_dropped_lookup_leaves_the_next_one_alone
}

/// Too long for a name server.
fn long_name() -> String {
    "x.".repeat(200) + "x"
}

async fn a_name_is_resolved_by_the_system() {
    let expected = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let found: Vec<_> = lookup_host((NAME, 80)).await.unwrap().collect();
    assert_eq!(found, [expected]);
    let text = format!("{NAME}:80");
    assert_eq!(lookup_host(&text).await.unwrap().next(), Some(expected));
    assert_eq!(lookup_host(text).await.unwrap().next(), Some(expected));
}

async fn sockets_take_names() {
    let listener = TcpListener::bind((NAME, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stream = TcpStream::connect((NAME, port)).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    HappyEyeballs::new().connect((NAME, port)).await.unwrap();
    let receiver = UdpSocket::bind(format!("{NAME}:0")).await.unwrap();
    let port = receiver.local_addr().unwrap().port();
    receiver.send_to(b"hello", (NAME, port)).await.unwrap();
    assert_eq!(receiver.recv(&mut [0; 16]).await.unwrap(), 5);
    receiver.connect((NAME, port)).await.unwrap();
}

/// The errors of each function that takes addresses.
async fn errors(address: (&str, u16)) -> Vec<io::Error> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    vec![
        TcpStream::connect(address).await.unwrap_err(),
        HappyEyeballs::new().connect(address).await.unwrap_err(),
        TcpListener::bind(address).await.unwrap_err(),
        UdpSocket::bind(address).await.unwrap_err(),
        socket.connect(address).await.unwrap_err(),
        socket.send_to(b"hello", address).await.unwrap_err(),
        lookup_host(address).await.err().unwrap(),
    ]
}

async fn a_name_that_does_not_exist_is_an_error_that_names_it() {
    let name = long_name();
    for error in errors((&name, 80)).await {
        let message = error.to_string();
        assert!(message.contains(&format!("cannot resolve {name:?}: ")), "{message}");
    }
    // std passes no such text to the system, and it comes from no text with a port.
    assert_eq!(lookup_host(("a\0b", 80)).await.err().unwrap().kind(), ErrorKind::InvalidInput);
}

async fn addresses_are_returned_by_lookup_host() {
    let addresses: [SocketAddr; 2] = [([127, 0, 0, 1], 1).into(), ([127, 0, 0, 2], 2).into()];
    let found: Vec<_> = lookup_host(&addresses[..]).await.unwrap().collect();
    assert_eq!(found, addresses);
    assert_eq!(lookup_host("localhost:1").await.unwrap().count(), 2);
}

async fn a_dropped_lookup_leaves_the_next_one_alone() {
    for _ in 0..100 {
        let _ = timeout(Duration::ZERO, lookup_host((NAME, 80))).await;
    }
    let found = timeout(LIMIT, lookup_host((NAME, 80))).await.unwrap().unwrap();
    assert_eq!(found.count(), 1);
}

#[test]
fn many_lookups_run_at_once() {
    within_time(|| {
        dormouse::block_on(async {
            let lookups = (0..2000).map(|_| lookup_host((NAME, 80)));
            for found in futures::future::join_all(lookups).await {
                assert_eq!(found.unwrap().count(), 1);
            }
        });
    });
}

/// The future of a lookup can be spawned.
#[test]
fn lookups_can_be_sent_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&lookup_host("example.com:80"));
    is_send(&lookup_host(String::from("example.com:80")));
    is_send(&TcpStream::connect(("example.com", 80)));
    is_send(&HappyEyeballs::new().connect(("example.com", 80)));
}

#[test]
#[cfg(feature = "test-util")]
fn a_lookup_takes_no_virtual_time() {
    let time = dormouse::VirtualTime::new();
    let limit = Duration::from_secs(24 * 3600);
    // A lookup of more than a second of real time is not waited for.
    let waited = (0..10)
        .any(|_| time.block_on(async { timeout(limit, lookup_host((NAME, 80))).await }).is_ok());
    assert!(waited);
}

#[cfg(target_os = "linux")]
each_in_a_child_process! {
    an_address_starts_no_thread
    a_child_of_fork_resolves_names
    without_threads_a_lookup_is_an_error_and_no_endless_wait
}

#[cfg(all(target_os = "linux", feature = "tokio", feature = "test-util"))]
each_in_a_child_process! {
    without_threads_a_lookup_does_not_stop_the_paused_clock_of_tokio
}

#[cfg(target_os = "linux")]
mod cases {
    use super::*;

    #[test]
    #[ignore = "a case"]
    fn an_address_starts_no_thread() {
        let before = common::thread_ids();
        dormouse::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            TcpStream::connect(address).await.unwrap();
            TcpStream::connect(address.to_string()).await.unwrap();
            TcpStream::connect(("localhost", address.port())).await.unwrap();
            let _ = lookup_host(("::1", 80)).await.unwrap();
        });
        assert_eq!(common::thread_ids(), before);
        assert!(dormouse::block_on(lookup_host((NAME, 80))).is_ok());
        assert_ne!(common::thread_ids(), before);
    }

    #[test]
    #[ignore = "a case"]
    fn a_child_of_fork_resolves_names() {
        let resolves = || {
            let found = dormouse::block_on(timeout(LIMIT, lookup_host((NAME, 80))));
            assert_eq!(found.unwrap().unwrap().count(), 1);
        };
        resolves();
        common::child::in_child(|| {
            resolves();
            resolves();
        });
        resolves();
    }

    #[test]
    #[ignore = "a case"]
    fn without_threads_a_lookup_is_an_error_and_no_endless_wait() {
        let limit = common::prevent_new_threads();
        let lookup = timeout(LIMIT, lookup_host((NAME, 80)));
        let found = dormouse::block_on(lookup).expect("no endless wait").map(|_| ());
        assert!(found.unwrap_err().to_string().contains(NAME));
        // It works as soon as a thread can be started.
        common::permit_new_threads(limit);
        let found = dormouse::block_on(timeout(LIMIT, lookup_host((NAME, 80))));
        assert_eq!(found.unwrap().unwrap().count(), 1);
    }
    #[test]
    #[ignore = "a case"]
    #[cfg(all(feature = "tokio", feature = "test-util"))]
    fn without_threads_a_lookup_does_not_stop_the_paused_clock_of_tokio() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        within_time(|| {
            let limit = common::prevent_new_threads();
            runtime.block_on(async {
                assert!(lookup_host((NAME, 80)).await.is_err());
                dormouse::sleep(Duration::from_secs(3600)).await;
            });
            common::permit_new_threads(limit);
        });
    }
}
