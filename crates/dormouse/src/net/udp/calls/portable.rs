//! What std offers on every system.

use std::io;
use std::net::{SocketAddr, UdpSocket};

pub(super) fn send(socket: &UdpSocket, datagram: &[u8]) -> io::Result<usize> {
    socket.send(datagram)
}

pub(super) fn send_to(socket: &UdpSocket, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
    socket.send_to(datagram, to)
}

pub(super) fn recv(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    socket.recv(buffer)
}

pub(super) fn recv_from(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    socket.recv_from(buffer)
}
