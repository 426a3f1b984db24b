//! The checks of readers and writers of tokio.

use super::Check;
use crate::finished::Finished;
use crate::instance::Factory;
use crate::pollable::{CheckedDuplex, CheckedRead, CheckedWrite, TokioIo};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Checks whether a reader of tokio's trait `AsyncRead` keeps the contract: reads from it to its end.
///
/// Needs the feature `tokio`. It does what `check_read` does, which describes it, for the traits of futures. The buffer of
/// each read contains some bytes already, to which the reader has to append. A reader that fills the buffer in a poll that
/// is pending is a [`WrongOutput`](crate::Kind::WrongOutput). A reader that needs a runtime gets one by
/// [`around`](Check::around).
///
/// ```
/// use dormouse_check::{check_tokio_read, event};
/// use futures::FutureExt;
/// use tokio::io::AsyncWriteExt;
///
/// check_tokio_read(|| {
///     let (reader, mut writer) = tokio::io::duplex(64);
///     event(move || drop(writer.write_all(b"data").now_or_never()));
///     reader
/// })
/// .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"data"))
/// .run()
/// .assert();
/// ```
pub fn check_tokio_read<M, R>(make: M) -> Check<io::Result<Vec<u8>>>
where
    M: Fn() -> R + Send + Sync + 'static,
    R: AsyncRead + Send + 'static,
{
    Check::new::<R>(|expect, _| {
        Factory::send(move || CheckedRead::<TokioIo, R>::new(make(), expect.clone()))
    })
}

/// Checks whether a writer of tokio's trait `AsyncWrite` keeps the contract: writes the data to it, and shuts it down.
///
/// Needs the feature `tokio`. It does what `check_write` does, which describes it, for the traits of futures. But what
/// follows the first bytes is not flushed before the shutdown, which includes a flush: let
/// [`expect_output`](Check::expect_output) find out whether everything was written. A writer that needs a runtime gets one
/// by [`around`](Check::around).
///
/// ```
/// use dormouse_check::check_tokio_write;
/// use tokio::io::BufWriter;
///
/// check_tokio_write(|| BufWriter::new(Vec::new()), "data")
///     .expect_output(|finished| finished.get_ref().get_ref() == b"data")
///     .run()
///     .assert();
/// ```
pub fn check_tokio_write<M, W>(make: M, data: impl Into<Vec<u8>>) -> Check<Finished<W, io::Error>>
where
    M: Fn() -> W + Send + Sync + 'static,
    W: AsyncWrite + Send + 'static,
{
    let data: Arc<[u8]> = data.into().into();
    Check::new::<W>(|expect, _| {
        Factory::send(move || CheckedWrite::<TokioIo, W>::new(make(), data.clone(), expect.clone()))
    })
}

/// Checks whether the two directions of a stream with tokio's traits work at the same time.
///
/// Needs the feature `tokio`. It does what `check_duplex` does, which describes it, for the traits of futures. A stream
/// that needs a runtime gets one by [`around`](Check::around).
///
/// ```
/// use dormouse_check::{check_tokio_duplex, event};
/// use futures::executor::block_on;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// check_tokio_duplex(
///     || {
///         let (stream, mut peer) = tokio::io::duplex(64);
///         event(move || {
///             block_on(async {
///                 peer.read_exact(&mut [0; 7]).await.unwrap();
///                 peer.write_all(b"response").await.unwrap();
///             });
///         });
///         stream
///     },
///     "request",
/// )
/// .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"response"))
/// .run()
/// .assert();
/// ```
pub fn check_tokio_duplex<M, D>(make: M, data: impl Into<Vec<u8>>) -> Check<io::Result<Vec<u8>>>
where
    M: Fn() -> D + Send + Sync + 'static,
    D: AsyncRead + AsyncWrite + Send + 'static,
{
    let data: Arc<[u8]> = data.into().into();
    Check::new::<D>(|expect, _| {
        Factory::send(move || {
            CheckedDuplex::<TokioIo, D>::new(make(), data.clone(), expect.clone())
        })
    })
}
