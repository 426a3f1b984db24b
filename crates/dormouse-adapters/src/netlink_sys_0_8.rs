//! Netlink: the [`AsyncSocket`] of [netlink-sys](https://docs.rs/netlink-sys/0.8) 0.8, for netlink-proto 0.12 and rtnetlink up to 0.20.

crate::netlink::dormouse_socket!(
    netlink_sys_0_8,
    "```
# use netlink_sys_0_8 as netlink_sys;
use dormouse_adapters::netlink_sys_0_8::DormouseSocket;
use netlink_sys::{AsyncSocket, protocols::NETLINK_ROUTE};

let mut socket = DormouseSocket::new(NETLINK_ROUTE)?;
let address = socket.socket_mut().bind_auto()?;
assert_ne!(address.port_number(), 0);
# Ok::<(), std::io::Error>(())
```"
);
