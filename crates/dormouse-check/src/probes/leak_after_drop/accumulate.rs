//! Whether the wakers of futures that have been dropped accumulate.

use crate::driver::Drive;
use crate::drop_point::DropPoint;
use crate::probes::context::ProbeContext;
use crate::task::{Task, TaskWaker};
use crate::watchdog::Outcome;
use std::sync::Arc;

/// How many futures are dropped, one after the other.
pub(super) const FUTURES: usize = 12;
/// If at least this many of their wakers remain, each future leaves its own behind.
const MANY: usize = FUTURES - 2;

/// Drops several futures at the same point, each with its events. Returns how many of their wakers remain, if most do.
pub(super) fn wakers_left(context: &ProbeContext, point: DropPoint) -> Option<usize> {
    let timeout = context.wake_timeout(0);
    let outcome = context.run(&Task::without_backtraces(), move |factory, task| {
        let mut wakers: Vec<Arc<TaskWaker>> = Vec::with_capacity(FUTURES);
        for _ in 0..FUTURES {
            let (mut instance, mut events) = factory.create(task).ok()?;
            let waker = task.waker();
            instance.poll_until(&waker, &mut events, timeout, point);
            wakers.push(waker);
        }
        let remaining = || wakers.iter().filter(|waker| waker.clones_beyond(1) > 0).count();
        task.wait(timeout, || remaining() < MANY);
        Some(remaining())
    });
    match outcome {
        Outcome::Done(remaining) => remaining.filter(|remaining| *remaining >= MANY),
        _ => None,
    }
}
