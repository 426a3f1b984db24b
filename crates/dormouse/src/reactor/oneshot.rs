//! What the oneshot reactors share: async-io, and on Windows tokio. They watch for each direction by a waker of its own,
//! and report an event once, until the direction is registered again.

use super::scheduled_io::{Direction, ScheduledIo};
use super::{Interest, Ready};
use crate::catch_panic::wake;
use crate::fork::Process;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// The directions of `interest` that a wait has to register. Each is marked as registered when it is returned.
pub(super) fn to_register(io: &ScheduledIo, interest: Interest) -> impl Iterator<Item = Direction> {
    Direction::BOTH.into_iter().filter(move |direction| {
        let wanted = match direction {
            Direction::Read => interest.is_readable(),
            Direction::Write => interest.is_writable(),
        };
        wanted && io.should_register(direction.interest())
    })
}

/// What a reactor calls at an event: one waker for each direction.
pub(super) fn wakers(io: &Arc<ScheduledIo>) -> [Waker; 2] {
    Direction::BOTH.map(|direction| {
        let process = Process::current();
        Waker::from(Arc::new(OneshotWaker { io: io.clone(), direction, process }))
    })
}

/// The waker for one direction.
struct OneshotWaker {
    io: Arc<ScheduledIo>,
    direction: Direction,
    process: Process,
}

impl Wake for OneshotWaker {
    fn wake(self: Arc<Self>) {
        if self.process.forked() {
            // An event of the parent. A thread of the parent may hold the lock of the waiters.
            return;
        }
        let ready = match self.direction {
            Direction::Read => Ready::READABLE,
            Direction::Write => Ready::WRITABLE,
        };
        self.io.deliver(ready, self.direction.interest(), wake);
    }
}
