//! Readers and writers under test, of the traits of futures and of tokio.
//!
//! Like a sink, each performs all operations, one after the other. The lengths of the buffers vary, and differ between two
//! polls of one operation: after a pending read or write, the caller may come back with another buffer.

mod duplex;
#[cfg(feature = "futures-io")]
mod futures;
mod read;
#[cfg(feature = "tokio")]
mod tokio;
mod write;

pub(crate) use duplex::CheckedDuplex;
#[cfg(feature = "futures-io")]
pub(crate) use futures::FuturesIo;
pub(crate) use read::CheckedRead;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(feature = "tokio")]
pub(crate) use tokio::TokioIo;
pub(crate) use write::CheckedWrite;

/// The lengths of the buffers, in turn.
const LENGTHS: [usize; 8] = [3, 1, 2, 8, 1, 64, 5, 1024];
/// One call of this many has several buffers.
const VECTORED: usize = 3;

/// So many bytes, in words.
fn bytes(number: usize) -> String {
    format!("{number} byte{}", if number == 1 { "" } else { "s" })
}

/// How an operation fails.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(io::Error),
    /// It returns what its trait rules out.
    Violation(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            kind @ (ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Failure::Violation(format!("returns {kind:?} instead of Pending"))
            }
            _ => Failure::Error(error),
        }
    }
}

/// The trait of a reader.
pub(crate) trait ReadTrait<R> {
    /// Reads at most `length` bytes. `vectored` asks for several buffers, if the trait has that.
    fn poll_read(
        reader: Pin<&mut R>,
        context: &mut Context<'_>,
        length: usize,
        vectored: bool,
    ) -> Poll<Result<Vec<u8>, Failure>>;
}

/// The trait of a writer.
pub(crate) trait WriteTrait<W> {
    /// The name of `poll_close`.
    const CLOSE: &'static str;
    /// Whether the trait says that closing includes a flush.
    const CLOSE_FLUSHES: bool;

    fn poll_write(
        writer: Pin<&mut W>,
        context: &mut Context<'_>,
        data: &[u8],
        vectored: bool,
    ) -> Poll<io::Result<usize>>;

    fn poll_flush(writer: Pin<&mut W>, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    fn poll_close(writer: Pin<&mut W>, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}
