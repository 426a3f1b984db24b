//! Signals of Unix: [`signal`](signal()) listens to one.
//!
//! Each listener has a flag and a pair of sockets. A handler of the crate signal-hook, which may run in any thread and at
//! any instruction, sets the flag and sends a datagram. It makes the other socket readable, and so wakes the task.
//!
//! # Invariants
//! - No signal is lost. The handler: (1) sets the flag, (2) sends a datagram. A poll: (1) receives a datagram, or stores the
//!   waker if there is none, (2) takes the flag; and repeats both until it has a flag or has stored the waker. If the flag is
//!   set after it was taken, the datagram follows the stored waker, or the next poll receives it. If there is no room for it,
//!   the socket is readable already.
//! - A child of `fork` inherits the handler and the socket that it sends from, but the flag is a copy. So a signal to the
//!   child wakes a task of the parent, which finds no flag and waits again.
//! - A child does not read the datagrams of its parent. To drop an inherited listener, it does not wait for the lock of
//!   signal-hook, which a thread of the parent may have held: it leaves the inherited handlers where they are. (A new
//!   listener does take that lock.)
//! - A handler raises no `SIGPIPE` when the other socket is closed, as it is in a child that has dropped an inherited
//!   listener, as soon as its parent has dropped it too. That is why the sockets are those of datagrams: a send fails.

use crate::fork::Process;
use crate::io::{AsyncFd, Interest};
use crate::stdio::above_stdio;
use signal_hook::consts;
use signal_hook::{SigId, flag, low_level};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::raw::c_int;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// A signal of the system, by its number.
///
/// ```
/// use dormouse::signal::unix::SignalKind;
/// assert_eq!(SignalKind::terminate(), SignalKind::from_raw(15));
/// ```
#[doc(alias = "SIGINT")]
#[doc(alias = "SIGHUP")]
#[doc(alias = "SIGTERM")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

impl SignalKind {
    /// Any signal.
    ///
    /// ```
    /// use dormouse::signal::unix::SignalKind;
    /// let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
    /// # let _ = continued;
    /// ```
    pub const fn from_raw(signal: c_int) -> SignalKind {
        SignalKind(signal)
    }

    /// The number of the signal.
    ///
    /// ```
    /// use dormouse::signal::unix::SignalKind;
    /// assert_eq!(SignalKind::hangup().as_raw_value(), 1);
    /// ```
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }
}

macro_rules! kinds {
    ($($(#[$cfg:meta])? $name:ident $signal:ident, $sent:literal;)*) => {
        impl SignalKind {$(
            #[doc = concat!("`", stringify!($signal), "`: ", $sent, ".")]
            #[doc = ""]
            #[doc = "```"]
            #[doc = "use dormouse::signal::unix::{SignalKind, signal};"]
            #[doc = "# fn main() -> std::io::Result<()> {"]
            #[doc = concat!("let signals = signal(SignalKind::", stringify!($name), "())?;")]
            #[doc = "# let _ = signals;"]
            #[doc = "# Ok(())"]
            #[doc = "# }"]
            #[doc = "```"]
            $(#[$cfg])?
            pub const fn $name() -> SignalKind {
                SignalKind(consts::$signal)
            }
        )*}
    };
}

kinds! {
    alarm SIGALRM, "a timer of alarm(2) or setitimer(2) has expired";
    child SIGCHLD, "a child process has ended, or was stopped or continued";
    hangup SIGHUP, "the terminal was closed; to daemons, a request to read their configuration again";
    #[cfg(any(
        target_os = "macos",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "netbsd",
        target_os = "openbsd"
    ))]
    info SIGINFO, "a request of the terminal to print what the program is doing";
    interrupt SIGINT, "ctrl-c";
    io SIGIO, "an fd is ready for I/O";
    pipe SIGPIPE, "a write to a pipe or socket without a reader";
    quit SIGQUIT, "ctrl-\\\\";
    terminate SIGTERM, "a request to end";
    user_defined1 SIGUSR1, "for any purpose of the program";
    user_defined2 SIGUSR2, "for any purpose of the program";
    window_change SIGWINCH, "the size of the terminal has changed";
}

