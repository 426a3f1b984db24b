//! A timerfd for each sleep: what crates do that need the boot-time clock, or precision.

use super::Peer;
use super::tokio::{CurrentThread, Flavor, spawn};
use crate::workload::{Case, Outcome, task};
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

/// Half of the fds that a process may have.
pub(crate) fn half_of_fds() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 20) / 2
}

fn limit() -> Option<(u64, &'static str)> {
    Some((half_of_fds(), "a file descriptor each, and ulimit -n"))
}

pub(super) fn set(fd: &OwnedFd, duration: Duration) {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    let value = Timespec { tv_sec, tv_nsec: duration.subsec_nanos().max(1).into() };
    let time = Itimerspec { it_interval: zero, it_value: value };
    timerfd_settime(fd, TimerfdTimerFlags::empty(), &time).expect("timerfd_settime");
}

pub(super) fn create() -> OwnedFd {
    timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
        .expect("timerfd_create")
}

fn armed(duration: Duration) -> OwnedFd {
    let fd = create();
    set(&fd, duration);
    fd
}

pub(super) struct OnTokio(Runtime);
pub(super) struct TokioSleep(AsyncFd<OwnedFd>);

impl Peer for OnTokio {
    type Sleep = TokioSleep;

    fn start() -> Result<Self, String> {
        CurrentThread::runtime().map(OnTokio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(tokio::task::unconstrained(future))
    }

    fn run(&self, case: &Case) -> Outcome {
        spawn(&self.0, task::<Self>(case.clone()))
    }

    #[allow(deprecated, reason = "its successor is unsafe")]
    fn sleep(duration: Duration) -> TokioSleep {
        let fd = AsyncFd::with_interest(armed(duration), Interest::READABLE);
        TokioSleep(fd.expect("AsyncFd"))
    }

    fn reset(sleep: Pin<&mut TokioSleep>, duration: Duration) -> bool {
        set(sleep.0.get_ref(), duration);
        true
    }

    fn limit() -> Option<(u64, &'static str)> {
        limit()
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

pub(super) struct OnAsyncIo;
pub(super) struct AsyncIoSleep(async_io::Async<OwnedFd>);

impl Peer for OnAsyncIo {
    type Sleep = AsyncIoSleep;

    fn start() -> Result<Self, String> {
        Ok(OnAsyncIo)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_io::block_on(future)
    }

    fn sleep(duration: Duration) -> AsyncIoSleep {
        AsyncIoSleep(async_io::Async::new(armed(duration)).expect("Async::new"))
    }

    fn reset(sleep: Pin<&mut AsyncIoSleep>, duration: Duration) -> bool {
        set(sleep.0.get_ref(), duration);
        true
    }

    fn limit() -> Option<(u64, &'static str)> {
        limit()
    }
}

impl Future for AsyncIoSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_readable(cx).map(|ready| ready.expect("async-io's reactor"))
    }
}
