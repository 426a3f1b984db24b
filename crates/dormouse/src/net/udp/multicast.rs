//! Multicast groups of UDP sockets, and the options of IPv4 multicast. These are not in the list of `options.rs`: OpenBSD and
//! illumos take a byte for them, which std passes, and `socket2` passes an int.

use super::UdpSocket;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

impl UdpSocket {
    /// Joins an IPv4 multicast group, on the interface with the given address, or any.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::net::Ipv4Addr;
    #[doc = example_set_up!(UdpSocket)]
    /// socket.join_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # })
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
    /// # dormouse::block_on(async {
    /// use std::net::Ipv4Addr;
    #[doc = example_set_up!(UdpSocket)]
    /// socket.leave_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # })
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
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// socket.join_multicast_v6(&"ff02::fb".parse().unwrap(), 0)?;
    /// # Ok(())
    /// # })
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
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// socket.leave_multicast_v6(&"ff02::fb".parse().unwrap(), 0)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2) for `IPV6_DROP_MEMBERSHIP`.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.get_ref().leave_multicast_v6(group, interface)
    }

    /// Returns whether this machine receives the IPv4 multicast datagrams that it sends (`IP_MULTICAST_LOOP`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// println!("{}", socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.0.get_ref().multicast_loop_v4()
    }

    /// Sets whether this machine receives the IPv4 multicast datagrams that it sends (`IP_MULTICAST_LOOP`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// socket.set_multicast_loop_v4(true)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_multicast_loop_v4(&self, new: bool) -> io::Result<()> {
        self.0.get_ref().set_multicast_loop_v4(new)
    }

    /// Returns the time to live of IPv4 multicast packets (`IP_MULTICAST_TTL`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// println!("{}", socket.multicast_ttl_v4()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.0.get_ref().multicast_ttl_v4()
    }

    /// Sets the time to live of IPv4 multicast packets (`IP_MULTICAST_TTL`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// socket.set_multicast_ttl_v4(1)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_multicast_ttl_v4(&self, new: u32) -> io::Result<()> {
        self.0.get_ref().set_multicast_ttl_v4(new)
    }
}
