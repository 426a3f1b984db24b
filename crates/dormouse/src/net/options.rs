//! The options of TCP and UDP sockets. They have tokio's names; `socket2` reads and sets them. Those of IPv4 multicast are
//! in `udp/multicast.rs`.

use super::{TcpListener, TcpSocket, TcpStream, UdpSocket};

#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
mod linux;
#[cfg(all(unix, not(any(target_os = "illumos", target_os = "solaris"))))]
mod reuseport;
#[cfg(all(
    unix,
    not(any(all(target_vendor = "apple", not(target_os = "macos")), target_os = "solaris"))
))]
#[cfg_attr(docsrs, doc(cfg(all(unix, not(any(target_os = "ios", target_os = "solaris"))))))]
mod traffic_class;

option!(
    keepalive = keepalive,
    set_keepalive = set_keepalive,
    bool,
    "true",
    "whether an idle connection is probed (`SO_KEEPALIVE`).",
    TcpSocket(socket)
);
option!(
    reuseaddr = reuse_address,
    set_reuseaddr = set_reuse_address,
    bool,
    "true",
    "whether an address can be bound that connections in TIME_WAIT still use (`SO_REUSEADDR`).",
    TcpSocket(socket)
);
option!(
    nodelay = tcp_nodelay,
    set_nodelay = set_tcp_nodelay,
    bool,
    "true",
    "whether small writes are sent at once (`TCP_NODELAY`), without waiting for the acknowledgement of earlier ones.",
    TcpSocket(socket),
    TcpStream(stream)
);
option!(
    linger = linger,
    set_linger = set_linger,
    Option<std::time::Duration>,
    "None",
    "how long closing the socket blocks the thread to send unsent bytes (`SO_LINGER`). `None`, the default: the system \
     sends them in the background.",
    TcpSocket(socket),
    TcpStream(stream)
);
option!(
    ttl = ttl_v4,
    set_ttl = set_ttl_v4,
    u32,
    "64",
    "the time to live of IPv4 packets (`IP_TTL`).",
    TcpStream(stream),
    UdpSocket(socket)
);
option!(
    ttl = ttl_v4,
    set_ttl = set_ttl_v4,
    u32,
    "64",
    "the time to live of IPv4 packets (`IP_TTL`). Accepted sockets inherit it.",
    TcpListener(listener)
);
option!(
    tos_v4 = tos_v4,
    set_tos_v4 = set_tos_v4,
    u32,
    "0x10",
    "the type of service of IPv4 packets (`IP_TOS`).",
    TcpSocket(socket),
    UdpSocket(socket)
);
option!(
    broadcast = broadcast,
    set_broadcast = set_broadcast,
    bool,
    "true",
    "whether datagrams can be sent to broadcast addresses (`SO_BROADCAST`).",
    UdpSocket(socket)
);
option!(
    multicast_loop_v6 = multicast_loop_v6,
    set_multicast_loop_v6 = set_multicast_loop_v6,
    bool,
    "true",
    "whether this machine receives the IPv6 multicast datagrams that it sends (`IPV6_MULTICAST_LOOP`). For IPv6 sockets.",
    UdpSocket(socket v6)
);

macro_rules! zero_linger {
    ($Type:ident($name:ident)) => {
        impl $Type {
            /// Makes closing the socket reset the connection (`SO_LINGER` with a time of 0). Unsent bytes are discarded.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            #[doc = concat!(stringify!($name), ".set_zero_linger()?;")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of setsockopt(2).
            pub fn set_zero_linger(&self) -> std::io::Result<()> {
                self.set_linger(Some(std::time::Duration::ZERO))
            }
        }
    };
}

zero_linger!(TcpSocket(socket));
zero_linger!(TcpStream(stream));
