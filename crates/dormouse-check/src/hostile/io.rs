//! A reader and a writer for the check of code that wraps one: a buffer, a codec, an encryption.
//!
//! They are built from a [`HostileStream`], which decides when they are pending. So the wrapper meets short reads and writes,
//! with pending polls in between. Both implement the traits of futures, with the feature `futures-io`, and those of tokio,
//! with the feature `tokio`.

#[cfg(feature = "futures-io")]
mod futures;
#[cfg(feature = "tokio")]
mod tokio;

use super::stream::HostileStream;
use futures_core::Stream;
use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A reader whose data come in pieces: returned by [`reader`].
///
/// ```
/// use dormouse_check::hostile::{self, io::HostileReader};
///
/// let readers: Vec<HostileReader<&str>> = vec![hostile::io::reader(hostile::stream::ready(["data"]))];
/// ```
pub struct HostileReader<T> {
    pieces: HostileStream<T>,
    /// The present piece, and how much of it was read.
    piece: Option<(T, usize)>,
    ended: bool,
}

impl<T> fmt::Debug for HostileReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostileReader").field("pieces", &self.pieces).finish_non_exhaustive()
    }
}

/// The pieces are not pinned.
impl<T> Unpin for HostileReader<T> {}

/// A reader whose data are the items of a stream. A read returns no more than the rest of one item, so the items decide how
/// short the reads are, and the stream decides when they are pending.
///
/// Shows a wrapper that loses what it has read before a read that is pending, or that takes a short read for the end.
///
/// ```
/// use dormouse_check::{check_read, hostile};
/// use futures::io::BufReader;
///
/// check_read(|| {
///     let pieces = hostile::stream::wakes_late(["some ", "da", "ta"]);
///     BufReader::with_capacity(4, hostile::io::reader(pieces))
/// })
/// .expect_output(|read| read.as_ref().is_ok_and(|data| data == b"some data"))
/// .run()
/// .assert();
/// ```
pub fn reader<T: AsRef<[u8]>>(pieces: HostileStream<T>) -> HostileReader<T> {
    HostileReader { pieces, piece: None, ended: false }
}

impl<T: AsRef<[u8]>> HostileReader<T> {
    /// The next bytes, at most `length`. None at the end.
    fn poll_bytes(&mut self, context: &mut Context<'_>, length: usize) -> Poll<&[u8]> {
        while !self.ended && self.rest().is_empty() {
            let piece = ready!(Pin::new(&mut self.pieces).poll_next(context));
            self.ended = piece.is_none();
            self.piece = piece.map(|piece| (piece, 0));
        }
        let length = length.min(self.rest().len());
        let Some((piece, read)) = &mut self.piece else { return Poll::Ready(&[]) };
        *read += length;
        Poll::Ready(&T::as_ref(piece)[*read - length..*read])
    }

    /// What remains of the present piece.
    fn rest(&self) -> &[u8] {
        self.piece.as_ref().map_or(&[], |(piece, read)| &T::as_ref(piece)[*read..])
    }
}

/// A writer that accepts few bytes at a time: returned by [`writer`].
///
/// ```
/// use dormouse_check::hostile::{self, io::HostileWriter};
///
/// let writers: Vec<HostileWriter> = vec![hostile::io::writer(hostile::stream::ready([1, 2]))];
/// ```
#[derive(Debug)]
pub struct HostileWriter {
    lengths: HostileStream<usize>,
    /// All lengths have been used.
    unlimited: bool,
    written: Vec<u8>,
    flushed: usize,
    closed: bool,
}

/// A writer that accepts, in each write, no more bytes than the next item of the stream says; after the last item it
/// accepts all bytes. The stream decides when a write is pending.
///
/// Shows a wrapper that takes a short write for a complete one, encodes its data again after a write that is pending, or
/// passes on neither the flush nor the close. A write after the close fails.
///
/// ```
/// use dormouse_check::{check_write, hostile};
/// use futures::io::BufWriter;
///
/// check_write(
///     || BufWriter::with_capacity(4, hostile::io::writer(hostile::stream::wakes_late([1, 2]))),
///     "some data",
/// )
/// .expect_output(|finished| finished.get_ref().get_ref().flushed() == b"some data")
/// .run()
/// .assert();
/// ```
pub fn writer(lengths: HostileStream<usize>) -> HostileWriter {
    HostileWriter { lengths, unlimited: false, written: Vec::new(), flushed: 0, closed: false }
}

impl HostileWriter {
    /// What has been written, and flushed or closed afterwards.
    ///
    /// ```
    /// use dormouse_check::hostile;
    ///
    /// assert_eq!(hostile::io::writer(hostile::stream::ready([])).flushed(), b"");
    /// ```
    pub fn flushed(&self) -> &[u8] {
        &self.written[..self.flushed]
    }

    fn poll_accept(&mut self, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let mut length = data.len();
        if !self.unlimited && length > 0 {
            match ready!(Pin::new(&mut self.lengths).poll_next(context)) {
                Some(limit) => length = length.min(limit.max(1)),
                None => self.unlimited = true,
            }
        }
        self.written.extend_from_slice(&data[..length]);
        Poll::Ready(Ok(length))
    }

    fn flush(&mut self) {
        self.flushed = self.written.len();
    }

    fn close(&mut self) {
        self.flush();
        self.closed = true;
    }
}
