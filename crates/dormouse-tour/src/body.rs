//! The async functions that run on every executor.
//!
//! A crate built on dormouse is written like this: `sleep`, `AsyncFd`, and any combinators. It
//! depends on no executor, has no `cfg`, and takes no runtime handle.

use crate::measured::{Inside, Measured};
use crate::polls::CountPolls;
use crate::threads::Threads;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use dormouse::time::Instant;
use futures::{FutureExt, channel::oneshot, join, select, try_join};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const SHORT_SLEEPS: usize = 200;

/// Measures everything once, on the executor that polls it. `second` is the unit of the sleeps,
/// which tests shorten.
pub(crate) async fn measure(second: Duration) -> io::Result<Measured> {
    warm_up().await;
    let threads = Threads::now()?;

    // Lateness first: the starts of the rows are staggered, so that few rows measure it at a time.
    let Lateness { p50, p99, early } = lateness().await;
    let select_ok = the_shorter_sleep_wins().await;
    let fd_ok = a_byte_arrives().await?;

    let lines = Mutex::new(Vec::new());
    let start = Instant::now();
    let (polls, ()) = join!(foo(second, &lines), bar(second, &lines));
    let join = start.elapsed();
    let lines = lines.into_inner().expect("neither foo nor bar panics");

    let reactor = Reactor::current().name();
    Ok(Measured {
        reactor: reactor.to_owned(),
        inside: Inside::of(reactor),
        join_ms: join.as_millis() as u64,
        bar_first: lines == ["bar", "foo"],
        select_ok,
        fd_ok,
        late_p50_us: p50.as_micros() as u64,
        late_p99_us: p99.as_micros() as u64,
        early,
        polls,
        threads_added: threads.added_since()?,
    })
}

/// Sleeps for three seconds. Returns how often the sleep was polled.
async fn foo(second: Duration, lines: &Mutex<Vec<&str>>) -> u32 {
    let polls = CountPolls::new(sleep(3 * second)).await;
    lines.lock().expect("bar does not panic").push("foo");
    polls
}

/// Sleeps for one second.
async fn bar(second: Duration, lines: &Mutex<Vec<&str>>) {
    sleep(second).await;
    lines.lock().expect("foo does not panic").push("bar");
}

/// The shorter of two sleeps ends a `select!`; the longer one is dropped while pending.
async fn the_shorter_sleep_wins() -> bool {
    select! {
        () = sleep(1000 * MS).fuse() => false,
        () = sleep(20 * MS).fuse() => true,
    }
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

struct Lateness {
    p50: Duration,
    p99: Duration,
    early: u32,
}

/// How long after its deadline a short sleep completes.
async fn lateness() -> Lateness {
    let mut late = Vec::with_capacity(SHORT_SLEEPS);
    let mut early = 0;
    for _ in 0..SHORT_SLEEPS {
        let sleep = sleep(MS);
        let deadline = sleep.deadline();
        sleep.await;
        let now = Instant::now();
        early += u32::from(now < deadline);
        late.push(now.saturating_duration_since(deadline));
    }
    late.sort();
    Lateness { p50: late[SHORT_SLEEPS / 2], p99: late[SHORT_SLEEPS * 99 / 100], early }
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
