//! A TCP connection of the library, and data to send over it.

use dormouse::net::{TcpListener, TcpStream};
use futures::join;
use std::net::Ipv4Addr;

/// Two streams that are connected to each other.
pub async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

/// Data in which the order of the bytes can be checked.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}
