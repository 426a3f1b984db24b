//! Unix: ctrl-c is `SIGINT`.

use crate::signal::unix::{SignalKind, signal};
use std::io;

pub(super) async fn ctrl_c() -> io::Result<()> {
    let received = signal(SignalKind::interrupt())?.recv().await;
    received.ok_or_else(|| io::Error::other("no reactor can wait for the signal"))
}
