//! Clearing readiness, after an operation has returned `WouldBlock` or a read was short.
//!
//! # Invariants
//! - *Hang-ups are final, errors are not.* Clearing a hang-up polls the fd. If it is still reported, it stays, so a
//!   later wait completes at once. If not (the socket was not connected yet, a FIFO has a writer again), it is cleared,
//!   and tokio registers the fd again.
//! - An fd whose reactor cannot report the next event moves to the builtin reactor ([`moving`](super::moving)).

use super::{Attached, Backend, Registration};
use crate::reactor::scheduled_io::BackendKind;
use crate::reactor::{Kind, Reactor, Ready, ReadyEvent, builtin};
use crate::source::AsSource;
use crate::sync::lock;
use crate::trace;

const CLOSED: Ready = Ready(Ready::READ_CLOSED.0 | Ready::WRITE_CLOSED.0);
const CLOSED_OR_ERROR: Ready = Ready(CLOSED.0 | Ready::ERROR.0);

impl<T: AsSource> Registration<T> {
    /// Clears readiness, except a hang-up that is still reported: see the [module](self).
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        self.clear(event, ready, false);
    }

    /// Clears readiness after the operation that `event` was for has returned `WouldBlock`. The next wait is for a newer
    /// event.
    #[inline]
    pub(crate) fn would_block(&self, event: ReadyEvent) {
        self.clear(event, Ready::ALL, true);
    }

    /// Called after an operation that `event` was for has not returned `WouldBlock`.
    #[inline(always)]
    pub(crate) fn succeeded(&self, event: ReadyEvent) {
        self.io.succeeded(event);
    }

    /// Called after a read, that `event` was for, has returned less than it asked for, and more than nothing.
    #[inline]
    pub(crate) fn short_read(&self, event: ReadyEvent) {
        if self.io.allows_short_reads() && !self.process.forked() {
            self.io.short_read(event);
        }
    }

    /// From here on, only an operation that returned `WouldBlock` clears readiness.
    pub(crate) fn forbid_short_reads(&self) {
        self.io.forbid_short_reads();
    }

    #[inline]
    fn clear(&self, event: ReadyEvent, ready: Ready, tried: bool) {
        if self.process.forked() {
            return;
        }
        let cleared = event.ready.intersection(ready);
        if cleared.is_empty() {
            return;
        }
        if self.must_check(event, cleared) {
            self.clear_and_check(event, cleared, tried);
            trace::emit_pending();
        } else {
            self.io.clear_readiness(event, cleared);
        }
    }

    /// Like [`clear_readiness`](Self::clear_readiness), for an fd that never hangs up and has no errors.
    pub(crate) fn clear_attached(&self, event: ReadyEvent) {
        self.io.clear_readiness(event, Ready::ALL);
    }

    /// Whether [`clear_and_check`](Self::clear_and_check) is necessary: a hang-up is cleared, or an error that tokio
    /// would report as a hang-up. A oneshot registration does not tell them from data, and may report them again and
    /// again. There, events are checked for which no operation has succeeded, and of those half: an unchecked one only costs
    /// one more attempt. Of four in a row it is the first two, so that a task that gets every second event is checked too.
    fn must_check(&self, event: ReadyEvent, cleared: Ready) -> bool {
        match self.io.backend() {
            BackendKind::Builtin => cleared.intersects(CLOSED),
            BackendKind::Edge => cleared.intersects(CLOSED_OR_ERROR),
            BackendKind::Oneshot => {
                cleared.intersects(CLOSED_OR_ERROR) || event.tick % 4 < 2 && !self.io.is_used(event)
            }
        }
    }

    /// Clears readiness, except a hang-up that is still reported. If its reactor cannot report the next event of the
    /// fd, registers it again, or moves it to the builtin reactor. `tried`: the next wait is for a newer event.
    #[cold]
    fn clear_and_check(&self, event: ReadyEvent, cleared: Ready, tried: bool) {
        let fd = self.source();
        // If it cannot be polled, nothing is known to have ended.
        let now = builtin::state_now(fd).unwrap_or(CLOSED);
        let ended = cleared.without(builtin::closed(now));
        self.io.clear_readiness(event, ended);
        if self.io.backend() == BackendKind::Builtin {
            return;
        }
        let mut attached = lock(&self.attached);
        let interest = attached.interest;
        let Attached { reactor: Reactor(reactor), backend, .. } = &mut *attached;
        let drain = match (backend, reactor) {
            (Backend::Builtin(_) | Backend::Detached | Backend::Unregistered, _) => return,
            _ if self.persists(event, now, tried) => {
                if self.move_to_builtin(&mut attached, interest).is_err() {
                    attached.must_move = true;
                    drop(attached);
                    self.io.unregister(event.interest);
                }
                return;
            }
            (Backend::Tokio(registration), Kind::Tokio(handle))
                if ended.intersects(CLOSED_OR_ERROR) =>
            {
                registration.register_again(handle, &self.io, fd, interest)
            }
            (Backend::Tokio(_) | Backend::AsyncIo(_), _) => return,
        };
        drop(attached);
        match drain {
            Ok(drain) => drain.run(),
            Err(_) => self.io.shut_down(),
        }
    }

    /// Whether a state that an operation does not end, `now`, keeps tokio or async-io from reporting the next event.
    fn persists(&self, event: ReadyEvent, now: Ready, tried: bool) -> bool {
        let mask = event.interest.mask();
        if !self.is_oneshot() {
            // tokio reports an error as closed, and no event to a direction that is closed. A closed direction that was
            // kept needs no event, except for a wait that is for a newer one.
            return now.is_error() || (tried && builtin::closed(now).intersects(mask));
        }
        let reported = if event.interest.is_one_direction() {
            // New data may have arrived since the operation returned `WouldBlock`.
            now.without(Ready::READABLE | Ready::WRITABLE)
        } else {
            now
        };
        // async-io reports urgent data as readiness to read.
        reported.intersects(mask | CLOSED | Ready::URGENT)
    }
}
