//! Empty buffers, and FIFOs without a writer, through the traits of each crate.

use crate::common::MS;
use crate::common::fifo::Fifo;
use crate::on_every_reactor;
use crate::pipes::pipe;
use dormouse::io::AsyncFd;
use dormouse::sleep;
use futures::join;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::pin::Pin;

on_every_reactor! {
    a_fifo_waits_for_its_first_writer
    an_empty_read_or_write_completes_at_once
}

async fn a_fifo_waits_for_its_first_writer() {
    check_fifo(|reader, buffer| Box::pin(futures_traits::read(reader, buffer))).await;
    check_fifo(|reader, buffer| Box::pin(futures_traits::read_vectored(reader, buffer))).await;
    #[cfg(feature = "tokio-io")]
    check_fifo(|reader, buffer| Box::pin(tokio_traits::read(reader, buffer))).await;
    #[cfg(feature = "hyper")]
    check_fifo(|reader, buffer| Box::pin(hyper_traits::read(reader, buffer))).await;
}

type BoxFuture<'a> = Pin<Box<dyn Future<Output = io::Result<usize>> + 'a>>;

async fn check_fifo(read: impl for<'a> Fn(&'a AsyncFd<File>, &'a mut [u8]) -> BoxFuture<'a>) {
    let fifo = Fifo::new();
    let reader = fifo.reader();
    let mut buffer = [0; 16];
    let (bytes, ()) = join!(read(&reader, &mut buffer), async {
        sleep(MS).await;
        let mut writer = fifo.writer();
        sleep(MS).await;
        writer.write_all(b"hello").unwrap();
    });
    assert_eq!(bytes.unwrap(), 5);
    assert_eq!(read(&reader, &mut buffer).await.unwrap(), 0);
    // And a writer that leaves without writing.
    let reader = fifo.reader();
    let (bytes, ()) = join!(read(&reader, &mut buffer), async {
        sleep(MS).await;
        drop(fifo.writer());
    });
    assert_eq!(bytes.unwrap(), 0);
}

async fn an_empty_read_or_write_completes_at_once() {
    let (_reader, full) = pipe();
    while full.get_ref().write(&[0; 4096]).is_ok() {}
    let (empty, _writer) = pipe();
    assert_eq!(futures_traits::read(&empty, &mut []).await.unwrap(), 0);
    assert_eq!(futures_traits::read_vectored(&empty, &mut []).await.unwrap(), 0);
    assert_eq!(futures_traits::write(&full).await.unwrap(), 0);
    assert_eq!(futures_traits::write_vectored(&full).await.unwrap(), 0);
    #[cfg(feature = "tokio-io")]
    {
        assert_eq!(tokio_traits::read(&empty, &mut []).await.unwrap(), 0);
        assert_eq!(tokio_traits::write(&full).await.unwrap(), 0);
        assert_eq!(tokio_traits::write_vectored(&full).await.unwrap(), 0);
    }
    #[cfg(feature = "hyper")]
    {
        assert_eq!(hyper_traits::read(&empty, &mut []).await.unwrap(), 0);
        assert_eq!(hyper_traits::write(&full).await.unwrap(), 0);
        assert_eq!(hyper_traits::write_vectored(&full).await.unwrap(), 0);
    }
}

/// The writes of one crate's trait. They write nothing.
macro_rules! writes {
    ($write:path) => {
        pub(super) async fn write(mut fd: &AsyncFd<File>) -> io::Result<usize> {
            poll_fn(|cx| <_ as $write>::poll_write(Pin::new(&mut fd), cx, &[])).await
        }

        pub(super) async fn write_vectored(mut fd: &AsyncFd<File>) -> io::Result<usize> {
            let buffers = [IoSlice::new(&[]), IoSlice::new(&[])];
            poll_fn(|cx| <_ as $write>::poll_write_vectored(Pin::new(&mut fd), cx, &buffers)).await
        }
    };
}

mod futures_traits {
    use super::*;
    use futures::io::AsyncReadExt;

    pub(super) async fn read(mut fd: &AsyncFd<File>, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(&mut fd, buffer).await
    }

    pub(super) async fn read_vectored(
        mut fd: &AsyncFd<File>,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        let mut buffers = [IoSliceMut::new(&mut []), IoSliceMut::new(buffer)];
        AsyncReadExt::read_vectored(&mut fd, &mut buffers).await
    }

    writes!(futures::io::AsyncWrite);
}

#[cfg(feature = "tokio-io")]
mod tokio_traits {
    use super::*;
    use tokio::io::AsyncReadExt;

    pub(super) async fn read(mut fd: &AsyncFd<File>, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(&mut fd, buffer).await
    }

    writes!(tokio::io::AsyncWrite);
}

#[cfg(feature = "hyper")]
mod hyper_traits {
    use super::*;
    use hyper::rt::{Read, ReadBuf};

    pub(super) async fn read(mut fd: &AsyncFd<File>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        poll_fn(|cx| Read::poll_read(Pin::new(&mut fd), cx, buffer.unfilled())).await?;
        Ok(buffer.filled().len())
    }

    writes!(hyper::rt::Write);
}
