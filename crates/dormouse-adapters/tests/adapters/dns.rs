//! hickory, against dnsmasq.

use crate::common::{Place, Server, on_every_executor, sockets, within_time};
use dormouse::VirtualTime;
use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
use hickory_resolver::Resolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

type DormouseResolver = Resolver<DormouseRuntimeProvider>;

on_every_executor! {
    names_are_resolved
    a_truncated_answer_is_asked_for_again_over_tcp
    many_lookups_share_a_resolver
}

fn dnsmasq() -> Option<Server> {
    let arguments = |place: &Place| {
        let mut arguments: Vec<String> = [
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--user=",
            "--no-hosts",
            "--no-resolv",
            "--bind-interfaces",
            "--log-facility=/dev/null",
            "--local=/test/",
            "--address=/lodge.test/192.0.2.7",
            "--host-record=nest.test,2001:db8::7",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--listen-address={}", place.address.ip()));
        arguments.push(format!("--port={}", place.address.port()));
        // An answer that UDP has no room for.
        for number in 0..100 {
            arguments.push(format!("--host-record=burrow.test,198.51.100.{number}"));
        }
        arguments
    };
    Server::start("dnsmasq", arguments, |place| TcpStream::connect(place.address).is_ok())
}

fn resolver(server: SocketAddr) -> DormouseResolver {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    Resolver::builder_with_config(config, DormouseRuntimeProvider).build().unwrap()
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

/// A server that never answers.
fn silent() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
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
        let test = "dns::a_resolver_that_is_dropped_leaves_no_sockets";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let status = child.args(["--exact", test]).env(CHILD, "1").status().unwrap();
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
