//! The wakers that a oneshot reactor calls: async-io, and on Windows tokio.

use super::Ready;
use super::scheduled_io::{Direction, ScheduledIo};
use crate::catch_panic::wake;
use crate::fork::Process;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// One for each direction.
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
