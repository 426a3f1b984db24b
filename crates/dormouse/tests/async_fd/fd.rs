//! The fd of the object: its number, and what kinds of fds are refused.

use crate::common::{Count, poll};
use crate::{on_every_reactor, pair, read, write};
use dormouse::io::{AsyncFd, Interest};
use dormouse::sleep;
use futures::join;
use std::future::poll_fn;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

on_every_reactor! {
    a_reused_fd_number_gets_no_stale_event
    files_and_directories_are_rejected_with_an_error_that_names_the_fd
    wrapping_an_fd_twice_works_or_returns_already_exists
}

async fn a_reused_fd_number_gets_no_stale_event() {
    for _ in 0..100 {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let number = reader.as_raw_fd();
        let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        writer.write_all(b"x").unwrap();
        drop(reader);
        let (reader, _writer) = UnixStream::pair().unwrap();
        if reader.as_raw_fd() != number {
            // Another test in this process got the number.
            continue;
        }
        let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        let (count, waker) = Count::new();
        assert!(poll(&mut poll_fn(|cx| reader.poll_read_ready(cx).map(drop)), &waker).is_pending());
        sleep(Duration::from_micros(300)).await;
        assert_eq!(count.get(), 0);
    }
}

async fn files_and_directories_are_rejected_with_an_error_that_names_the_fd() {
    for path in [file!(), "/etc/passwd", "/"] {
        let Ok(file) = std::fs::File::open(path) else { continue };
        let fd = file.as_raw_fd();
        let error = AsyncFd::with_interest(file, Interest::READABLE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let message = error.to_string();
        assert!(message.contains(&format!("fd {fd} ")), "{message}");
        assert!(message.contains("Regular files and directories"), "{message}");
    }
}

async fn wrapping_an_fd_twice_works_or_returns_already_exists() {
    let (local, peer) = pair();
    match AsyncFd::new(local.as_fd()) {
        Ok(again) => {
            assert_eq!(again.reactor().name(), "async-io");
            write(&peer, b"x").await.unwrap();
            drop(join!(again.readable(), local.readable()));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert!(error.to_string().contains("Share the one AsyncFd"), "{error}");
        }
    }
    // The first AsyncFd still works.
    write(&peer, b"x").await.unwrap();
    assert!(read(&local).await.is_ok());
    // A duplicate of the fd can be registered.
    let again = AsyncFd::new(OwnedFd::from(local.get_ref().try_clone().unwrap())).unwrap();
    write(&peer, b"x").await.unwrap();
    drop(join!(again.readable(), local.readable()));
}

#[test]
fn the_fd_of_async_fd_and_of_its_halves_is_that_of_the_object() {
    let (local, _peer) = pair();
    let number = AsRef::<UnixStream>::as_ref(&local).as_raw_fd();
    assert_eq!((local.as_raw_fd(), local.as_fd().as_raw_fd()), (number, number));
    let (read, write) = local.into_split();
    assert_eq!((read.as_raw_fd(), write.as_raw_fd()), (number, number));
    assert_eq!((read.as_fd().as_raw_fd(), write.as_fd().as_raw_fd()), (number, number));
}
