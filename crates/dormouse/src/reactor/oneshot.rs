//! What the oneshot reactors share: async-io, and on Windows tokio. They watch for each direction by a waker of its own,
//! and report an event once, until the direction is registered again.

use super::scheduled_io::{Direction, ScheduledIo};
use super::{Interest, Ready};
use crate::catch_panic::wake;
use crate::fork::Process;
use crate::sync::OnceLock;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// What a reactor calls at an event: one waker for each direction, created by the first wait for it.
#[derive(Debug)]
pub(super) struct OneshotWakers {
    io: Arc<ScheduledIo>,
    wakers: [OnceLock<Waker>; 2],
}

impl OneshotWakers {
    pub(super) fn new(io: &Arc<ScheduledIo>) -> OneshotWakers {
        OneshotWakers { io: io.clone(), wakers: Direction::BOTH.map(|_| OnceLock::new()) }
    }

    /// The directions that a wait for `interest` has to register, with their wakers. Each is marked as registered when the
    /// iterator gets to it.
    #[inline]
    pub(super) fn to_register(
        &self,
        interest: Interest,
    ) -> impl Iterator<Item = (Direction, &Waker)> {
        let directions = Direction::BOTH.into_iter().filter(move |direction| {
            let wanted = match direction {
                Direction::Read => interest.is_readable(),
                Direction::Write => interest.is_writable(),
            };
            wanted && self.io.should_register(direction.interest())
        });
        directions.map(|direction| (direction, self.get(direction)))
    }

    fn get(&self, direction: Direction) -> &Waker {
        self.wakers[direction as usize].get_or_init(|| {
            // The child of a fork does not wait, so this is the process that has registered the fd.
            let process = Process::current();
            Waker::from(Arc::new(OneshotWaker { io: self.io.clone(), direction, process }))
        })
    }
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
