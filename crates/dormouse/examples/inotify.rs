//! Waits for changes in a directory: inotify, on any executor.
//!
//! inotify delivers its events through a file descriptor. `AsyncFd` makes it awaitable.
//!
//! Run it with `cargo run -p dormouse --example inotify`. It creates a directory in the system's directory for
//! temporary files, watches it, writes a file to it, and removes it at the end.

#[cfg(target_os = "linux")]
mod watch {
    use dormouse::io::{AsyncFd, Interest};
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    /// A change in the directory.
    #[derive(Debug)]
    pub(crate) struct Event {
        pub flags: ReadFlags,
        /// The name of the file, or `None` for the directory itself.
        pub name: Option<String>,
    }

    /// An inotify watch on a directory.
    pub(crate) struct Watch {
        fd: AsyncFd<OwnedFd>,
    }

    impl Watch {
        pub(crate) fn new(directory: &Path, flags: WatchFlags) -> io::Result<Watch> {
            let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            inotify::add_watch(&fd, directory, flags)?;
            Ok(Watch { fd: AsyncFd::with_interest(fd, Interest::READABLE)? })
        }

        /// Waits until there are events, and returns them.
        ///
        /// Cancel safe: the events are read in the same poll that returns them.
        pub(crate) async fn events(&self) -> io::Result<Vec<Event>> {
            self.fd.async_io(Interest::READABLE, read).await
        }
    }

    /// Reads once from the kernel. `WouldBlock` if there is no event.
    fn read(fd: &OwnedFd) -> io::Result<Vec<Event>> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(fd, &mut buffer);
        let mut events = Vec::new();
        loop {
            let event = reader.next()?;
            events.push(Event {
                flags: event.events(),
                name: event.file_name().map(|name| name.to_string_lossy().into_owned()),
            });
            if reader.is_buffer_empty() {
                return Ok(events);
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use rustix::fs::inotify::{ReadFlags, WatchFlags};
    use std::time::Duration;
    use std::{env, fs, io, process};

    let directory = env::temp_dir().join(format!("dormouse-inotify-{}", process::id()));
    fs::create_dir(&directory)?;

    let result = dormouse::block_on(async {
        let watch = watch::Watch::new(&directory, WatchFlags::CREATE | WatchFlags::CLOSE_WRITE)?;

        let write_later = async {
            dormouse::sleep(Duration::from_millis(100)).await;
            println!("writing a file");
            fs::write(directory.join("acorn"), "for the winter")
        };
        let until_written = async {
            loop {
                for event in watch.events().await? {
                    println!("{:?}: {}", event.flags, event.name.as_deref().unwrap_or("."));
                    if event.flags.contains(ReadFlags::CLOSE_WRITE) {
                        return io::Result::Ok(());
                    }
                }
            }
        };

        let both = async { futures::try_join!(until_written, write_later) };
        dormouse::timeout(Duration::from_secs(5), both).await??;
        io::Result::Ok(())
    });

    fs::remove_dir_all(&directory)?;
    result
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("inotify is only available on Linux");
}
