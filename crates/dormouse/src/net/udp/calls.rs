//! The system calls that send and receive, on Linux and Android. rustix makes them without the C library, whose functions are
//! cancellation points of pthreads: in a process with several threads that takes some 25 ns.

use crate::net::addr::std_address;
use rustix::net::{RecvFlags, SendFlags};
use std::io;
use std::net::{SocketAddr, UdpSocket};

#[inline]
pub(super) fn send(socket: &UdpSocket, datagram: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, datagram, SendFlags::NOSIGNAL)?)
}

#[inline]
pub(super) fn send_to(socket: &UdpSocket, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
    Ok(rustix::net::sendto(socket, datagram, SendFlags::NOSIGNAL, &rustix_address(to))?)
}

#[inline]
pub(super) fn recv(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::net::recv(socket, buffer, RecvFlags::empty())?.0)
}

#[inline]
pub(super) fn recv_from(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    let (received, _, from) = rustix::net::recvfrom(socket, buffer, RecvFlags::empty())?;
    Ok((received, std_address(from)?))
}

/// What [`std_address`] converts to `address`.
#[inline]
fn rustix_address(mut address: SocketAddr) -> SocketAddr {
    if let SocketAddr::V6(address) = &mut address {
        address.set_flowinfo(u32::from_be(address.flowinfo()));
    }
    address
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::net::{Ipv6Addr, SocketAddrV6};

    #[test]
    fn an_address_is_sent_to_as_it_was_received() {
        let address = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 7, 0x1234_5678, 9).into();
        assert_eq!(std_address(Some(rustix_address(address).into())).unwrap(), address);
    }
}
