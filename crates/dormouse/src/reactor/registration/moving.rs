//! How an fd gets to a reactor, and from one reactor to another.
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
//! - Before an fd moves to the builtin reactor, the reactor thread starts, and the poller role is disabled: tasks outside
//!   of `block_on` may wait for the fd, and have called `note_waiter` for its former reactor at most.
//! - *Hang-ups are final, errors are not.* Clearing a hang-up polls the fd. If it is still reported, it stays, so a
//!   later wait completes at once. If not (the socket was not connected yet, a FIFO has a writer again), it is cleared,
//!   and tokio registers the fd again.

use super::{Attached, Backend, Registration};
use crate::fork::Process;
use crate::reactor::error::{cannot_register, inherited_fd, is_out_of_fds};
use crate::reactor::scheduled_io::BackendKind;
use crate::reactor::{
    Interest, Kind, Reactor, Ready, ReadyEvent, ScheduledIo, async_io, builtin, tokio,
};
use crate::source::{self, AsSource, BorrowedSource};
use crate::stats::CountedFd;
use crate::sync::{Mutex, lock};
use crate::trace::{self, Origin};
use std::io;
use std::sync::Arc;

/// Why an fd has moved.
const ENDED: &str = "its reactor has ended";
const REFUSED: &str = "it cannot be registered there";
const STUCK: &str = "its reactor cannot report the next event";

const CLOSED: Ready = Ready(Ready::READ_CLOSED.0 | Ready::WRITE_CLOSED.0);
const CLOSED_OR_ERROR: Ready = Ready(CLOSED.0 | Ready::ERROR.0);

impl Reactor {
    /// Registers the fd of an object.
    ///
    /// # Errors
    /// Returns the object with the error.
    pub(crate) fn register<T: AsSource>(
        &self,
        object: T,
        interest: Interest,
    ) -> Result<Registration<T>, (T, io::Error)> {
        let now = interest.eager();
        let reactor = self.clone();
        register_by(object, interest, now, Origin::UNKNOWN, |fd, io| {
            reactor.attach_here(fd, interest, now, io)
        })
    }

    /// Like [`register`](Self::register), but with the next reactor if this one has shut down. Registers the fd for
    /// `now`; the rest of `interest` is registered by the first wait for it.
    pub(crate) fn register_or_next<T: AsSource>(
        self,
        object: T,
        interest: Interest,
        now: Interest,
        created: Origin,
    ) -> Result<Registration<T>, (T, io::Error)> {
        let registered = register_by(object, interest, now, created, |fd, io| {
            let (attached, refused_by) = self.attach_or_next(fd, interest, now, io, || Ok(()))?;
            if let Some(from) = refused_by {
                let to = attached.reactor.name();
                trace::fd_moved(source::raw(fd), from, to, REFUSED, created);
            }
            Ok(attached)
        });
        trace::emit_pending();
        registered
    }

    /// Like [`register_or_next`](Self::register_or_next), for a connection: the first wait registers it. So it is not lost if
    /// that fails (then each wait tries it again, and returns the error), and a short one may end unregistered.
    pub(crate) fn register_later<T: AsSource>(
        self,
        object: T,
        interest: Interest,
        created: Origin,
    ) -> Registration<T> {
        let reactor = self.select_for(interest);
        let io = new_io(interest);
        io.attach(reactor.kind(), Interest::NONE);
        io.mark_shut_down();
        let (backend, counted) = (Backend::Unregistered, CountedFd::NONE);
        let attached = Attached { reactor, backend, interest, must_move: false, counted };
        Registration::new(object, io, attached, created)
    }

    /// Registers an fd with this reactor.
    fn attach_here(
        self,
        fd: BorrowedSource<'_>,
        interest: Interest,
        now: Interest,
        io: &Arc<ScheduledIo>,
    ) -> io::Result<Attached> {
        match self.attach(fd, now, io) {
            Ok(backend) => Ok(Attached::new(self, backend, interest)),
            Err(err) => Err(cannot_register(&err, fd, self.name())),
        }
    }

    /// Registers an fd with the first reactor, from this one on, that can watch it. Calls `before_builtin` if that
    /// is the builtin one. Also returns the name of the reactor that had been selected, if another one watches the fd.
    fn attach_or_next(
        self,
        fd: BorrowedSource<'_>,
        interest: Interest,
        now: Interest,
        io: &Arc<ScheduledIo>,
        before_builtin: fn() -> io::Result<()>,
    ) -> io::Result<(Attached, Option<&'static str>)> {
        let mut reactor = self.select_for(interest);
        let mut refused_by = None;
        loop {
            if matches!(reactor.0, Kind::Builtin) {
                before_builtin()?;
            }
            let err = match reactor.attach(fd, now, io) {
                Ok(backend) => return Ok((Attached::new(reactor, backend, interest), refused_by)),
                Err(err) => err,
            };
            match reactor.next_after(&err) {
                Some(next) => {
                    refused_by.get_or_insert(reactor.name());
                    reactor = next;
                }
                None => return Err(cannot_register(&err, fd, reactor.name())),
            }
        }
    }

