//! Waits for file descriptors.

use crate::cases;
use crate::sleeps::in_tokio;
use dormouse::io::{AsyncFd, Interest};
use dormouse_check::{check, event};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a socket can be had");
    ours.set_nonblocking(true).expect("it can be non-blocking");
    (ours, theirs)
}

cases! {
    /// A byte arrives.
    readable_of_dormouse: [], check(|| {
        let (ours, mut theirs) = pair();
        let ours = AsyncFd::new(ours).expect("it can be watched");
        event(move || drop(theirs.write_all(b"x")));
        async move {
            let mut buffer = [0];
            ours.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await.ok()
        }
    }).expect_output(|read| *read == Some(1));
    /// The other end goes away.
    closed_of_dormouse: [], check(|| {
        let (ours, theirs) = pair();
        let ours = AsyncFd::new(ours).expect("it can be watched");
        event(move || drop(theirs));
        async move {
            let mut buffer = [0];
            ours.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await.ok()
        }
    }).expect_output(|read| *read == Some(0));
    /// Room to write, when the other end reads.
    writable_of_dormouse: [], check(|| {
        let (mut ours, theirs) = pair();
        while ours.write(&[0; 65536]).is_ok() {}
        let ours = AsyncFd::new(ours).expect("it can be watched");
        let theirs = Arc::new(theirs);
        let reader = theirs.clone();
        event(move || {
            let mut buffer = vec![0; 1 << 20];
            let _ = reader.set_nonblocking(true);
            while (&*reader).read(&mut buffer).is_ok_and(|read| read > 0) {}
        });
        async move {
            // The other end stays open.
            let _theirs = theirs;
            ours.async_io(Interest::WRITABLE, |mut fd| fd.write(b"x")).await.is_ok()
        }
    }).expect_output(|written| *written);
    /// async-io
    readable_of_async_io: [], check(|| {
        let (ours, mut theirs) = pair();
        let ours = async_io::Async::new(ours).expect("it can be watched");
        event(move || drop(theirs.write_all(b"x")));
        async move { ours.read_with(|mut fd| fd.read(&mut [0])).await.ok() }
    }).expect_output(|read| *read == Some(1));
    /// tokio
    readable_of_tokio: [], in_tokio(check(|| {
        let (ours, mut theirs) = pair();
        let ours = tokio::net::UnixStream::from_std(ours).expect("it can be watched");
        event(move || drop(theirs.write_all(b"x")));
        async move { ours.readable().await.is_ok() }
    })).expect_output(|readable| *readable);
}
