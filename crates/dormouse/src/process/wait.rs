//! Waiting for the end of a child.
//!
//! # Invariants
//! - No end is missed. A wait: (1) opens the pidfd or listens to `SIGCHLD`, (2) checks the child, (3) waits. The child:
//!   (1) ends, (2) makes the pidfd readable or sends the signal. So either the check finds the end, or the event follows it.
//! - The pidfd is that of the child. The child is checked before and after it is opened: if it has not been reaped by then,
//!   its number has belonged to it all the time.
//! - A wait does not depend on `SIGCHLD` alone: see [`CHECK_EVERY`].

use super::pidfd;
use crate::io::{AsyncFd, Interest};
use crate::signal::unix::{SignalKind, signal};
use crate::time::sleep_in_real_time;
use rustix::io::Errno;
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::process::{Child, ExitStatus};
use std::task::Poll;
use std::time::Duration;

/// How often a child without a pidfd is checked if no `SIGCHLD` is caught: all threads may block it.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Waits until a child that std has spawned ends, and returns its exit status.
///
/// As [`std::process::Child::wait`], it closes the stdin of the child first. The exit status stays in the child: a second
/// call returns it at once.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::process::Command;
///
/// # dormouse::block_on(async {
/// let mut child = Command::new("true").spawn()?;
/// assert!(dormouse::process::wait(&mut child).await?.success());
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// If the child was reaped by other code, or by the system because the program ignores `SIGCHLD`: then its exit status is
/// lost. If the process has too many fds, or one cannot be registered: see [`AsyncFd`](AsyncFd#errors).
///
/// # Cancel safety
/// Dropping the future changes nothing: the child goes on to run, and can be waited for again.
pub async fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    drop(child.stdin.take());
    if let Some(status) = check(child)? {
        return Ok(status);
    }
    match pidfd::open(child) {
        Some(pidfd) => wait_for_pidfd(child, pidfd).await,
        None => wait_for_signal(child).await,
    }
}

async fn wait_for_pidfd(child: &mut Child, pidfd: OwnedFd) -> io::Result<ExitStatus> {
    let pidfd = AsyncFd::with_interest(pidfd, Interest::READABLE)?;
    let ended = |_: &OwnedFd| check(child)?.ok_or_else(|| io::ErrorKind::WouldBlock.into());
    pidfd.async_io(Interest::READABLE, ended).await
}

async fn wait_for_signal(child: &mut Child) -> io::Result<ExitStatus> {
    let mut ended = signal(SignalKind::child())?;
    loop {
        if let Some(status) = check(child)? {
            return Ok(status);
        }
        let mut pause = pin!(sleep_in_real_time(CHECK_EVERY));
        let received = poll_fn(|cx| match ended.poll_recv(cx) {
            Poll::Pending => pause.as_mut().poll(cx).map(Some),
            received => received,
        });
        if received.await.is_none() {
            return Err(io::Error::other("no reactor can wait for the signal SIGCHLD"));
        }
    }
}

pub(super) fn check(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    child.try_wait().map_err(|err| match Errno::from_io_error(&err) {
        Some(Errno::CHILD) => {
            let message = format!(
                "the exit status of the child {} is lost: other code has reaped it, or the program ignores SIGCHLD",
                child.id()
            );
            io::Error::new(io::ErrorKind::NotFound, message)
        }
        _ => err,
    })
}
