//! Windows: ctrl-c is an event of the console, for which the crate async-signal has a handler.

use async_signal::{Signal, Signals};
use futures_core::Stream;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

pub(super) async fn ctrl_c() -> io::Result<()> {
    let mut signals = Signals::new([Signal::Int])?;
    match poll_fn(|cx| Pin::new(&mut signals).poll_next(cx)).await {
        Some(received) => received.map(drop),
        None => Err(io::Error::other("the handler of ctrl-c has ended")),
    }
}
