//! The resolver of hickory 0.26.

#[path = "promises.rs"]
mod promises;

use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
use hickory_net::runtime::{DnsUdpSocket, RuntimeProvider};
use hickory_resolver::Resolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use std::net::SocketAddr;

type DormouseResolver = Resolver<DormouseRuntimeProvider>;

fn resolver(server: SocketAddr) -> DormouseResolver {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    Resolver::builder_with_config(config, DormouseRuntimeProvider).build().unwrap()
}
