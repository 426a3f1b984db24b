//! The async functions that run on every executor. Those with timers alone are in the library part, `timers.rs`.
//!
//! A crate built on dormouse is written like this: `sleep`, `AsyncFd`, and any combinators. It
//! depends on no executor, has no `cfg`, and takes no runtime handle.

use crate::measured::{Inside, Measured};
use crate::threads::Threads;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use dormouse_tour::timers::Timers;
use futures::{channel::oneshot, try_join};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Measures everything once, on the executor that polls it. `second` is the unit of the sleeps,
/// which tests shorten.
pub(crate) async fn measure(second: Duration) -> io::Result<Measured> {
    warm_up().await;
    let threads = Threads::now()?;

    let mut timers = Timers::measure_all_but_polls(second, |_| {}).await;
    let fd_ok = a_byte_arrives().await?;

    let reactor = Reactor::current().name();
    let (inside, threads_added) = (Inside::of(reactor), threads.added_since()?);
    // Last, because the waker that counts would start a thread in `dormouse::block_on`.
    timers.count_polls(second).await;
    Ok(Measured { reactor: reactor.to_owned(), inside, timers, fd_ok, threads_added })
}

/// One future waits for a socket to which the other writes only later.
async fn a_byte_arrives() -> io::Result<bool> {
    let (reader, writer) = UnixStream::pair()?;
    let (reader, writer) = (AsyncFd::new(reader)?, AsyncFd::new(writer)?);

    let mut byte = [0];
    let read = reader.async_io(Interest::READABLE, |mut socket| socket.read_exact(&mut byte));
    let write = async {
        sleep(10 * MS).await;
        writer.async_io(Interest::WRITABLE, |mut socket| socket.write_all(b"!")).await
    };
    try_join!(read, write)?;
    Ok(byte == *b"!")
}

/// Makes the executor wait once, without dormouse. Some executors start their threads at the first
/// wait; without this, those threads would be attributed to dormouse.
async fn warm_up() {
    let (done, waiting) = oneshot::channel();
    let other = thread::spawn(move || {
        thread::sleep(20 * MS);
        done.send(())
    });
    waiting.await.expect("the thread sends");
    other.join().expect("the thread does not panic").expect("the receiver is alive");
}
