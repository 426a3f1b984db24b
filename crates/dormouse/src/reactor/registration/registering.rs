//! How an fd is registered with a reactor, and deregistered. A connection is left unregistered: its first wait
//! registers it ([`moving`](super::moving)).

use super::{Attached, Backend, Registration};
use crate::fork::Process;
use crate::reactor::error::{cannot_register, is_out_of_fds};
use crate::reactor::scheduled_io::BackendKind;
use crate::reactor::{Interest, Kind, Reactor, ScheduledIo, async_io, builtin, tokio};
use crate::source::{self, AsSource, BorrowedSource};
use crate::stats::CountedFd;
use crate::trace::{self, Origin};
use std::io;
use std::sync::Arc;

/// Why an fd is not registered with the reactor that was selected.
pub(super) const REFUSED: &str = "it cannot be registered there";

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
        // So operations are tried, and each wait registers the fd first.
        io.mark_shut_down();
        let (backend, counted) = (Backend::Unregistered, CountedFd::NONE);
        let attached = Attached { reactor, backend, interest, must_move: false, counted };
        Registration::new(object, io, attached, created)
    }

    /// Registers an fd with this reactor.
    pub(super) fn attach_here(
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
    pub(super) fn attach_or_next(
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
    pub(super) fn attach(
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
    pub(super) fn next_after(&self, err: &io::Error) -> Option<Reactor> {
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
    pub(super) fn new(reactor: Reactor, backend: Backend, interest: Interest) -> Attached {
        let counted = CountedFd::new(reactor.name());
        Attached { reactor, backend, interest, must_move: false, counted }
    }

    /// Waits use this registration from here on. The fd is registered for `now`.
    pub(super) fn activate(&self, io: &ScheduledIo, now: Interest) {
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
