//! Options that only Unix has.

#[allow(unused_imports, reason = "iOS has none of `UdpSocket`")]
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
// Of Apple's systems, socket2 has it on macOS alone.
#[cfg(not(any(all(target_vendor = "apple", not(target_os = "macos")), target_os = "solaris")))]
option!(
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`).",
    TcpSocket(socket v6),
    UdpSocket(socket v6)
);