impl From<c_int> for SignalKind {
    fn from(signal: c_int) -> SignalKind {
        SignalKind(signal)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> c_int {
        kind.0
    }
}

/// Listens to a signal, from this call on.
///
/// From then on, the signal does not have its default effect, such as to end the program, even after the [`Signal`] is
/// dropped, as in tokio. Any number of listeners can be created; each of them gets each signal.
///
/// ```
/// use dormouse::signal::unix::{SignalKind, signal};
///
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// let mut hangups = signal(SignalKind::hangup())?;
/// # let process = rustix::process::getpid();
/// # rustix::process::kill_process(process, rustix::process::Signal::HUP)?;
/// loop {
///     hangups.recv().await;
///     println!("reading the configuration again");
/// #   return Ok(());
/// }
/// # })
/// # }
/// ```
///
/// # Errors
/// `InvalidInput` for `SIGKILL` and `SIGSTOP`, which the system does not let a program catch; for `SIGSEGV`, `SIGILL` and
/// `SIGFPE`, which signal-hook refuses, because the program cannot go on after its own fault; and for a number that is
/// no signal. If the process has too many fds (a listener takes two), or one cannot be registered: see
/// [`AsyncFd`](AsyncFd#errors).
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let number = kind.0;
    // signal-hook panics on these.
    if number <= 0 || consts::FORBIDDEN.contains(&number) {
        let name = low_level::signal_name(number).unwrap_or("no signal");
        let message = format!("signal {number} ({name}) cannot be caught");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let (receiver, sender) = socket_pair()?;
    let receiver = AsyncFd::with_interest(receiver, Interest::READABLE)?;
    let listener = Listener::register(number, sender).map_err(|err| {
        io::Error::new(err.kind(), format!("cannot listen to signal {number}: {err}"))
    })?;
    Ok(Signal { kind, listener, receiver })
}

fn socket_pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
    let (receiver, sender) = UnixDatagram::pair()?;
    Ok((above_stdio(receiver.into())?.into(), above_stdio(sender.into())?.into()))
}

/// Listens to a signal. Returned by [`signal`](signal()).
///
/// With the feature `stream`, it implements `futures_core::Stream`.
///
/// ```
/// use dormouse::signal::unix::{Signal, SignalKind, signal};
/// # fn main() -> std::io::Result<()> {
/// let resizes: Signal = signal(SignalKind::window_change())?;
/// # let _ = resizes;
/// # Ok(())
/// # }
/// ```
///
/// # Several signals at a time
/// A signal that comes again before it was received is one signal, as for a handler of the system: call
/// [`recv`](Self::recv), and then do all that there is to do.
///
/// # `fork`
/// A child of `fork` listens anew. A listener that it has inherited receives nothing, and one of the parent receives no
/// signal that was sent to the child.
///
/// To listen, a child waits for ever if at the time of the fork another thread of the parent began or ended listening, or
/// ran a handler. A program that forks without an exec avoids that if it forks before it listens.
#[must_use = "signals are received only by `recv`"]
pub struct Signal {
    kind: SignalKind,
    listener: Listener,
    receiver: AsyncFd<UnixDatagram>,
}

impl Signal {
    /// Waits for the signal. It is received if it was sent after the call of [`signal`](signal()), and after the last
    /// `recv` was complete.
    ///
    /// Returns `None` only if the signal cannot be received: in a child of `fork` that has inherited the listener, and if
    /// no reactor can wait for it.
    ///
    /// ```
    /// use dormouse::signal::unix::{SignalKind, signal};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// let mut requests = signal(SignalKind::user_defined1())?;
    /// let process = rustix::process::getpid();
    /// rustix::process::kill_process(process, rustix::process::Signal::USR1)?;
    /// assert_eq!(requests.recv().await, Some(()));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal: the next call receives it.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for the signal, for use in a manual `Future` impl. Only the last task that called this method is woken.
    ///
    /// ```
    /// use dormouse::signal::unix::{SignalKind, signal};
    /// use std::task::{Context, Waker};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut requests = signal(SignalKind::user_defined2())?;
    /// let cx = &mut Context::from_waker(Waker::noop());
    /// assert!(requests.poll_recv(cx).is_pending());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        if self.listener.process.forked() {
            return Poll::Ready(None);
        }
        loop {
            let read = self.receiver.poll_read_with(cx, |socket| socket.recv(&mut [0; 1]));
            if self.listener.caught.swap(false, Ordering::SeqCst) {
                return Poll::Ready(Some(()));
            }
            match read {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                // signal-hook also sends an empty one, when it takes the socket.
                Poll::Ready(Ok(_)) => {}
            }
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for Signal {
    type Item = ();

    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.get_mut().poll_recv(cx)
    }
}

/// The actions of a listener in the handler of its signal. They are called in this order.
struct Listener {
    /// Whether the signal was caught since it was received.
    caught: Arc<AtomicBool>,
    sets_flag: SigId,
    wakes: Option<SigId>,
    process: Process,
}

impl Listener {
    fn register(signal: c_int, sender: UnixDatagram) -> io::Result<Listener> {
        let caught = Arc::new(AtomicBool::new(false));
        let sets_flag = flag::register(signal, caught.clone())?;
        let mut listener = Listener { caught, sets_flag, wakes: None, process: Process::current() };
        listener.wakes = Some(low_level::pipe::register(signal, sender)?);
        Ok(listener)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.process.forked() {
            return;
        }
        low_level::unregister(self.sets_flag);
        self.wakes.into_iter().for_each(|id| {
            low_level::unregister(id);
        });
    }
}
