//! Reactors: they watch file descriptors, and wake tasks when an fd becomes ready.
//!
//! dormouse selects the reactor at run time: for a sleep when it is polled, for an [`AsyncFd`](crate::io::AsyncFd) or a
//! socket when it is created. The first row that applies decides:
//!
//! | with the feature | inside | the reactor is |
//! |---|---|---|
//! | | [`dormouse::block_on`](crate::block_on()) | the builtin reactor |
//! | `tokio` | a tokio runtime with I/O (`enable_io`, `enable_all`, `#[tokio::main]`) | that of the runtime |
//! | `smol` | any executor: a tokio runtime without I/O, smol, async-std, async-executor, futures-rs, pollster, your own `block_on` | async-io |
//! | | any executor | the builtin reactor |
//!
//! If a tokio runtime shuts down, sleeps that are still pending move to another reactor and are woken on time, and fds move
//! at the next wait: see [`AsyncFd`](crate::io::AsyncFd#reactor), also for other moves. To choose the reactor explicitly, use
//! [`Reactor`] and [`AsyncFd::new_on`](crate::io::AsyncFd::new_on).
//!
//! The builtin reactor is polled by [`dormouse::block_on`](crate::block_on()#threads) itself, so on Linux a program that uses
//! nothing else has a single thread. When a task waits elsewhere, the reactor starts a thread of its own, named `dormouse`,
//! on the processors of the main thread, and with all signals blocked except those that it causes itself, such as `SIGSEGV`.
//!
//! [JavaScript hosts](crate::platform#javascript-hosts) do not have this module.

// Only this module, `timer` and `coop` depend on the executor that runs the caller. The modules above them see fds and
// wakers.

mod builtin;
mod error;
pub(crate) mod interest;
pub(crate) mod ready;
mod registration;
mod scheduled_io;
mod short_read;

#[cfg_attr(not(feature = "smol"), path = "reactor/async_io/absent.rs")]
mod async_io;
#[cfg(any(feature = "smol", all(feature = "tokio", windows)))]
mod oneshot;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
mod priority;
#[cfg_attr(not(feature = "tokio"), path = "reactor/tokio/absent.rs")]
mod tokio;

pub(crate) use async_io::reactor as async_io_reactor;
#[cfg(feature = "test-util")]
pub(crate) use builtin::flush_events;
#[cfg(feature = "stats")]
pub(crate) use builtin::has_thread;
#[cfg(all(
    any(feature = "task", feature = "dns", all(feature = "process", windows)),
    not(loom)
))]
pub(crate) use builtin::spawn::use_processors_of_main_thread;
pub(crate) use builtin::{
    Parker, PollOrPark, note_waiter, start, start_with_hook, wake_or_defer, wake_thread,
};
pub(crate) use error::cannot;
pub(crate) use registration::{Registration, WaitError};
pub(crate) use scheduled_io::{Direction, ReadyEvent, WaiterSlot};
#[cfg(feature = "tokio")]
pub(crate) use tokio::{registered_runtimes, tokio_reactor};

pub(crate) use interest::Interest;
pub(crate) use ready::Ready;

use crate::context;
use scheduled_io::{ScheduledIo, ShutDown};
use std::fmt;

/// Watches file descriptors: the builtin reactor, a tokio runtime's, or async-io's.
///
/// It is chosen at run time, for each object: see [`current`](Reactor::current). To choose one
/// explicitly, pass a reactor to [`AsyncFd::new_on`](crate::io::AsyncFd::new_on).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, Interest};
/// use dormouse::reactor::Reactor;
/// use std::os::unix::net::UnixStream;
///
/// let (ours, _theirs) = UnixStream::pair()?;
/// let both = Interest::READABLE | Interest::WRITABLE;
/// let ours = AsyncFd::new_on(&Reactor::builtin(), ours, both)?;
/// assert_eq!(ours.reactor().name(), "builtin");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reactor(Kind);

/// The `Handle` of a feature that is off is an uninhabited type.
#[derive(Clone)]
enum Kind {
    Builtin,
    Tokio(tokio::Handle),
    AsyncIo(async_io::Handle),
}

impl Reactor {
    /// The reactor for the calling code. Within [`block_on`](crate::block_on) and `VirtualTime::block_on` it is the
    /// builtin one. Elsewhere it is the first of these:
    ///
    /// 1. the tokio runtime that the caller is inside, if it has I/O enabled (feature `tokio`). A program compiled with
    ///    `panic = "abort"` cannot find that out, and uses the runtime anyway: see [`tokio`](Self#method.tokio);
    /// 2. async-io, the reactor of smol and async-std (feature `smol`);
    /// 3. the builtin reactor.
    ///
    /// Never fails, never panics, and starts nothing. (On a tokio runtime without I/O, the panic hook of the program sees
    /// one panic, which dormouse catches: tokio has no other sign that I/O is not enabled.)
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// println!("fds are watched by {}", Reactor::current().name());
    /// ```
    pub fn current() -> Reactor {
        if context::in_block_on() {
            return Reactor::builtin();
        }
        tokio::reactor().or_else(async_io::reactor).unwrap_or_else(Reactor::builtin)
    }

    /// The reactor that needs no executor. Its thread, named `dormouse`, starts when a task waits outside of
    /// [`block_on`](crate::block_on()), which polls the reactor itself.
    ///
    /// ```
    /// use dormouse::reactor::Reactor;
    /// assert_eq!(Reactor::builtin().name(), "builtin");
    /// ```
    pub fn builtin() -> Reactor {
        Reactor(Kind::Builtin)
    }

    /// `"builtin"`, `"tokio"` or `"async-io"`.
    ///
    /// ```
    /// assert_eq!(dormouse::reactor::Reactor::builtin().name(), "builtin");
    /// ```
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kind::Builtin => "builtin",
            Kind::Tokio(_) => "tokio",
            Kind::AsyncIo(_) => "async-io",
        }
    }

    /// This reactor, or the builtin one if `interest` includes what only the builtin one supports.
    pub(crate) fn select_for(self, interest: Interest) -> Reactor {
        if interest.needs_builtin() { Reactor::builtin() } else { self }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reactor").field(&self.name()).finish()
    }
}
