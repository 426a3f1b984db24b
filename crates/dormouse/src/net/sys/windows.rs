//! Windows: what std and socket2 offer.

mod portable;

pub(super) use portable::{ACCEPTED, accept_tcp, non_blocking_socket, tcp_interest};
