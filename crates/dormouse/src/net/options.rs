//! The options of TCP and UDP sockets. They have tokio's names; `socket2` reads and sets them. Those of IPv4 multicast are
//! in `udp/multicast.rs`.

use super::{TcpListener, TcpSocket, TcpStream, UdpSocket};

macro_rules! tcp_socket {
    () => {
        "let socket = dormouse::net::TcpSocket::new_v4()?;"
    };
}

macro_rules! tcp_socket_v6 {
    () => {
        "let Ok(socket) = dormouse::net::TcpSocket::new_v6() else { return Ok(()) };"
    };
}

macro_rules! tcp_listener {
    () => {
        "let socket = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
let socket = dormouse::net::TcpListener::from_std(socket)?;"
    };
}

macro_rules! tcp_stream {
    () => {
        "let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
let socket = std::net::TcpStream::connect(listener.local_addr()?)?;
let socket = dormouse::net::TcpStream::from_std(socket)?;"
    };
}

macro_rules! udp_socket {
    () => {
        "let socket = std::net::UdpSocket::bind(\"127.0.0.1:0\")?;
let socket = dormouse::net::UdpSocket::from_std(socket)?;"
    };
}

macro_rules! udp_socket_v6 {
    () => {
        "let Ok(socket) = std::net::UdpSocket::bind(\"[::1]:0\") else { return Ok(()) };
let socket = dormouse::net::UdpSocket::from_std(socket)?;"
    };
}

// After the macros that it uses.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
mod linux;

option!(
    keepalive = keepalive,
    set_keepalive = set_keepalive,
    bool,
    "true",
    "whether an idle connection is probed (`SO_KEEPALIVE`).",
    TcpSocket: tcp_socket!()
);
option!(
    reuseaddr = reuse_address,
    set_reuseaddr = set_reuse_address,
    bool,
    "true",
    "whether an address can be bound that connections in TIME_WAIT still use (`SO_REUSEADDR`).",
    TcpSocket: tcp_socket!()
);
option!(
    reuseport = reuse_port,
    set_reuseport = set_reuse_port,
    bool,
    "true",
    "whether several sockets can be bound to the same address (`SO_REUSEPORT`).",
    TcpSocket: tcp_socket!()
);
option!(
    nodelay = tcp_nodelay,
    set_nodelay = set_tcp_nodelay,
    bool,
    "true",
    "whether small writes are sent at once (`TCP_NODELAY`), without waiting for the acknowledgement of earlier ones.",
    TcpSocket: tcp_socket!(),
    TcpStream: tcp_stream!()
);
option!(
    linger = linger,
    set_linger = set_linger,
    Option<std::time::Duration>,
    "None",
    "how long closing the socket blocks the thread to send unsent bytes (`SO_LINGER`). `None`, the default: the system \
     sends them in the background.",
    TcpSocket: tcp_socket!(),
    TcpStream: tcp_stream!()
);
option!(
    ttl = ttl_v4,
    set_ttl = set_ttl_v4,
    u32,
    "64",
    "the time to live of IPv4 packets (`IP_TTL`).",
    TcpStream: tcp_stream!(),
    UdpSocket: udp_socket!()
);
option!(
    ttl = ttl_v4,
    set_ttl = set_ttl_v4,
    u32,
    "64",
    "the time to live of IPv4 packets (`IP_TTL`). Accepted sockets inherit it.",
    TcpListener: tcp_listener!()
);
option!(
    tos_v4 = tos_v4,
    set_tos_v4 = set_tos_v4,
    u32,
    "0x10",
    "the type of service of IPv4 packets (`IP_TOS`).",
    TcpSocket: tcp_socket!(),
    UdpSocket: udp_socket!()
);
option!(
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`).",
    TcpSocket: tcp_socket_v6!(),
    UdpSocket: udp_socket_v6!()
);
option!(
    broadcast = broadcast,
    set_broadcast = set_broadcast,
    bool,
    "true",
    "whether datagrams can be sent to broadcast addresses (`SO_BROADCAST`).",
    UdpSocket: udp_socket!()
);
option!(
    multicast_loop_v6 = multicast_loop_v6,
    set_multicast_loop_v6 = set_multicast_loop_v6,
    bool,
    "true",
    "whether this machine receives the IPv6 multicast datagrams that it sends (`IPV6_MULTICAST_LOOP`). For IPv6 sockets.",
    UdpSocket: udp_socket_v6!()
);

macro_rules! zero_linger {
    ($Type:ty: $example:expr) => {
        impl $Type {
            /// Makes closing the socket reset the connection (`SO_LINGER` with a time of 0). Unsent bytes are discarded.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// socket.set_zero_linger()?;
            /// # Ok(())
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

zero_linger!(TcpSocket: tcp_socket!());
zero_linger!(TcpStream: tcp_stream!());
