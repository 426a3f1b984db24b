//! async-io: the reactor that smol and async-std share. It runs on a thread of its own or inside
//! `smol::block_on`, whichever waits; no thread is ours.
//!
//! It reports one event a question, level-triggered: after an event it says nothing until asked
//! again. So a waiter that finds no readiness asks, unless somebody has asked already.
//!
//! # Invariants
//! - The source is told before async-io is asked, and by its answer that it has to be asked again. So it is
//!   never asked twice for one event, and a waiter that finds it asked can rely on the answer to wake it.
//! - async-io owns a duplicate of the fd. So the user's object can be borrowed mutably, and even be
//!   exchanged, while it is watched.

use super::interest::Interest;
use super::probe::catch_probe;
use super::scheduled_io::{Direction, ScheduledIo};
use crate::fork::Process;
use async_io::Async;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

/// Keeps an fd registered.
#[derive(Debug)]
pub(crate) struct Watch {
    io: Async<OwnedFd>,
    source: Arc<ScheduledIo>,
    answers: [Waker; 2],
}

struct Answer {
    source: Arc<ScheduledIo>,
    direction: Direction,
}

impl Wake for Answer {
    fn wake(self: Arc<Self>) {
        self.source.complete_oneshot(self.direction);
    }
}

pub(crate) fn watch(fd: BorrowedFd<'_>, source: &Arc<ScheduledIo>) -> io::Result<Watch> {
    start(fd)?;
    let io = Async::new_nonblocking(fd.try_clone_to_owned()?)?;
    let answers = Direction::BOTH
        .map(|direction| Waker::from(Arc::new(Answer { source: source.clone(), direction })));
    Ok(Watch { io, source: source.clone(), answers })
}

/// Where it was started, and whether it serves. If it panicked, its thread may have done so too, which it starts but
/// once.
static STARTED: OnceLock<(Process, bool)> = OnceLock::new();

/// Whether it can be used, as far as is known. Not so in the child of a fork: its thread is not there, and its fds
/// are the parent's too.
pub(crate) fn can_serve() -> bool {
    STARTED.get().is_none_or(|(process, serves)| *serves && !process.forked())
}

/// async-io panics if it cannot have what it starts with: a thread, an epoll instance, an eventfd, a
/// timerfd. So before its first use, see whether as much is to be had, and then whether it starts.
fn start(fd: BorrowedFd<'_>) -> io::Result<()> {
    if !can_serve() {
        return Err(io::Error::other("async-io failed to start, or did so before a fork"));
    }
    if STARTED.get().is_some() {
        return Ok(());
    }
    let fds = [(); 4].map(|()| fd.try_clone_to_owned());
    fds.into_iter().collect::<io::Result<Vec<_>>>()?;
    let _ = std::thread::Builder::new().spawn(|| {})?.join();
    // Where panics abort, or the hook cannot be changed, it has to be trusted.
    let can_try = cfg!(panic = "unwind") && !std::thread::panicking();
    let serves = !can_try || catch_probe(|| drop(Async::new_nonblocking(fd)));
    let _ = STARTED.set((Process::current(), serves));
    if serves { Ok(()) } else { start(fd) }
}

impl Watch {
    /// Asks for the next events in the directions of `interest`, where nobody has yet.
    ///
    /// # Errors
    /// If async-io cannot watch the fd any more. The source is to be told: those who wait rely on this
    /// question.
    pub(crate) fn ask(&self, interest: Interest) -> io::Result<()> {
        for direction in Direction::BOTH {
            let wanted = match direction {
                Direction::Read => interest.is_readable(),
                Direction::Write => interest.is_writable(),
            };
            if !wanted || !self.source.should_register(direction.interest()) {
                continue;
            }
            let cx = &mut Context::from_waker(&self.answers[direction as usize]);
            // The first answer may be about the event that is already known. Passing it over loses
            // nothing: asked anew, async-io looks at the fd as it is then.
            while let Poll::Ready(answer) = match direction {
                Direction::Read => self.io.poll_readable(cx),
                Direction::Write => self.io.poll_writable(cx),
            } {
                answer?;
            }
        }
        Ok(())
    }
}
