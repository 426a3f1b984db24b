//! Kernel objects for the tests of single poll flags.

use crate::common::{MS, TEST_TIMEOUT};
use nix::sys::socket::{TimestampingFlag, setsockopt, sockopt};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::net::{RecvFlags, recv};
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (local, listener.accept().unwrap().0)
}

/// Two UDP sockets that are connected to each other.
pub(crate) fn udp_pair() -> (UdpSocket, UdpSocket) {
    let local = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    local.connect(peer.local_addr().unwrap()).unwrap();
    peer.connect(local.local_addr().unwrap()).unwrap();
    (local, peer)
}

/// A UDP socket that is connected to a closed port.
pub(crate) fn refused_udp() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed_port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    socket.connect(closed_port).unwrap();
    socket
}

/// From now on, the error queue gets a timestamp of each datagram or piece of data that is sent.
pub(crate) fn set_timestamps(socket: &impl AsFd) {
    let flags = TimestampingFlag::SOF_TIMESTAMPING_TX_SOFTWARE
        | TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE;
    setsockopt(socket, sockopt::Timestamping, &flags).unwrap();
}

/// Reads one entry of the error queue.
pub(crate) fn read_error_queue(socket: &impl AsFd) -> io::Result<()> {
    recv(socket, &mut [0; 2048][..], RecvFlags::ERRQUEUE | RecvFlags::DONTWAIT)?;
    Ok(())
}

/// Blocks until `poll(2)` reports all of `flags`.
pub(crate) fn wait_for_flags(fd: impl AsFd, flags: PollFlags) {
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

/// A pseudoterminal: the master, a slave, and the path of the slave.
pub(crate) fn pty() -> (OwnedFd, OwnedFd, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
    let slave = open_slave(&path);
    (master, slave, path)
}

pub(crate) fn open_slave(path: &Path) -> OwnedFd {
    rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
}

/// Sets packet mode. There is no safe function for it in Rust, so Perl makes the system call. Returns false if there is
/// no Perl.
pub(crate) fn set_packet_mode(master: &OwnedFd) -> bool {
    const TIOCPKT: &str = "my $on = pack('i', 1); exit !ioctl(STDIN, 0x5420, $on)";
    let stdin = Stdio::from(master.try_clone().unwrap());
    match Command::new("perl").args(["-e", TIOCPKT]).stdin(stdin).status() {
        Ok(status) => {
            assert!(status.success());
            true
        }
        Err(_) => false,
    }
}
