//! Signals of the system, on any executor. With the feature `signal`.
//!
//! The names are those of `tokio::signal`.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! # dormouse::block_on(async {
//! println!("press ctrl-c to end this program");
//! dormouse::signal::ctrl_c().await?;
//! println!("goodbye");
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! On Unix, [`unix`](mod@unix) has every other signal. On Windows, there is ctrl-c alone.
//! [JavaScript hosts](crate::platform#javascript-hosts) do not have this module.
//!
//! A server that ends on ctrl-c or `SIGTERM`, and joins its tasks, is the
//! [example `service`](https://docs.rs/crate/dormouse/latest/source/examples/service.rs).
//!
//! # Other handlers
//! On Unix, handlers are installed by the crate `signal-hook`. It calls the handler that it has found, and tokio,
//! async-signal and many others use it too: each of them sees a signal. A handler that the program installs later by
//! sigaction(2) replaces all of them.
//!
//! On Windows, a handler of the crate `async-signal` takes the event, so handlers of the console that were installed
//! before do not see it.

#[cfg_attr(unix, path = "signal/sys/unix.rs")]
#[cfg_attr(windows, path = "signal/sys/windows.rs")]
mod sys;
#[cfg(unix)]
pub mod unix;

use std::io;

/// Waits for a ctrl-c: on Unix the signal `SIGINT`, on Windows the event of the console.
///
/// The first poll begins to listen. From then on, a ctrl-c does not end the program any more, even after this future is
/// complete or dropped. One that comes while no future waits has no effect. So in a loop, create the future once, before the
/// loop, and poll it by `&mut`. To see each ctrl-c, keep a [`Signal`](unix::Signal).
///
/// ```no_run
/// use dormouse::signal::ctrl_c;
/// use futures::FutureExt;
///
/// # async fn serve() {}
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// futures::select! {
///     () = Box::pin(serve()).fuse() => {}
///     interrupted = Box::pin(ctrl_c()).fuse() => interrupted?,
/// }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// Those of [`signal`](unix::signal()). On Windows, if the handler cannot be installed.
///
/// # Cancel safety
/// Dropping the future ends listening.
pub async fn ctrl_c() -> io::Result<()> {
    sys::ctrl_c().await
}
