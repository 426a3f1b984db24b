//! Options that only Unix has.

use crate::net::{TcpSocket, UdpSocket};

// illumos has no such option.
#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
option!(
    reuseport = reuse_port,
    set_reuseport = set_reuse_port,
    bool,
    "true",
    "whether several sockets can be bound to the same address (`SO_REUSEPORT`).",
    TcpSocket(socket)
);
option!(
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`).",
    TcpSocket(socket v6),
    UdpSocket(socket v6)
);
