//! Waits for what happens in a directory: inotify, on any executor.
//!
//! inotify is a file descriptor like another. `AsyncFd` makes it awaitable; a timer makes something
//! happen.
//!
//! Run it with `cargo run --example inotify`. It watches a directory of its own under the system's
//! one for temporary files, and removes it at the end.

#[cfg(target_os = "linux")]
mod watch {
    use dormouse::io::{AsyncFd, Interest};
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    /// Something that happened in the directory.
    #[derive(Debug)]
    pub(crate) struct Event {
        pub what: ReadFlags,
        /// The file's, if it was not the directory itself.
        pub name: Option<String>,
    }

    /// A directory that is watched.
    pub(crate) struct Watch {
        fd: AsyncFd<OwnedFd>,
    }

    impl Watch {
        pub(crate) fn new(directory: &Path, what: WatchFlags) -> io::Result<Watch> {
            let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            inotify::add_watch(&fd, directory, what)?;
            Ok(Watch { fd: AsyncFd::with_interest(fd, Interest::READABLE)? })
        }

        /// Waits until something has happened, and returns all that has happened by then.
        ///
        /// Cancel safe: events are read only when they are returned.
        pub(crate) async fn events(&self) -> io::Result<Vec<Event>> {
            self.fd.async_io(Interest::READABLE, read).await
        }
    }

    /// One read from the kernel. `WouldBlock` if nothing has happened.
    fn read(fd: &OwnedFd) -> io::Result<Vec<Event>> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(fd, &mut buffer);
        let mut events = Vec::new();
        loop {
            let event = reader.next()?;
            events.push(Event {
                what: event.events(),
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

    let happened = dormouse::block_on(async {
        let watch = watch::Watch::new(&directory, WatchFlags::CREATE | WatchFlags::CLOSE_WRITE)?;

        let write_later = async {
            dormouse::sleep(Duration::from_millis(100)).await;
            println!("writing a file");
            fs::write(directory.join("acorn"), "for the winter")
        };
        let until_written = async {
            loop {
                for event in watch.events().await? {
                    println!("{:?}: {}", event.what, event.name.as_deref().unwrap_or("."));
                    if event.what.contains(ReadFlags::CLOSE_WRITE) {
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
    happened
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("inotify is a thing of Linux");
}
