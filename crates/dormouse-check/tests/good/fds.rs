//! Futures that wait for file descriptors.

use crate::cases;
use crate::sleeps::in_tokio;
use dormouse::io::{AsyncFd, Interest};
use dormouse_check::{check, event};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

fn pair() -> (UnixStream, UnixStream) {
    let (local, peer) = UnixStream::pair().expect("failed to create a socket pair");
    local.set_nonblocking(true).expect("failed to set O_NONBLOCK");
    (local, peer)
}

cases! {
    /// dormouse: a byte arrives.
    readable_of_dormouse: [], check(|| {
        let (local, mut peer) = pair();
        let local = AsyncFd::new(local).expect("failed to register the fd");
        event(move || drop(peer.write_all(b"x")));
        async move {
            let mut buffer = [0];
            local.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await.ok()
        }
    }).expect_output(|read| *read == Some(1));
    /// dormouse: the peer closes the socket.
    closed_of_dormouse: [], check(|| {
        let (local, peer) = pair();
        let local = AsyncFd::new(local).expect("failed to register the fd");
        event(move || drop(peer));
        async move {
            let mut buffer = [0];
            local.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await.ok()
        }
    }).expect_output(|read| *read == Some(0));
    /// dormouse: the socket becomes writable when the peer reads.
    writable_of_dormouse: [], check(|| {
        let (mut local, peer) = pair();
        while local.write(&[0; 65536]).is_ok() {}
        let local = AsyncFd::new(local).expect("failed to register the fd");
        let peer = Arc::new(peer);
        let reader = peer.clone();
        event(move || {
            let mut buffer = vec![0; 1 << 20];
            let _ = reader.set_nonblocking(true);
            while (&*reader).read(&mut buffer).is_ok_and(|read| read > 0) {}
        });
        async move {
            // Keeps the peer open.
            let _peer = peer;
            local.async_io(Interest::WRITABLE, |mut fd| fd.write(b"x")).await.is_ok()
        }
    }).expect_output(|written| *written);
    /// async-io: a byte arrives.
    readable_of_async_io: [], check(|| {
        let (local, mut peer) = pair();
        let local = async_io::Async::new(local).expect("failed to register the fd");
        event(move || drop(peer.write_all(b"x")));
        async move { local.read_with(|mut fd| fd.read(&mut [0])).await.ok() }
    }).expect_output(|read| *read == Some(1));
    /// tokio: a byte arrives.
    readable_of_tokio: [], in_tokio(check(|| {
        let (local, mut peer) = pair();
        let local = tokio::net::UnixStream::from_std(local).expect("failed to register the fd");
        event(move || drop(peer.write_all(b"x")));
        async move { local.readable().await.is_ok() }
    })).expect_output(|readable| *readable);
}
