//! Three ways to implement a sleep.
//!
//! 1. **A timerfd in the fd wrapper of an executor.** It counts the time that the machine is suspended, and it is
//!    accurate. But each executor has a different wrapper, so a crate needs one implementation for each
//!    executor, and each sleep takes a file descriptor.
//! 2. **A manual `Future` with a thread.** It shares its state and a waker with the thread. It runs on any
//!    executor, but each sleep takes a thread, unless you write a timer queue. The comments name three
//!    possible mistakes.
//! 3. **A manual `Future` around a dormouse sleep.** It runs on any executor, and the library wakes the task.
//!    All sleeps of a clock share one timerfd.
//!
//! Run it with `cargo run -p dormouse --features smol --example three_ways`. Without the feature `smol`, or with
//! `--no-default-features` and so without `tokio`, the parts that need them are skipped.

use dormouse::time::{Instant, Sleep};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

/// 1. A timerfd in the fd wrapper of an executor. Each executor needs its own function.
#[cfg(all(target_os = "linux", any(feature = "tokio", feature = "smol")))]
mod timerfd_sleep {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    #[cfg(feature = "tokio")]
    pub(crate) async fn sleep_on_tokio(duration: Duration) -> io::Result<()> {
        // Deprecated in favour of an unsafe constructor, which requires that the object keeps its fd. An
        // `OwnedFd` does.
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
            // Zero would disarm the timer.
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

/// 2. A manual future that shares its state with a thread.
///
/// When it is dropped, its thread keeps sleeping, and `thread::sleep` does not count the time that the machine is
/// suspended. A better implementation needs a timer queue.
struct ThreadSleep(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    elapsed: bool,
    waker: Option<Waker>,
}

impl ThreadSleep {
    fn sleep(duration: Duration) -> ThreadSleep {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let thread_shared = Arc::clone(&shared);
        thread::spawn(move || {
            thread::sleep(duration);
            let mut shared = thread_shared.lock().expect("no panic while locked");
            // Set the state before the wake-up, so that the next poll sees it.
            shared.elapsed = true;
            let waker = shared.waker.take();
            // Unlock before the wake-up: a waker runs unknown code, which may poll this future.
            drop(shared);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        ThreadSleep(shared)
    }
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.0.lock().expect("no panic while locked");
        if shared.elapsed {
            return Poll::Ready(());
        }
        // Three possible mistakes:
        // - Check `elapsed` and store the waker in two separate locks. If the thread runs between them, it finds
        //   no waker, and the task is never woken.
        // - Keep the waker of the first poll. The future may have moved to another task since then.
        // - Call the waker here in order to be polled again soon. That is a busy loop.
        match &mut shared.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

/// 3. A manual future around a dormouse sleep. The library wakes the task.
///
/// `async { dormouse::sleep(duration).await }` does the same, but its type has no name.
struct DormouseSleep(Sleep);

impl DormouseSleep {
    fn sleep(duration: Duration) -> DormouseSleep {
        DormouseSleep(dormouse::sleep(duration))
    }
}

impl Future for DormouseSleep {
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

/// The two sleeps that run on any executor.
async fn portable_naps(executor: &str) {
    nap("Future with a thread", executor, ThreadSleep::sleep(NAP)).await;
    nap("Future around dormouse sleep", executor, DormouseSleep::sleep(NAP)).await;
}

fn main() -> io::Result<()> {
    dormouse::block_on(portable_naps("dormouse::block_on"));

    #[cfg(feature = "tokio")]
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        #[cfg(target_os = "linux")]
        nap("timerfd in tokio's AsyncFd", "tokio", timerfd_sleep::sleep_on_tokio(NAP)).await?;
        portable_naps("tokio").await;
        io::Result::Ok(())
    })?;

    #[cfg(feature = "smol")]
    smol::block_on(async {
        #[cfg(target_os = "linux")]
        nap("timerfd in smol's Async", "smol", timerfd_sleep::sleep_on_smol(NAP)).await?;
        portable_naps("smol").await;
        io::Result::Ok(())
    })?;

    Ok(())
}
