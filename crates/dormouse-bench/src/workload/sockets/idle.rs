//! The client ends of idle connections. Another process has them, so that this one needs half as many file descriptors,
//! and no peer handles them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Fewer than the backlog of any listener: a full one would drop a SYN, which is sent again after a second.
const BATCH: u64 = 64;

/// A process that has client ends. It exits when this is dropped.
pub(super) struct Holder {
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Holder {
    pub(super) fn start(address: SocketAddr) -> io::Result<Holder> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--hold-connections-to").arg(address.to_string());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let stdin = process.stdin.take();
        Ok(Holder { process, stdin })
    }

    /// Called before connection `i` is accepted.
    pub(super) fn connect_next(&mut self, i: u64) -> io::Result<()> {
        match &mut self.stdin {
            Some(stdin) if i % BATCH == 0 => stdin.write_all(b"x"),
            _ => Ok(()),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // The process reads the end of its input, and exits.
        self.stdin.take();
        let _ = self.process.wait();
    }
}

/// The other process: for each byte of its input, opens a batch of connections. It inherits the limit of open files.
pub(crate) fn hold_connections(address: SocketAddr) -> io::Result<()> {
    let mut connections = Vec::new();
    while io::stdin().read(&mut [0])? == 1 {
        for _ in 0..BATCH {
            connections.push(TcpStream::connect(address)?);
        }
    }
    Ok(())
}
