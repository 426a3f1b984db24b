//! Netlink: the [`AsyncSocket`] of [netlink-sys](https://docs.rs/netlink-sys/0.9) 0.9, for netlink-proto 0.13 and later, and rtnetlink 0.23 and later.

crate::netlink::dormouse_socket!(
    netlink_sys_0_9,
    "```
# use netlink_sys_0_9 as netlink_sys;
use dormouse_adapters::netlink_sys_0_9::DormouseSocket;
use netlink_sys::{AsyncSocket, protocols::NETLINK_ROUTE};

let mut socket = DormouseSocket::new(NETLINK_ROUTE)?;
let address = socket.socket_mut().bind_auto()?;
assert_ne!(address.port_number(), 0);
# Ok::<(), std::io::Error>(())
```"
);
