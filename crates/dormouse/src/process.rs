//! Child processes, on any executor. With the feature `process`.
//!
//! A command is std's [`Command`]. [`output`] and [`status`] run it to its end. On Unix, [`spawn`] returns a [`Child`] with
//! asynchronous pipes, and [`wait`] waits for a child that std has spawned.
//! [JavaScript hosts](crate::platform#javascript-hosts) do not have this module.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::process::Command;
//!
//! # dormouse::block_on(async {
//! let output = dormouse::process::output(Command::new("echo").arg("hello")).await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Lines, and a time limit
//! The pipes implement `AsyncRead` and `AsyncWrite` of futures and tokio, as
//! [all streams](crate::io#reading-and-writing) do, so the `BufReader` of either crate reads lines. A child that should not
//! outlive the future that waits for it needs [`kill_on_drop`](Child::kill_on_drop).
//!
//! ```
//! # #[cfg(feature = "futures-io")]
//! # fn main() -> std::io::Result<()> {
//! use dormouse::{process, timeout};
//! use futures::io::{AsyncBufReadExt, BufReader};
//! use std::io;
//! use std::process::{Command, Stdio};
//! use std::time::Duration;
//!
//! async fn print_log(command: &mut Command) -> io::Result<()> {
//!     let mut child = process::spawn(command.stdout(Stdio::piped()))?.kill_on_drop(true);
//!     let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
//!     let mut line = String::new();
//!     while stdout.read_line(&mut line).await? > 0 {
//!         print!("{line}");
//!         line.clear();
//!     }
//!     println!("{}", child.wait().await?);
//!     Ok(())
//! }
//!
//! # dormouse::block_on(async {
//! let mut endless = Command::new("sh");
//! endless.args(["-c", "echo ready; exec sleep 1000"]);
//! // Drops the future, and so kills the child.
//! assert!(timeout(Duration::from_millis(100), print_log(&mut endless)).await.is_err());
//! # Ok(())
//! # })
//! # }
//! # #[cfg(not(feature = "futures-io"))]
//! # fn main() {}
//! ```
//!
//! # Children of the child
//! Only the child is killed. What it has started goes on: without the `exec` above, `sleep` would. To end them all, give
//! the child a process group of its own, and send the signal to the group:
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use rustix::process::{Pid, Signal, kill_process_group};
//! use std::os::unix::process::CommandExt;
//! use std::process::Command;
//!
//! # dormouse::block_on(async {
//! let mut command = Command::new("sh");
//! command.args(["-c", "sleep 1000; sleep 1000"]).process_group(0);
//! let mut child = dormouse::process::spawn(&mut command)?;
//!
//! let group = child.id().and_then(|id| Pid::from_raw(id as i32)).expect("it has not been waited for");
//! kill_process_group(group, Signal::KILL)?;
//! child.wait().await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! Then ctrl-c in the terminal does not reach the child: it is sent to the group of the program.
//!
//! # How it waits
//! On Linux, a pidfd of the child becomes readable when the child has ended. On other systems, on Linux before 5.3, and in a
//! sandbox that refuses pidfd_open(2), a [listener](crate::signal::unix::signal()) to `SIGCHLD` reports that some child has
//! ended. In case the program blocks that signal in each thread, or another handler takes it, the child is checked each
//! second too.
//!
//! The exit status comes from std's [`try_wait`](std::process::Child::try_wait), which waits for this one child. No child of
//! other code is reaped.
//!
//! On Windows, `output` and `status` wait on a thread that may block, one for each child, and up to 512 at a time. There is
//! no more, because std's pipes of a child, and a wait for it that returns early, need unsafe code there.
//!
//! # Standard streams
//! Of a stream that is [`piped`](std::process::Stdio::piped), this process has a non-blocking end on Unix, and the child a
//! blocking one. A stream that the child inherits, or shares with this process, stays blocking: nothing is set on it.
//!
//! # Children that are not waited for
//! As with std, a [`Child`] that is dropped goes on to run, unless [`kill_on_drop`](Child::kill_on_drop) is set. When it has
//! ended, it remains as a zombie until this module is used again: each call of `spawn`, `output` and `status`, and each drop
//! of a `Child`, reaps those that have ended by then.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod orphans;
#[cfg(unix)]
#[cfg_attr(all(target_os = "linux", not(dormouse_portable)), path = "process/pidfd/linux.rs")]
#[cfg_attr(any(dormouse_portable, not(target_os = "linux")), path = "process/pidfd/absent.rs")]
mod pidfd;
#[cfg_attr(unix, path = "process/run/unix.rs")]
#[cfg_attr(windows, path = "process/run/windows.rs")]
mod run;
#[cfg(unix)]
mod wait;

#[cfg(unix)]
pub use child::{Child, spawn};
#[cfg(unix)]
pub use wait::wait;

use std::io;
use std::process::{Command, ExitStatus, Output, Stdio};

/// Runs a command to its end, and returns its exit status.
///
/// As in tokio, a stream that the command makes a pipe is closed at once, because nothing would read or write it.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::process::Command;
///
/// # dormouse::block_on(async {
/// let status = dormouse::process::status(Command::new("sh").args(["-c", "exit 3"])).await?;
/// assert_eq!(status.code(), Some(3));
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// Those of [`spawn`] and of [`Child::wait`]. On Windows, those of std's [`Command::status`], and if no thread can be
/// started: then the command goes on to run.
///
/// # Cancel safety
/// The first poll starts the command. If the future is dropped after that, the command goes on to run. To kill it then, use
/// [`spawn`] with [`Child::kill_on_drop`] (Unix).
pub async fn status(command: &mut Command) -> io::Result<ExitStatus> {
    run::status(command).await
}

/// Runs a command to its end, and returns its exit status and all that it has written to stdout and stderr.
///
/// As in tokio, both become pipes, whatever the command says, and stdin is inherited unless the command says otherwise.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::{process, timeout};
/// use std::process::Command;
/// use std::time::Duration;
///
/// # dormouse::block_on(async {
/// let mut command = Command::new("sh");
/// command.args(["-c", "echo out; echo err >&2"]);
/// // A command that takes longer goes on to run: see "Cancel safety".
/// let output = timeout(Duration::from_secs(30), process::output(&mut command)).await??;
/// assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], &b"err\n"[..]));
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// Those of [`spawn`] and of [`Child::wait_with_output`]. On Windows, those of std's [`Command::output`], and if no thread
/// can be started: then the command goes on to run.
///
/// # Cancel safety
/// As for [`status`]. On Unix the pipes are closed, so a command that writes on is ended by `SIGPIPE`.
pub async fn output(command: &mut Command) -> io::Result<Output> {
    run::output(command.stdout(Stdio::piped()).stderr(Stdio::piped())).await
}
