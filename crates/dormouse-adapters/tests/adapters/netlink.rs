//! netlink-sys, against the kernel, in a network namespace of its own where that is allowed.

#[path = "../../examples/links.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{note, on_every_executor, the_last_waker_is_woken};
use dormouse::timeout;
use futures::StreamExt;
use netlink_sys_0_8::{AsyncSocket as _, AsyncSocketExt as _};
use nix::sched::{CloneFlags, unshare};
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::{LinkUnspec, MulticastGroup, new_multicast_connection_with_socket};
use std::time::Duration;

on_every_executor! {
    rtnetlink_lists_the_links
    the_kernel_answers_a_socket_of_0_8
    a_link_that_goes_up_is_announced
    a_message_wakes_the_last_task_that_receives
}

async fn rtnetlink_lists_the_links() {
    example::linux::run().await.unwrap();
}

/// A request for all links.
fn request() -> [u8; 32] {
    const RTM_GETLINK: u16 = 18;
    const REQUEST_DUMP: u16 = 0x301;
    let mut request = [0; 32];
    request[..4].copy_from_slice(&32_u32.to_ne_bytes());
    request[4..6].copy_from_slice(&RTM_GETLINK.to_ne_bytes());
    request[6..8].copy_from_slice(&REQUEST_DUMP.to_ne_bytes());
    request
}

/// The kernel's answer up to its end.
async fn the_kernel_answers_a_socket_of_0_8() {
    const NLMSG_DONE: u16 = 3;
    const RTM_NEWLINK: u16 = 16;
    let kernel = netlink_sys_0_8::SocketAddr::new(0, 0);
    let mut socket = dormouse_adapters::netlink_sys_0_8::DormouseSocket::new(0).unwrap();
    socket.socket_mut().bind_auto().unwrap();
    assert_eq!(socket.send_to(&request(), &kernel).await.unwrap(), 32);
    let mut types = Vec::new();
    while types.last() != Some(&NLMSG_DONE) {
        let (answer, from) = socket.recv_from_full().await.unwrap();
        assert_eq!(from, kernel);
        let mut rest = &answer[..];
        while rest.len() >= 16 {
            let len = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
            types.push(u16::from_ne_bytes(rest[4..6].try_into().unwrap()));
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        }
    }
    // At least the loopback interface.
    assert_eq!(types[0], RTM_NEWLINK);
}

async fn a_message_wakes_the_last_task_that_receives() {
    use netlink_sys_0_9::{AsyncSocket, SocketAddr};
    let kernel = SocketAddr::new(0, 0);
    let mut socket = dormouse_adapters::netlink_sys_0_9::DormouseSocket::new(0).unwrap();
    socket.socket_mut().bind_auto().unwrap();
    let received = the_last_waker_is_woken(
        |cx| socket.poll_recv_from_full(cx),
        || socket.socket_ref().send_to(&request(), &kernel, 0).unwrap(),
    );
    assert_eq!(received.await.unwrap().1, kernel);
}

/// The namespace is that of the thread, and of the sockets that it makes.
async fn a_link_that_goes_up_is_announced() {
    if let Err(err) = unshare(CloneFlags::CLONE_NEWNET) {
        note(&format!("skipped: no network namespace: {err}"));
        return;
    }
    type Socket = dormouse_adapters::netlink_sys_0_9::DormouseSocket;
    let groups = [MulticastGroup::Link];
    let (connection, handle, mut events) =
        new_multicast_connection_with_socket::<Socket>(&groups).unwrap();
    let test = async {
        // Nothing is announced yet, so this waits for readiness.
        let wait = timeout(Duration::from_millis(20), events.next());
        assert!(wait.await.is_err());
        // The loopback interface of a new namespace is down.
        let up = LinkUnspec::new_with_index(1).up().build();
        handle.link().set(up).execute().await.unwrap();
        let (message, _from) = events.next().await.unwrap();
        let NetlinkPayload::InnerMessage(message) = message.payload else {
            panic!("{message:?}");
        };
        assert!(matches!(message, RouteNetlinkMessage::NewLink(_)), "{message:?}");
    };
    futures::future::select(std::pin::pin!(test), connection).await;
}
