//! FIFOs, whose writers come and go, and pipes.

use crate::common::fifo::Fifo;
use crate::common::{MS, strict_timeout};
use crate::on_every_reactor;
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::pipe;
use dormouse::{sleep, timeout};
use futures::{FutureExt, join};
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Write};

on_every_reactor! {
    a_fifo_waits_for_its_first_writer
    a_fifo_without_a_writer_is_not_at_its_end
    a_writer_that_has_left_without_writing_is_the_end_of_file
    a_second_writer_of_a_fifo_is_seen
    the_end_of_a_pipe_is_read_at_once
    an_empty_read_or_write_completes_at_once
    a_polled_operation_for_errors_waits_for_an_error
}

async fn a_fifo_waits_for_its_first_writer() {
    let fifo = Fifo::new();
    let reader = fifo.reader();
    let mut buffer = [0; 16];
    let (read, ()) = join!(reader.read(&mut buffer), async {
        sleep(2 * MS).await;
        let mut writer = fifo.writer();
        sleep(2 * MS).await;
        writer.write_all(b"hello").unwrap();
    });
    assert_eq!(read.unwrap(), 5);
    assert_eq!(reader.read(&mut buffer).await.unwrap(), 0);
}

async fn a_fifo_without_a_writer_is_not_at_its_end() {
    let fifo = Fifo::new();
    let reader = fifo.reader();
    let (mut one, mut other) = ([0; 8], [0; 8]);
    for _ in 0..3 {
        assert!(timeout(MS, reader.read(&mut one)).await.is_err());
        let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
        assert!(timeout(MS, reader.read_vectored(&mut buffers)).await.is_err());
        assert!(timeout(MS, reader.readable()).await.is_err());
    }
    fifo.writer().write_all(b"hello").unwrap();
    let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
    assert_eq!(reader.read_vectored(&mut buffers).await.unwrap(), 5);
    let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
    assert_eq!(reader.read_vectored(&mut buffers).await.unwrap(), 0);
}

async fn a_writer_that_has_left_without_writing_is_the_end_of_file() {
    let fifo = Fifo::new();
    let mut buffer = [0; 16];
    // Before the read, and during it.
    let reader = fifo.reader();
    drop(fifo.writer());
    assert_eq!(reader.read(&mut buffer).await.unwrap(), 0);
    let reader = fifo.reader();
    let (read, ()) = join!(reader.read(&mut buffer), async {
        sleep(2 * MS).await;
        drop(fifo.writer());
    });
    assert_eq!(read.unwrap(), 0);
}

async fn a_second_writer_of_a_fifo_is_seen() {
    let fifo = Fifo::new();
    let reader = fifo.reader();
    let mut buffer = [0; 16];
    for _ in 0..3 {
        let mut writer = fifo.writer();
        let (read, ()) = join!(reader.read(&mut buffer), async {
            sleep(2 * MS).await;
            writer.write_all(b"hello").unwrap();
        });
        assert_eq!(read.unwrap(), 5);
        drop(writer);
        // The end of file lasts until there is another writer.
        for _ in 0..2 {
            assert_eq!(reader.read(&mut buffer).await.unwrap(), 0);
        }
    }
}

async fn the_end_of_a_pipe_is_read_at_once() {
    // On a pipe that has been used, and on one that has not.
    for used in [true, false] {
        let (reader, writer) = pipe().unwrap();
        if used {
            writer.write(b"hello").await.unwrap();
            assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 5);
            assert!(timeout(MS, reader.read(&mut [0; 16])).await.is_err());
        }
        drop(writer);
        assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 0);
    }
    // No wait is needed.
    let (reader, writer) = pipe().unwrap();
    drop(writer);
    assert_eq!(reader.read(&mut [0; 16]).now_or_never().unwrap().unwrap(), 0);
}

async fn an_empty_read_or_write_completes_at_once() {
    let (reader, writer) = pipe().unwrap();
    while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
    let (empty_reader, _writer) = pipe().unwrap();
    // Before the first wait, and after waits that have found the pipes not ready.
    for _ in 0..2 {
        assert_eq!(empty_reader.read(&mut []).await.unwrap(), 0);
        assert_eq!(empty_reader.read_vectored(&mut []).await.unwrap(), 0);
        let mut buffers = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])];
        assert_eq!(empty_reader.read_vectored(&mut buffers).await.unwrap(), 0);
        assert_eq!(writer.write(&[]).await.unwrap(), 0);
        assert_eq!(writer.write_vectored(&[]).await.unwrap(), 0);
        let buffers = [IoSlice::new(&[]), IoSlice::new(&[])];
        assert_eq!(writer.write_vectored(&buffers).await.unwrap(), 0);

        assert!(timeout(MS, empty_reader.read(&mut [0])).await.is_err());
        assert!(timeout(MS, writer.write(&[0])).await.is_err());
    }
    // An empty read takes nothing.
    let left = rustix::io::read(&reader, &mut [0; 16]).unwrap();
    assert_eq!(left, 16);
    let nothing = rustix::io::read(&empty_reader, &mut [0]).unwrap_err();
    assert_eq!(nothing, rustix::io::Errno::WOULDBLOCK);
}

async fn a_polled_operation_for_errors_waits_for_an_error() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::new(writer).unwrap();
    // Only a closed pipe is an answer here: writing succeeds before that.
    let broken = || {
        poll_fn(|cx| {
            writer.poll_io(cx, Interest::ERROR, |writer| match rustix::io::write(writer, b"x") {
                Ok(_) => Err(io::Error::from(ErrorKind::WouldBlock)),
                Err(err) => Ok(io::Error::from(err).kind()),
            })
        })
    };
    assert!(timeout(2 * MS, broken()).await.is_err());
    let (kind, ()) = join!(strict_timeout(5000 * MS, broken()), async {
        sleep(2 * MS).await;
        drop(reader);
    });
    assert_eq!(kind.unwrap().unwrap(), ErrorKind::BrokenPipe);
}
