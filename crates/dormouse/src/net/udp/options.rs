//! Options and multicast groups of UDP sockets.

use super::UdpSocket;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

impl UdpSocket {
    /// Joins an IPv4 multicast group, on the interface with the given address, or any.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// use std::net::Ipv4Addr;
    #[doc = example!()]
    /// socket.join_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2) for `IP_ADD_MEMBERSHIP`.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.0.get_ref().join_multicast_v4(&group, &interface)
    }

    /// Leaves an IPv4 multicast group.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// use std::net::Ipv4Addr;
    #[doc = example!()]
    /// socket.leave_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2) for `IP_DROP_MEMBERSHIP`.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.0.get_ref().leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 multicast group, on the interface with the given index, or any (0).
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.join_multicast_v6(&"ff02::fb".parse().unwrap(), 0)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2) for `IPV6_ADD_MEMBERSHIP`.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.get_ref().join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 multicast group.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.leave_multicast_v6(&"ff02::fb".parse().unwrap(), 0)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2) for `IPV6_DROP_MEMBERSHIP`.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.get_ref().leave_multicast_v6(group, interface)
    }
}

option!(
    UdpSocket,
    example!(),
    ttl,
    set_ttl,
    u32,
    "64",
    "the time to live of IPv4 packets (`IP_TTL`)."
);
option!(
    UdpSocket,
    example!(),
    tos_v4 = tos_v4,
    set_tos_v4 = set_tos_v4,
    u32,
    "0x10",
    "the type of service of IPv4 packets (`IP_TOS`)."
);
option!(
    UdpSocket,
    example!(),
    broadcast,
    set_broadcast,
    bool,
    "true",
    "whether datagrams can be sent to broadcast addresses (`SO_BROADCAST`)."
);
option!(
    UdpSocket,
    example!(),
    multicast_loop_v4,
    set_multicast_loop_v4,
    bool,
    "true",
    "whether this machine receives the IPv4 multicast datagrams that it sends (`IP_MULTICAST_LOOP`)."
);
option!(
    UdpSocket,
    example!(),
    multicast_ttl_v4,
    set_multicast_ttl_v4,
    u32,
    "1",
    "the time to live of IPv4 multicast packets (`IP_MULTICAST_TTL`)."
);
option!(
    UdpSocket,
    "# let Ok(inner) = std::net::UdpSocket::bind(\"[::1]:0\") else { return Ok(()) };
# let socket = dormouse::net::UdpSocket::from_std(inner)?;",
    multicast_loop_v6,
    set_multicast_loop_v6,
    bool,
    "true",
    "whether this machine receives the IPv6 multicast datagrams that it sends (`IPV6_MULTICAST_LOOP`). For IPv6 sockets."
);
option!(
    UdpSocket,
    "# let Ok(inner) = std::net::UdpSocket::bind(\"[::1]:0\") else { return Ok(()) };
# let socket = dormouse::net::UdpSocket::from_std(inner)?;",
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`)."
);
