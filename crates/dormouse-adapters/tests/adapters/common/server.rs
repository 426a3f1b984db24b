//! Servers from Debian, each with a folder and an address of its own.

use super::note;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A server that is killed when this value is dropped, or with the thread that has started it.
pub(crate) struct Server {
    child: Child,
    place: Place,
}

/// Where a server may put its files and listen, used by no other test.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) address: SocketAddrV4,
}

impl Place {
    fn new() -> Place {
        static NEXT: AtomicU16 = AtomicU16::new(10_000);
        let (process, port) = (std::process::id(), NEXT.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(format!("dormouse-adapters-{process}-{port}"));
        std::fs::create_dir(&folder).unwrap();
        // All of 127.0.0.0/8 is loopback, so each process has an address of its own, on which each port is free.
        let [_, a, b, c] = process.to_be_bytes();
        Place { folder, address: SocketAddrV4::new(Ipv4Addr::new(127, a | 128, b, c), port) }
    }
}

impl Server {
    /// Starts a program, and waits until `is_ready`. `None`, and a note, if the program is not installed.
    pub(crate) fn start(
        program: &str,
        configure: impl FnOnce(&Place, &mut Command),
        is_ready: impl Fn(&Place) -> bool,
    ) -> Option<Server> {
        let is_installed = Command::new("sh").args(["-c", r#"command -v "$0""#, program]).output();
        if !is_installed.unwrap().status.success() {
            note(&format!("skipped: {program} is not installed"));
            return None;
        }
        let place = Place::new();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", program]);
        configure(&place, &mut command);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Server { child, place };
        let start = Instant::now();
        while !is_ready(&server.place) {
            assert_eq!(server.child.try_wait().unwrap(), None, "{program} has ended");
            assert!(start.elapsed() < Duration::from_secs(80), "{program} is not ready");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        std::fs::remove_dir_all(&self.place.folder).unwrap();
    }
}

/// The number of open sockets of this process.
pub(crate) fn sockets() -> usize {
    let is_socket = |fd: &std::io::Result<std::fs::DirEntry>| {
        let target = fd.as_ref().ok().and_then(|fd| std::fs::read_link(fd.path()).ok());
        target.is_some_and(|target| target.to_string_lossy().starts_with("socket:"))
    };
    std::fs::read_dir("/proc/self/fd").unwrap().filter(is_socket).count()
}
