//! The resolver of hickory 0.25.

#[path = "promises.rs"]
mod promises;

use dormouse_adapters::hickory_0_25::DormouseRuntimeProvider;
use hickory_proto::runtime::RuntimeProvider;
use hickory_proto::udp::DnsUdpSocket;
use hickory_resolver_0_25::Resolver;
use hickory_resolver_0_25::config::{NameServerConfigGroup, ResolverConfig};
use hickory_resolver_0_25::name_server::GenericConnector;
use std::net::SocketAddr;

type DormouseResolver = Resolver<GenericConnector<DormouseRuntimeProvider>>;

fn resolver(server: SocketAddr) -> DormouseResolver {
    let servers = NameServerConfigGroup::from_ips_clear(&[server.ip()], server.port(), true);
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    Resolver::builder_with_config(config, GenericConnector::new(DormouseRuntimeProvider)).build()
}
