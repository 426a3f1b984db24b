//! Pseudoterminals.

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A pseudoterminal: the master, a slave, and the path of the slave.
pub fn pty() -> (OwnedFd, OwnedFd, PathBuf) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
    let slave = open_slave(&path);
    (master, slave, path)
}

pub fn open_slave(path: &Path) -> OwnedFd {
    rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
}

/// Sets packet mode. There is no safe function for it in Rust, so Perl makes the system call. Returns false if there is
/// no Perl.
pub fn set_packet_mode(master: &OwnedFd) -> bool {
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
