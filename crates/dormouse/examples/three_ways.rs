//! One sleep, three ways to write it.
//!
//! 1. **A timerfd in an executor's wrapper.** It counts the time that the machine is suspended, and it
//!    is on time. But each executor has a wrapper of its own, so a crate needs this once for each of
//!    them, and it takes a file descriptor a sleep.
//! 2. **A `Future` by hand, with a thread.** State and a waker, shared with whoever wakes. It runs on
//!    any executor, but it takes a thread a sleep, or a queue that you write; and there are three
//!    ways to get it wrong, which the comments name.
//! 3. **A `Future` by hand, around a dormouse sleep.** It runs on any executor; the waking is the
//!    library's. All sleeps of a clock share one timerfd.
//!
//! Run it with `cargo run --example three_ways --features tokio,smol`. Without the features it leaves
//! out what needs them.

use dormouse::time::{Instant, Sleep};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

/// 1. A timerfd in an executor's wrapper: the same function twice, and not the last time.
#[cfg(all(target_os = "linux", any(feature = "tokio", feature = "smol")))]
mod by_timerfd {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    #[cfg(feature = "tokio")]
    pub(crate) async fn sleep_on_tokio(duration: Duration) -> io::Result<()> {
        // Deprecated in favour of an unsafe constructor, which asks that the object keep its fd.
        // An `OwnedFd` does.
        #[allow(deprecated)]
        let fd = tokio::io::unix::AsyncFd::new(timerfd(duration)?)?;
        fd.async_io(tokio::io::Interest::READABLE, read).await
    }

    #[cfg(feature = "smol")]
    pub(crate) async fn sleep_on_smol(duration: Duration) -> io::Result<()> {
        smol::Async::new(timerfd(duration)?)?.read_with(read).await
    }

    fn timerfd(duration: Duration) -> io::Result<OwnedFd> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Boottime, flags)?;
        let time = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            // Zero would disarm it.
            it_value: duration.max(Duration::from_nanos(1)).try_into().map_err(io::Error::other)?,
        };
        timerfd_settime(&fd, TimerfdTimerFlags::empty(), &time)?;
        Ok(fd)
    }

    fn read(fd: &OwnedFd) -> io::Result<()> {
        rustix::io::read(fd, &mut [0; 8])?;
        Ok(())
    }
}

/// 2. A future by hand, which shares its state with a thread.
///
/// Dropped, it leaves its thread asleep; and `thread::sleep` stands still during suspend. To
/// do better is to write a timer queue.
struct ByThread(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    over: bool,
    waker: Option<Waker>,
}

impl ByThread {
    fn sleep(duration: Duration) -> ByThread {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            thread::sleep(duration);
            let mut shared = theirs.lock().expect("nobody panics with this lock held");
            // The state before the waker: whoever is woken has to find it.
            shared.over = true;
            let waker = shared.waker.take();
            // A waker is a stranger's code, which may poll us right there: unlock first.
            drop(shared);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        ByThread(shared)
    }
}

impl Future for ByThread {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.0.lock().expect("nobody panics with this lock held");
        if shared.over {
            return Poll::Ready(());
        }
        // Wrong would be:
        // - to look at `over` and to leave the waker under two locks: the thread may come between
        //   them, find no waker, and nobody is ever woken;
        // - to keep the waker of the first poll: the future may have moved to another task since;
        // - to call the waker here, "to be polled again soon": that burns a core.
        match &mut shared.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

/// 3. A future by hand, which leaves the waking to the library. It has no wake-up of its own to lose.
///
/// `async { dormouse::sleep(duration).await }` would do the same. By hand, it can have a name.
struct ByDormouse(Sleep);

impl ByDormouse {
    fn sleep(duration: Duration) -> ByDormouse {
        ByDormouse(dormouse::sleep(duration))
    }
}

impl Future for ByDormouse {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(())
    }
}

const NAP: Duration = Duration::from_millis(50);

async fn nap<T>(what: &str, executor: &str, sleep: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let output = sleep.await;
    let late_us = start.elapsed().saturating_sub(NAP).as_micros();
    println!("{what:<28} on {executor:<19} {late_us:>6} us late");
    output
}

/// What needs no particular executor.
async fn portable_naps(executor: &str) {
    nap("state, waker and a thread", executor, ByThread::sleep(NAP)).await;
    nap("around a dormouse sleep", executor, ByDormouse::sleep(NAP)).await;
}

fn main() -> io::Result<()> {
    dormouse::block_on(portable_naps("dormouse::block_on"));

    #[cfg(feature = "tokio")]
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        #[cfg(target_os = "linux")]
        nap("timerfd in tokio's AsyncFd", "tokio", by_timerfd::sleep_on_tokio(NAP)).await?;
        portable_naps("tokio").await;
        io::Result::Ok(())
    })?;

    #[cfg(feature = "smol")]
    smol::block_on(async {
        #[cfg(target_os = "linux")]
        nap("timerfd in smol's Async", "smol", by_timerfd::sleep_on_smol(NAP)).await?;
        portable_naps("smol").await;
        io::Result::Ok(())
    })?;

    Ok(())
}
