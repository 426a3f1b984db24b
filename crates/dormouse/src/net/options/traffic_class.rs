//! `IPV6_TCLASS`. Of Apple's systems, socket2 has it on macOS alone.

use crate::net::{TcpSocket, UdpSocket};

option!(
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`).",
    TcpSocket(socket v6),
    UdpSocket(socket v6)
);
