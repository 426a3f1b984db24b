//! The floor: what the kernel does without a future, and what a workload costs without a timer.

use super::{Peer, timerfd as fds};
use crate::workload::{Case, Outcome, lateness};
use futures_util::future::{Either, Pending, Ready, pending, ready};
use rustix::time::{TimerfdClockId, TimerfdFlags, Timespec, timerfd_create};
use std::future::Future;
use std::time::Duration;

/// No timer: its sleeps end at once if they are short, and never otherwise.
pub(crate) struct Bare;

impl Peer for Bare {
    type Sleep = Either<Ready<()>, Pending<()>>;

    fn start() -> Result<Self, String> {
        Ok(Bare)
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

/// W4 with a sleep that blocks its thread.
pub(crate) fn blocking(case: &Case, sleep: impl FnMut(Duration)) -> Result<Outcome, String> {
    if case.workload != "w4" {
        return Err("blocks its thread".into());
    }
    Ok(lateness::blocking(case, sleep))
}

pub(super) fn timerfd() -> Result<impl FnMut(Duration), String> {
    let fd = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC)
        .map_err(|err| format!("timerfd_create: {err}"))?;
    Ok(move |duration| {
        fds::set(&fd, duration);
        rustix::io::read(&fd, &mut [0; 8]).expect("read of a timerfd");
    })
}

pub(super) fn nanosleep(duration: Duration) {
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    let request = Timespec { tv_sec, tv_nsec: duration.subsec_nanos().into() };
    let clock = rustix::thread::ClockId::Monotonic;
    // Interrupted it would come out too early, which the measurement would show.
    let _ = rustix::thread::clock_nanosleep_relative(clock, &request);
}
