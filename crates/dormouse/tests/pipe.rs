//! The ends of pipes and FIFOs, on every reactor.
#![cfg(unix)]

mod common;

use common::MS;
use common::fifo::Fifo;
use dormouse::net::{PipeReader, PipeWriter, pipe};
use dormouse::{sleep, timeout};
use futures::join;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

on_every_reactor! {
    an_opened_fifo_waits_for_its_first_writer
    a_fifo_without_a_reader_cannot_be_opened_for_writing
    a_fifo_that_is_open_for_writing_too_has_no_end
    try_read_tells_a_fifo_without_a_writer_from_one_at_its_end
    only_a_pipe_that_is_open_for_the_direction_is_accepted
    what_is_no_fifo_cannot_be_opened_and_is_named
    an_end_survives_its_conversions
}

async fn an_opened_fifo_waits_for_its_first_writer() {
    let fifo = Fifo::new();
    let reader = PipeReader::open(fifo.path()).unwrap();
    let mut buffer = [0; 16];
    assert!(timeout(2 * MS, reader.read(&mut buffer)).await.is_err());
    let (read, writer) = join!(reader.read(&mut buffer), async {
        sleep(2 * MS).await;
        let writer = PipeWriter::open(fifo.path()).unwrap();
        writer.write(b"hello").await.unwrap();
        writer
    });
    assert_eq!(read.unwrap(), 5);
    drop(writer);
    assert_eq!(reader.read(&mut buffer).await.unwrap(), 0);
}

async fn a_fifo_without_a_reader_cannot_be_opened_for_writing() {
    let fifo = Fifo::new();
    let error = PipeWriter::open(fifo.path()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
    let _reader = PipeReader::open(fifo.path()).unwrap();
    PipeWriter::open(fifo.path()).unwrap();
}

#[cfg(target_os = "linux")]
async fn a_fifo_that_is_open_for_writing_too_has_no_end() {
    let fifo = Fifo::new();
    let file = File::options().read(true).write(true).open(fifo.path()).unwrap();
    let reader = PipeReader::from_file(file).unwrap();
    for _ in 0..2 {
        let writer = PipeWriter::open(fifo.path()).unwrap();
        writer.write(b"hello").await.unwrap();
        drop(writer);
        assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 5);
        assert!(timeout(2 * MS, reader.read(&mut [0; 16])).await.is_err());
    }
}

/// Systems other than Linux do not define what opening a FIFO for both directions does.
#[cfg(not(target_os = "linux"))]
async fn a_fifo_that_is_open_for_writing_too_has_no_end() {}

async fn try_read_tells_a_fifo_without_a_writer_from_one_at_its_end() {
    let fifo = Fifo::new();
    let reader = PipeReader::open(fifo.path()).unwrap();
    let mut buffer = [0; 16];
    assert_eq!(reader.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(reader.try_read(&mut []).unwrap(), 0);
    let writer = PipeWriter::open(fifo.path()).unwrap();
    assert_eq!(writer.try_write(b"hello").unwrap(), 5);
    reader.readable().await.unwrap();
    assert_eq!(reader.try_read(&mut buffer).unwrap(), 5);
    assert_eq!(reader.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(writer);
    reader.readable().await.unwrap();
    assert_eq!(reader.try_read(&mut buffer).unwrap(), 0);
}

#[track_caller]
fn assert_invalid<T>(result: io::Result<T>, expected: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains(expected), "{error}");
}

async fn only_a_pipe_that_is_open_for_the_direction_is_accepted() {
    assert_invalid(PipeReader::from_file(File::open("/dev/null").unwrap()), "not a pipe");
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    assert_invalid(PipeWriter::from_owned_fd(socket.into()), "not a pipe");
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    assert_invalid(PipeWriter::from_owned_fd(reader), "not open for writing");
    assert_invalid(PipeReader::from_owned_fd(writer), "not open for reading");
}

async fn what_is_no_fifo_cannot_be_opened_and_is_named() {
    assert_invalid(PipeReader::open("/dev/null"), "cannot open \"/dev/null\": it is not a pipe");
    assert_invalid(PipeWriter::open("/dev/null"), "cannot open \"/dev/null\": it is not a pipe");
    let error = PipeReader::open("/missing/fifo").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().starts_with("cannot open \"/missing/fifo\": "), "{error}");
}

async fn an_end_survives_its_conversions() {
    let (reader, writer) = pipe().unwrap();
    let fd: OwnedFd = writer.try_into().unwrap();
    let writer = PipeWriter::try_from(fd).unwrap();
    let reader = PipeReader::from(reader.into_async_fd());
    let reader = PipeReader::from_file(reader.into_async_fd().into_inner()).unwrap();
    let mut buffer = [0; 16];
    let (read, written) = join!(reader.read(&mut buffer), async {
        sleep(2 * MS).await;
        writer.write(b"hello").await
    });
    assert_eq!((read.unwrap(), written.unwrap()), (5, 5));
}
