//! Sockets, their error queues, and what `poll(2)` reports for an fd.

use super::{MS, TEST_TIMEOUT};
use nix::sys::socket::{TimestampingFlag, setsockopt, sockopt};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{RecvFlags, recv};
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::time::Instant;

pub fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (local, listener.accept().unwrap().0)
}

/// Two UDP sockets that are connected to each other.
pub fn udp_pair() -> (UdpSocket, UdpSocket) {
    let local = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    local.connect(peer.local_addr().unwrap()).unwrap();
    peer.connect(local.local_addr().unwrap()).unwrap();
    (local, peer)
}

/// From now on, the error queue gets a timestamp of each datagram or piece of data that is sent.
pub fn set_timestamps(socket: &impl AsFd) {
    let flags = TimestampingFlag::SOF_TIMESTAMPING_TX_SOFTWARE
        | TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE;
    setsockopt(socket, sockopt::Timestamping, &flags).unwrap();
}

/// Reads one entry of the error queue.
pub fn read_error_queue(socket: &impl AsFd) -> io::Result<()> {
    recv(socket, &mut [0; 2048][..], RecvFlags::ERRQUEUE | RecvFlags::DONTWAIT)?;
    Ok(())
}

/// What `poll(2)` reports.
pub fn poll_flags(fd: impl AsFd) -> PollFlags {
    let all = PollFlags::IN | PollFlags::OUT | PollFlags::PRI | PollFlags::RDHUP;
    let mut fds = [PollFd::new(&fd, all)];
    rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap();
    fds[0].revents()
}

/// Blocks until `poll(2)` reports all of `flags`.
pub fn wait_for_flags(fd: impl AsFd, flags: PollFlags) {
    let start = Instant::now();
    loop {
        let mut fds = [PollFd::new(&fd, flags)];
        rustix::event::poll(&mut fds, None).unwrap();
        if fds[0].revents().contains(flags) {
            return;
        }
        assert!(start.elapsed() < TEST_TIMEOUT, "{:?}, not {flags:?}", fds[0].revents());
        std::thread::sleep(MS);
    }
}
