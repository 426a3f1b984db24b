//! `SO_REUSEPORT`, which neither Windows nor illumos has.

use crate::net::TcpSocket;

option!(
    reuseport = reuse_port,
    set_reuseport = set_reuse_port,
    bool,
    "true",
    "whether several sockets can be bound to the same address (`SO_REUSEPORT`).",
    TcpSocket(socket)
);
