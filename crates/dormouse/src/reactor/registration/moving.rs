//! How an fd gets from one reactor to another, and a connection to its first.
//!
//! An fd moves when
//! - its reactor has shut down: to the next reactor, at the next wait;
//! - a task waits for an interest that only the builtin reactor supports: to that one;
//! - it has hung up or has an error, and an operation returns `WouldBlock` nevertheless: to the builtin reactor.
//!   tokio's reactor never clears such a state, so it reports no further event; async-io is level-triggered, so it
//!   reports the state again and again. (With async-io that holds for urgent data too, and for a joint wait whose
//!   operation does not use one of its directions.) The builtin reactor reports each change once.
//!
//! # Invariants
//! - A move loses no event. It registers the fd for everything that a task waits for, and a registration reports the
//!   state of the fd at that time. What the former registration delivers late is a spurious event.
//! - Of several first waits for a connection, one registers it. It does so, and unmarks the `ScheduledIo`, under the lock of
//!   `attached`; the others find it registered. If it fails, it stays unregistered and marked, and the next wait tries again.
//! - Before an fd moves to the builtin reactor, the reactor thread starts, and the poller role is disabled: tasks outside
//!   of `block_on` may wait for the fd, and have called `note_waiter` for its former reactor at most.

use super::registering::REFUSED;
use super::{Attached, Backend, Registration};
use crate::reactor::error::{cannot_register, inherited_fd};
use crate::reactor::{Interest, Reactor, builtin};
use crate::source::{self, AsSource};
use crate::sync::lock;
use crate::trace;
use std::io;

/// Why an fd has moved.
const ENDED: &str = "its reactor has ended";
const STUCK: &str = "its reactor cannot report the next event";

impl<T: AsSource> Registration<T> {
    /// Registers the fd, which no reactor watches, for a wait for `wanted`.
    ///
    /// # Errors
    /// If no reactor can register it, and in the child of a fork.
    #[cold]
    pub(super) fn attach_for(&self, wanted: Interest) -> io::Result<()> {
        if self.process.forked() {
            return Err(inherited_fd());
        }
        let mut attached = lock(&self.attached);
        if let Backend::Unregistered = attached.backend {
            if self.attach_first(&mut attached, wanted)? {
                return Ok(());
            }
        }
        drop(attached);
        self.attach_to_next()
    }

    /// Registers a connection, at its first wait, with the reactor that was selected when it was created, although the wait
    /// may be in another executor. Returns false if the next reactor has to be used. (Each wait for an fd of the builtin
    /// reactor notes its waker before it stores it, also for a connection. So this is no move to that reactor.)
    fn attach_first(&self, attached: &mut Attached, wanted: Interest) -> io::Result<bool> {
        let (fd, interest) = (self.source(), attached.interest);
        let now = if wanted.is_writable() { interest } else { interest.eager() };
        let reactor = &attached.reactor;
        match reactor.attach(fd, now, &self.io) {
            Ok(backend) => *attached = Attached::new(reactor.clone(), backend, interest),
            Err(err) if reactor.next_after(&err).is_some() => return Ok(false),
            Err(err) => return Err(cannot_register(&err, fd, reactor.name())),
        }
        attached.activate(&self.io, now);
        Ok(true)
    }

    /// Registers the fd with the reactor of the calling code, or the next one that can watch it. Called when its
    /// reactor has shut down, or cannot register a connection.
    fn attach_to_next(&self) -> io::Result<()> {
        let reactor = Reactor::current();
        let fd = self.source();
        let mut attached = lock(&self.attached);
        // Another task may have registered it meanwhile.
        if self.io.is_shut_down() {
            attached.detach(fd, &self.process);
            let was_registered = matches!(attached.backend, Backend::Detached);
            let (interest, from) = (attached.interest, attached.reactor.name());
            let (moved, _) = reactor.attach_or_next(
                fd,
                interest,
                interest,
                &self.io,
                builtin::serve_all_by_thread,
            )?;
            *attached = moved;
            attached.activate(&self.io, interest);
            let to = attached.reactor.name();
            if was_registered || from != to {
                let why = if was_registered { ENDED } else { REFUSED };
                trace::fd_moved(source::raw(fd), from, to, why, self.created);
            }
        }
        Ok(())
    }

    /// Moves the fd from tokio or async-io to the builtin reactor, which reports its state to the tasks that wait.
    ///
    /// # Errors
    /// If it cannot be registered there. Then it stays where it is.
    pub(super) fn move_to_builtin(
        &self,
        attached: &mut Attached,
        interest: Interest,
    ) -> io::Result<()> {
        let fd = self.source();
        builtin::serve_all_by_thread()?;
        let moved = Reactor::builtin().attach_here(fd, interest, interest, &self.io)?;
        attached.detach(fd, &self.process);
        let (from, to) = (attached.reactor.name(), moved.reactor.name());
        trace::fd_moved(source::raw(fd), from, to, STUCK, self.created);
        *attached = moved;
        // Not before the former registration has ended, which may mark the `ScheduledIo` as shut down.
        attached.activate(&self.io, interest);
        Ok(())
    }
}
