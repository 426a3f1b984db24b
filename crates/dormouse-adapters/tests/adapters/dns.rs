//! hickory, against dnsmasq: each version keeps the same promises.

#[cfg(feature = "hickory_0_25")]
mod hickory_0_25;
#[cfg(feature = "hickory_0_26")]
mod hickory_0_26;

use crate::common::{Place, Server};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;

fn dnsmasq() -> Option<Server> {
    let configure = |place: &Place, dnsmasq: &mut Command| {
        dnsmasq.args([
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
        ]);
        dnsmasq.arg(format!("--listen-address={}", place.address.ip()));
        dnsmasq.arg(format!("--port={}", place.address.port()));
        // An answer that UDP has no room for.
        for number in 0..100 {
            dnsmasq.arg(format!("--host-record=burrow.test,198.51.100.{number}"));
        }
    };
    Server::start("dnsmasq", configure, |place| TcpStream::connect(place.address).is_ok())
}

/// A server that never answers.
fn silent() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
