//! One timerfd per sleep, as in crates that need the boot-time clock or precision.

use super::runtime::{self, CurrentThread, Flavor};
use super::{Peer, Spawn};
use rustix::process::{Resource, getrlimit};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;

/// One fd per sleep. The other half of the limit is for the rest of the process.
fn max_pending() -> Option<(u64, &'static str)> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(1 << 20);
    Some((limit / 2, "one file descriptor each, and ulimit -n"))
}

/// Sets the timerfd, to at least 1 ns: zero would disarm it.
pub(super) fn arm(fd: &OwnedFd, duration: Duration) {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    let value = Timespec { tv_sec, tv_nsec: duration.subsec_nanos().max(1).into() };
    let time = Itimerspec { it_interval: zero, it_value: value };
    timerfd_settime(fd, TimerfdTimerFlags::empty(), &time).expect("timerfd_settime");
}

fn create_armed(duration: Duration) -> OwnedFd {
    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
    let fd = timerfd_create(TimerfdClockId::Boottime, flags).expect("timerfd_create");
    arm(&fd, duration);
    fd
}

pub(crate) struct OnTokio(Runtime);
pub(crate) struct TokioSleep(AsyncFd<OwnedFd>);

impl Peer for OnTokio {
    type Sleep = TokioSleep;

    fn start() -> Result<Self, String> {
        CurrentThread::build().map(OnTokio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(tokio::task::unconstrained(future))
    }

    #[allow(deprecated, reason = "its successor is unsafe")]
    fn sleep(duration: Duration) -> TokioSleep {
        let fd = AsyncFd::with_interest(create_armed(duration), Interest::READABLE);
        TokioSleep(fd.expect("AsyncFd"))
    }

    fn reset(sleep: Pin<&mut TokioSleep>, duration: Duration) -> bool {
        arm(sleep.0.get_ref(), duration);
        true
    }

    fn max_pending() -> Option<(u64, &'static str)> {
        max_pending()
    }
}

impl Spawn for OnTokio {
    fn spawn<F>(&self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtime::spawn(&self.0, future)
    }
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let ready = ready!(self.0.poll_read_ready(cx));
        drop(ready.expect("tokio's reactor"));
        Poll::Ready(())
    }
}

pub(crate) struct OnAsyncIo;
pub(crate) struct AsyncIoSleep(async_io::Async<OwnedFd>);

impl Peer for OnAsyncIo {
    type Sleep = AsyncIoSleep;

    fn start() -> Result<Self, String> {
        Ok(OnAsyncIo)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_io::block_on(future)
    }

    fn sleep(duration: Duration) -> AsyncIoSleep {
        AsyncIoSleep(async_io::Async::new(create_armed(duration)).expect("Async::new"))
    }

    fn reset(sleep: Pin<&mut AsyncIoSleep>, duration: Duration) -> bool {
        arm(sleep.0.get_ref(), duration);
        true
    }

    fn max_pending() -> Option<(u64, &'static str)> {
        max_pending()
    }
}

impl Future for AsyncIoSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_readable(cx).map(|ready| ready.expect("async-io's reactor"))
    }
}
