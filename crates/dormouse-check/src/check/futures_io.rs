//! The checks of readers and writers of `futures_io`.

use super::Check;
use crate::finished::Finished;
use crate::instance::Factory;
use crate::pollable::{CheckedDuplex, CheckedRead, CheckedWrite, FuturesIo};
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::sync::Arc;

/// Checks whether a reader keeps the contract: reads from it to its end.
///
/// Needs the feature `futures-io`, whose trait `AsyncRead` is that of futures, smol and async-std; for tokio's see
/// `check_tokio_read`. The buffers have lengths from 1 to 1024 bytes, and after a pending read the next one has another
/// length. What sends data to the reader, and what ends it, is registered with [`event`](crate::event()). A reader without
/// an end is read up to 64 KiB.
///
/// The output is all data, or the first error. It has to be data, unless [`expect_output`](Check::expect_output) expects
/// an error. A read that returns more than its buffer can hold, or `WouldBlock` instead of `Pending`, is a
/// [`WrongOutput`](crate::Kind::WrongOutput).
///
/// ```
/// use dormouse_check::{check_read, event};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
///
/// check_read(|| {
///     let (reader, mut writer) = UnixStream::pair().unwrap();
///     event(move || writer.write_all(b"data").unwrap());
///     async_io::Async::new(reader).unwrap()
/// })
/// .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"data"))
/// .run()
/// .assert();
/// ```
pub fn check_read<M, R>(make: M) -> Check<io::Result<Vec<u8>>>
where
    M: Fn() -> R + Send + Sync + 'static,
    R: AsyncRead + Send + 'static,
{
    Check::new::<R>(|expect, _| {
        Factory::send(move || CheckedRead::<FuturesIo, R>::new(make(), expect.clone()))
    })
}

/// Checks whether a writer keeps the contract: writes the data to it, flushes it and closes it.
///
/// Needs the feature `futures-io`; for tokio's trait see `check_tokio_write`. The data are offered in pieces of 1 to 1024
/// bytes, and after a pending write the next one has another length. `poll_flush` is also called after the first bytes.
/// The writer is always flushed before it is closed, because the trait does not say that closing includes a flush: a close
/// that loses buffered bytes is not found.
///
/// What takes data from the writer is registered with [`event`](crate::event()). What an event owns is dropped when the
/// event has been fired, so an event should not own what has to stay open until everything is written.
///
/// Each operation has to succeed, unless [`expect_output`](Check::expect_output) expects an error. A write that returns
/// more than the length of its data, or `WouldBlock` instead of `Pending`, is a
/// [`WrongOutput`](crate::Kind::WrongOutput).
///
/// ```
/// use dormouse_check::check_write;
/// use futures::io::BufWriter;
///
/// check_write(|| BufWriter::new(Vec::new()), "data")
///     .expect_output(|finished| finished.get_ref().get_ref() == b"data")
///     .run()
///     .assert();
/// ```
pub fn check_write<M, W>(make: M, data: impl Into<Vec<u8>>) -> Check<Finished<W, io::Error>>
where
    M: Fn() -> W + Send + Sync + 'static,
    W: AsyncWrite + Send + 'static,
{
    let data: Arc<[u8]> = data.into().into();
    Check::new::<W>(|expect, _| {
        Factory::send(move || {
            CheckedWrite::<FuturesIo, W>::new(make(), data.clone(), expect.clone())
        })
    })
}

/// Checks whether the two directions of a stream work at the same time: reads from it to its end, as
/// [`check_read`] does, and meanwhile writes the data to it and closes it, as [`check_write`] does.
///
/// Needs the feature `futures-io`; for tokio's traits see `check_tokio_duplex`. It does not replace the checks of the
/// two directions. Each direction has a waker of its own, and is polled only if that waker is called: a stream that keeps
/// one waker for both has a [`LostWakeUp`](crate::Kind::LostWakeUp). The stream is closed for writing as soon as the data
/// are written, and may have to be read after that.
///
/// The output is what is read. It has to be data, unless [`expect_output`](Check::expect_output) expects an error; the
/// data have to be written without an error.
///
/// ```
/// use dormouse_check::{check_duplex, event};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// check_duplex(
///     || {
///         let (stream, mut peer) = UnixStream::pair().unwrap();
///         event(move || {
///             peer.read_exact(&mut [0; 7]).unwrap();
///             peer.write_all(b"response").unwrap();
///         });
///         async_io::Async::new(stream).unwrap()
///     },
///     "request",
/// )
/// .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"response"))
/// .run()
/// .assert();
/// ```
pub fn check_duplex<M, D>(make: M, data: impl Into<Vec<u8>>) -> Check<io::Result<Vec<u8>>>
where
    M: Fn() -> D + Send + Sync + 'static,
    D: AsyncRead + AsyncWrite + Send + 'static,
{
    let data: Arc<[u8]> = data.into().into();
    Check::new::<D>(|expect, _| {
        Factory::send(move || {
            CheckedDuplex::<FuturesIo, D>::new(make(), data.clone(), expect.clone())
        })
    })
}
