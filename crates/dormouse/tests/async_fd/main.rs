//! The behaviour of `AsyncFd`, on every reactor.

#[path = "../common/mod.rs"]
mod common;

#[cfg(target_os = "linux")]
mod beside;
#[cfg(unix)]
mod blocking;
mod errors;
#[cfg(unix)]
mod fd;
#[cfg(unix)]
mod fifo;
#[cfg(target_os = "linux")]
mod final_states;
#[cfg(target_os = "linux")]
mod first_wait;
mod mutable;
mod object;
mod owned;
mod poll;
#[cfg(feature = "tokio")]
mod reactor;
mod readiness;
#[cfg(target_os = "linux")]
mod threads;
mod wait;

use common::stream::{STAYS_FULL, Stream, std_pair};
use dormouse::io::{AsyncFd, Interest};
use dormouse::timeout;
use std::io::{self, Read, Write};

fn pair() -> (AsyncFd<Stream>, AsyncFd<Stream>) {
    let (local, peer) = std_pair();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

async fn read(fd: &AsyncFd<Stream>) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 4096];
    let n = fd.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await?;
    Ok(buffer[..n].to_vec())
}

async fn write(fd: &AsyncFd<Stream>, data: &[u8]) -> io::Result<usize> {
    fd.async_io(Interest::WRITABLE, |mut fd| fd.write(data)).await
}

/// Writes until it would block.
async fn fill(fd: &AsyncFd<Stream>) {
    loop {
        let mut guard = fd.writable().await.unwrap();
        while let Ok(written) = guard.try_io(|fd| fd.get_ref().write(&[0; 4096])) {
            written.unwrap();
        }
        if timeout(STAYS_FULL, fd.writable()).await.is_err() {
            return;
        }
    }
}