    /// Registers an fd for `now`. The caller then calls `Attached::activate`.
    fn attach(
        &self,
        fd: BorrowedSource<'_>,
        now: Interest,
        io: &Arc<ScheduledIo>,
    ) -> io::Result<Backend> {
        builtin::check_kind(fd)?;
        match &self.0 {
            Kind::Builtin => builtin::register(fd, now, io).map(Backend::Builtin),
            Kind::Tokio(handle) => tokio::register(handle, fd, now, io).map(Backend::Tokio),
            Kind::AsyncIo(handle) => async_io::register(handle, fd, io).map(Backend::AsyncIo),
        }
    }

    fn kind(&self) -> BackendKind {
        match self.0 {
            Kind::Builtin => BackendKind::Builtin,
            Kind::Tokio(_) => tokio::KIND,
            Kind::AsyncIo(_) => BackendKind::Oneshot,
        }
    }

    /// The reactor to use if this one failed to register an fd with `err`, because it has shut down, or because no fd is
    /// left for the duplicate that async-io needs. The builtin reactor needs none.
    fn next_after(&self, err: &io::Error) -> Option<Reactor> {
        match &self.0 {
            Kind::Tokio(handle) if tokio::is_shut_down(handle, err) => {
                Some(async_io::reactor().unwrap_or_else(Reactor::builtin))
            }
            Kind::AsyncIo(_) if is_out_of_fds(err) => Some(Reactor::builtin()),
            _ => None,
        }
    }
}

fn register_by<T: AsSource>(
    object: T,
    interest: Interest,
    now: Interest,
    created: Origin,
    attach: impl FnOnce(BorrowedSource<'_>, &Arc<ScheduledIo>) -> io::Result<Attached>,
) -> Result<Registration<T>, (T, io::Error)> {
    let io = new_io(interest);
    match attach(source::borrow(&object), &io) {
        Ok(attached) => {
            attached.activate(&io, now);
            Ok(Registration::new(object, io, attached, created))
        }
        Err(err) => Err((object, err)),
    }
}

fn new_io(interest: Interest) -> Arc<ScheduledIo> {
    let io = Arc::new(ScheduledIo::default());
    if interest.is_with_urgent() {
        // Before the first event, which may report urgent data.
        io.allow_short_reads();
    }
    io
}

impl Attached {
    /// An fd that is registered with `reactor`, and is to be registered for `interest`.
    fn new(reactor: Reactor, backend: Backend, interest: Interest) -> Attached {
        let counted = CountedFd::new(reactor.name());
        Attached { reactor, backend, interest, must_move: false, counted }
    }

    /// Waits use this registration from here on. The fd is registered for `now`.
    fn activate(&self, io: &ScheduledIo, now: Interest) {
        match self.backend {
            // A oneshot registration may have reported its event already.
            Backend::Builtin(_) if builtin::IS_ONESHOT => {
                io.attach(BackendKind::Builtin, Interest::NONE);
            }
            Backend::Builtin(_) => io.attach(BackendKind::Builtin, now | Interest::ERROR),
            // Without a wait no waker is stored with these reactors, so they report nothing yet, not even a hang-up or
            // the shutdown of the runtime. The first wait in a direction registers it.
            Backend::Tokio(_) => io.attach(tokio::KIND, Interest::NONE),
            Backend::AsyncIo(_) => io.attach(BackendKind::Oneshot, Interest::NONE),
            Backend::Detached | Backend::Unregistered => {}
        }
    }

    /// Deregisters the fd. In the child of a fork, it only closes the duplicate of the fd that async-io owns.
    pub(super) fn detach(&mut self, fd: BorrowedSource<'_>, process: &Process) {
        if let Backend::Unregistered = self.backend {
            return;
        }
        let backend = std::mem::replace(&mut self.backend, Backend::Detached);
        self.counted = CountedFd::NONE;
        if process.forked() {
            match backend {
                Backend::AsyncIo(registration) => registration.close_in_child(fd),
                Backend::Tokio(registration) => registration.forget_in_child(),
                Backend::Builtin(_) | Backend::Detached | Backend::Unregistered => {}
            }
            return;
        }
        match backend {
            Backend::Builtin(registration) => registration.deregister(fd),
            Backend::Tokio(registration) => registration.deregister(fd),
            // The drop of the registration deregisters its duplicate of the fd.
            Backend::AsyncIo(_) | Backend::Detached | Backend::Unregistered => {}
        }
    }
}

impl<T: AsSource> Registration<T> {
    fn new(
        object: T,
        io: Arc<ScheduledIo>,
        attached: Attached,
        created: Origin,
    ) -> Registration<T> {
        let attached = Mutex::new(attached);
        Registration { io, attached, process: Process::current(), created, object: Some(object) }
    }

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

    /// Whether [`clear_and_check`](Self::clear_and_check) is necessary: a hang-up is cleared, or an error that tokio
    /// would report as a hang-up. A oneshot registration does not tell them from data, and may report them again and
    /// again. There, events are checked for which no operation has succeeded, and of those half: an unchecked one only costs
    /// one more attempt. Of four in a row it is the first two, so that a task that gets every second event is checked too.
    pub(super) fn must_check(&self, event: ReadyEvent, cleared: Ready) -> bool {
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
    pub(super) fn clear_and_check(&self, event: ReadyEvent, cleared: Ready, tried: bool) {
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
