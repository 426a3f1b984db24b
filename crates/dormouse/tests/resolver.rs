//! The resolver that the program installs. There is one in this process.

mod common;

use common::LIMIT;
use dormouse::net::{
    HappyEyeballs, LookupFuture, Resolver, TcpListener, TcpStream, lookup_host, set_resolver,
};
use dormouse::{sleep, timeout};
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

/// What each name does.
struct TestResolver;

impl Resolver for TestResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> LookupFuture<'a> {
        assert_ne!(host, "panics.test", "of the test");
        Box::pin(async move {
            sleep(Duration::from_millis(1)).await;
            match host {
                "server.test" => Ok(vec![
                    SocketAddr::from(([127, 0, 0, 2], 1)),
                    SocketAddr::from(([127, 0, 0, 1], port)),
                ]),
                "panics-later.test" => panic!("of the test"),
                "panics-when-dropped.test" => {
                    let _bomb = Bomb;
                    pending().await
                }
                "hangs.test" => pending().await,
                "empty.test" => Ok(Vec::new()),
                // The system resolves it.
                "indirect.test" => lookup_host(("0x7f000001", port)).await.map(Iterator::collect),
                _ => Err(io::Error::new(ErrorKind::NotFound, "no such name")),
            }
        })
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("of the test");
    }
}

fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| set_resolver(TestResolver).unwrap());
}

on_every_reactor! {
    the_installed_resolver_resolves_names
    a_resolver_that_panics_is_an_error
    an_answer_without_addresses_is_an_error
    a_resolver_that_hangs_can_be_timed_out
    a_name_that_the_resolver_looks_up_is_for_the_system
    a_second_resolver_is_an_error
}

async fn the_installed_resolver_resolves_names() {
    install();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    TcpStream::connect(("server.test", port)).await.unwrap();
    HappyEyeballs::new().connect(format!("server.test:{port}")).await.unwrap();
    let error = lookup_host("other.test:1").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("\"other.test\": no such name"), "{error}");
    // No names.
    assert_eq!(lookup_host("localhost:1").await.unwrap().count(), 2);
    assert_eq!(lookup_host("127.0.0.1:1").await.unwrap().count(), 1);
}

async fn a_resolver_that_panics_is_an_error() {
    install();
    for host in ["panics.test", "panics-later.test"] {
        let error = TcpStream::connect((host, 1)).await.unwrap_err().to_string();
        assert!(error.contains(host) && error.contains("panicked"), "{error}");
    }
    let mut lookup = Box::pin(lookup_host("panics-when-dropped.test:1"));
    let limited = timeout(Duration::from_millis(20), poll_fn(|cx| lookup.as_mut().poll(cx)));
    assert!(limited.await.is_err());
    drop(lookup);
}

async fn an_answer_without_addresses_is_an_error() {
    install();
    let error = lookup_host("empty.test:1").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = TcpStream::connect("empty.test:1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("\"empty.test\""), "{error}");
}

async fn a_resolver_that_hangs_can_be_timed_out() {
    install();
    let connect = TcpStream::connect("hangs.test:1");
    assert!(timeout(Duration::from_millis(20), connect).await.is_err());
}

async fn a_name_that_the_resolver_looks_up_is_for_the_system() {
    install();
    let lookup = timeout(LIMIT, lookup_host("indirect.test:7"));
    let found: Vec<_> = lookup.await.unwrap().unwrap().collect();
    assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 7))]);
}

async fn a_second_resolver_is_an_error() {
    install();
    assert!(set_resolver(TestResolver).is_err());
    assert!(lookup_host("server.test:1").await.is_ok());
}
