//! Lower bounds: the kernel's timers without a future, and a workload without a timer.

use super::Peer;
use super::timerfd::arm;
use futures_util::future::{Either, Pending, Ready, pending, ready};
use rustix::time::{TimerfdClockId, TimerfdFlags, Timespec, timerfd_create};
use std::future::Future;
use std::time::Duration;

/// No timer: sleeps shorter than 10 ms are ready at once, longer ones never.
pub(crate) struct NoTimer;

impl Peer for NoTimer {
    type Sleep = Either<Ready<()>, Pending<()>>;

    fn start() -> Result<Self, String> {
        Ok(NoTimer)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        if duration < Duration::from_millis(10) {
            Either::Left(ready(()))
        } else {
            Either::Right(pending())
        }
    }
}

/// A sleep that blocks its thread in the read of a timerfd.
pub(crate) fn timerfd() -> Result<impl FnMut(Duration), String> {
    let fd = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC)
        .map_err(|err| format!("timerfd_create: {err}"))?;
    Ok(move |duration| {
        arm(&fd, duration);
        rustix::io::read(&fd, &mut [0; 8]).expect("read of a timerfd");
    })
}

/// A sleep that blocks its thread in `clock_nanosleep`.
pub(crate) fn nanosleep(duration: Duration) {
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    let request = Timespec { tv_sec, tv_nsec: duration.subsec_nanos().into() };
    let clock = rustix::thread::ClockId::Monotonic;
    // A signal would end the sleep early; the workload reports early sleeps.
    let _ = rustix::thread::clock_nanosleep_relative(clock, &request);
}
