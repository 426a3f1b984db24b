//! A FIFO, whose ends are opened separately.

use dormouse::io::AsyncFd;
use rustix::fs::{Mode, OFlags, open};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A FIFO in the directory for temporary files, which is removed when this is dropped.
pub struct Fifo(PathBuf);

impl Fifo {
    pub fn new() -> Fifo {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("dormouse-fifo-{name}"));
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        Fifo(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn reader(&self) -> AsyncFd<File> {
        AsyncFd::new(self.reader_file()).unwrap()
    }

    /// Does not wait for a writer.
    pub fn reader_file(&self) -> File {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        open(&self.0, flags, Mode::empty()).unwrap().into()
    }

    pub fn writer(&self) -> File {
        File::options().write(true).open(&self.0).unwrap()
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
