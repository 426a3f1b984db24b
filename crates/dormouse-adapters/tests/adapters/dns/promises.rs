//! What a resolver does with the sockets, timers and tasks of an adapter.

use super::{DnsUdpSocket, DormouseResolver, DormouseRuntimeProvider, RuntimeProvider, resolver};
use crate::common::{
    multi_thread, on_every_executor, sockets, the_last_waker_is_woken, within_time,
};
use crate::dns::{dnsmasq, silent};
use dormouse::VirtualTime;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

on_every_executor! {
    names_are_resolved
    a_truncated_answer_is_asked_for_again_over_tcp
    many_lookups_share_a_resolver
    a_datagram_wakes_the_last_task_that_receives
    tasks_that_share_a_socket_receive_a_datagram_each
    a_server_that_is_missing_is_an_error
}

async fn addresses(resolver: &DormouseResolver, name: &str) -> Vec<IpAddr> {
    resolver.lookup_ip(name).await.unwrap().iter().collect()
}

async fn names_are_resolved() {
    let Some(server) = dnsmasq() else { return };
    let resolver = resolver(server.place().address.into());
    let lodge = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    assert_eq!(addresses(&resolver, "lodge.test.").await, [lodge]);
    assert_eq!(addresses(&resolver, "anything.lodge.test.").await, [lodge]);
    let nest: IpAddr = "2001:db8::7".parse().unwrap();
    assert_eq!(addresses(&resolver, "nest.test.").await, [nest]);
    assert!(resolver.lookup_ip("no.such.test.").await.unwrap_err().is_no_records_found());
}

async fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let Some(server) = dnsmasq() else { return };
    let resolver = resolver(server.place().address.into());
    assert_eq!(addresses(&resolver, "burrow.test.").await.len(), 100);
}

async fn many_lookups_share_a_resolver() {
    let Some(server) = dnsmasq() else { return };
    let resolver = resolver(server.place().address.into());
    let names: Vec<_> = (0..100).map(|number| format!("{number}.lodge.test.")).collect();
    let lookups = names.iter().map(|name| addresses(&resolver, name));
    for found in futures::future::join_all(lookups).await {
        assert_eq!(found.len(), 1);
    }
}

/// A socket of the adapter, and one that is connected to it.
async fn pair() -> (impl DnsUdpSocket, UdpSocket) {
    let (peer, address) = silent();
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let socket = DormouseRuntimeProvider.bind_udp(any, address).await.unwrap();
    // The trait has no function for the address of the socket.
    assert_eq!(socket.send_to(b"here", address).await.unwrap(), 4);
    let (_, from) = peer.recv_from(&mut [0; 4]).unwrap();
    peer.connect(from).unwrap();
    (socket, peer)
}

async fn a_datagram_wakes_the_last_task_that_receives() {
    let (socket, peer) = pair().await;
    let received = the_last_waker_is_woken(
        |cx| socket.poll_recv_from(cx, &mut [0; 8]),
        || peer.send(b"dream").unwrap(),
    );
    assert_eq!(received.await.unwrap(), (5, peer.local_addr().unwrap()));
}

async fn tasks_that_share_a_socket_receive_a_datagram_each() {
    let (socket, peer) = pair().await;
    let receive = async || socket.recv_from(&mut [0; 8]).await.unwrap().0;
    let send = async {
        dormouse::sleep(Duration::from_millis(10)).await;
        for _ in 0..3 {
            peer.send(b"dream").unwrap();
        }
    };
    assert_eq!(futures::join!(receive(), receive(), receive(), send), (5, 5, 5, ()));
}

async fn a_server_that_is_missing_is_an_error() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let failed = DormouseRuntimeProvider.connect_tcp(closed, None, None).await.map(drop);
    assert!(failed.unwrap_err().to_string().contains(&closed.to_string()));
}

#[test]
fn the_timeouts_of_a_lookup_expire_in_virtual_time() {
    within_time(|| {
        let real = Instant::now();
        VirtualTime::new().block_on(async {
            let (_socket, address) = silent();
            let start = dormouse::time::Instant::now();
            resolver(address).lookup_ip("lodge.test.").await.unwrap_err();
            // 5 s are the default of hickory.
            assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
        });
        assert!(real.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_resolver_that_is_dropped_leaves_no_sockets() {
    // In a process of its own, because other tests of this one have sockets.
    const CHILD: &str = "DORMOUSE_ADAPTERS_CHILD";
    if std::env::var_os(CHILD).is_none() {
        // Without the name of the crate.
        let (_, module) = module_path!().split_once("::").unwrap();
        let test = format!("{module}::a_resolver_that_is_dropped_leaves_no_sockets");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let status = child.args(["--exact", &test]).env(CHILD, "1").status().unwrap();
        assert!(status.success());
        return;
    }
    within_time(|| {
        let Some(server) = dnsmasq() else { return };
        let before = sockets();
        dormouse::block_on(async {
            let resolver = resolver(server.place().address.into());
            assert_eq!(addresses(&resolver, "burrow.test.").await.len(), 100);
            assert!(sockets() > before);
            drop(resolver);
            while sockets() > before {
                dormouse::sleep(Duration::from_millis(5)).await;
            }
        });
    });
}

#[test]
fn a_resolver_whose_runtime_has_shut_down_makes_new_connections() {
    within_time(|| {
        let Some(server) = dnsmasq() else { return };
        let resolver = resolver(server.place().address.into());
        let runtime = multi_thread();
        for name in ["1.lodge.test.", "burrow.test."] {
            assert!(!runtime.block_on(addresses(&resolver, name)).is_empty());
        }
        drop(runtime);
        resolver.clear_cache();
        dormouse::block_on(async {
            for name in ["2.lodge.test.", "burrow.test."] {
                assert!(!addresses(&resolver, name).await.is_empty());
            }
        });
    });
}
