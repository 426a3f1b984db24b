//! A UDP socket that cannot send: on loopback there is none.

use super::note;
use dormouse_adapters::netlink_sys_0_9::DormouseSocket;
use futures::future::{Either, select};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{setsockopt, sockopt};
use rtnetlink::{Handle, LinkUnspec, LinkVeth, new_connection_with_socket};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::pin::pin;

/// Any index that no interface of a new namespace has.
const INTERFACE: u32 = 7;

/// Moves the calling thread to a network of its own. Returns a socket there with a small buffer, and an address at which no
/// machine is. Datagrams to it wait in the buffer until the kernel knows its hardware address.
pub(crate) async fn socket_to_no_neighbour() -> Option<(UdpSocket, SocketAddr)> {
    if let Err(err) = unshare(CloneFlags::CLONE_NEWNET) {
        note(&format!("skipped: no network namespace: {err}"));
        return None;
    }
    let own = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
    let network = netlink(async |handle| {
        let pair = LinkVeth::new("near", "far").index(INTERFACE).build();
        handle.link().add(pair).execute().await?;
        for name in ["near", "far"] {
            handle.link().set(LinkUnspec::new_with_name(name).up().build()).execute().await?;
        }
        handle.address().add(INTERFACE, own, 24).execute().await
    });
    if let Err(err) = network.await {
        note(&format!("skipped: no pair of interfaces: {err}"));
        return None;
    }
    let socket = UdpSocket::bind((own, 0)).unwrap();
    setsockopt(&socket, sockopt::SndBuf, &1).unwrap();
    Some((socket, (Ipv4Addr::new(192, 0, 2, 2), 9).into()))
}

/// Drops the datagrams that wait, so that the socket can send again.
pub(crate) async fn drop_waiting_datagrams() {
    let down = LinkUnspec::new_with_index(INTERFACE).down().build();
    netlink(async |handle| handle.link().set(down.clone()).execute().await).await.unwrap();
}

async fn netlink(
    requests: impl AsyncFn(Handle) -> Result<(), rtnetlink::Error>,
) -> Result<(), rtnetlink::Error> {
    let (connection, handle, _) = new_connection_with_socket::<DormouseSocket>().unwrap();
    match select(pin!(requests(handle)), connection).await {
        Either::Left((done, _connection)) => done,
        Either::Right(((), _requests)) => panic!("the connection has ended"),
    }
}
