//! Sinks, readers and writers from several libraries.

use crate::cases;
use crate::keeps_open::KeepsOpen;
use crate::sleeps::in_tokio;
use dormouse_check::hostile::io::{reader, writer};
use dormouse_check::hostile::stream;
use dormouse_check::{
    Kind, check_duplex, check_read, check_sink, check_tokio_duplex, check_tokio_read,
    check_tokio_write, check_write, event,
};
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::io::{AllowStdIo, BufReader, BufWriter, Cursor};
use futures::{FutureExt, SinkExt, future};
use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const DATA: &[u8] = b"some data that take several writes of several lengths";

fn is_data(read: &io::Result<Vec<u8>>) -> bool {
    read.as_ref().is_ok_and(|data| data == DATA)
}

/// Two connected sockets. The second one is not waited for: it belongs to the events.
fn pair() -> (UnixStream, UnixStream) {
    let (local, peer) = UnixStream::pair().expect("failed to create a socket pair");
    local.set_nonblocking(true).expect("failed to set O_NONBLOCK");
    (local, peer)
}

/// A socket that gets the data in two events, and is closed by the second.
fn sent() -> UnixStream {
    let (local, mut peer) = pair();
    let mut other = peer.try_clone().expect("failed to clone a socket");
    let (first, second) = DATA.split_at(10);
    event(move || drop(other.write_all(first)));
    event(move || drop(peer.write_all(second)));
    local
}

/// A socket whose peer reads a request, and answers with the data.
fn answered() -> UnixStream {
    let (local, mut peer) = pair();
    event(move || {
        if peer.read_exact(&mut [0; 7]).is_ok() {
            let _ = peer.write_all(DATA);
        }
    });
    local
}

/// A writer around a socket whose buffer is full until the event.
fn full<W>(writer: impl FnOnce(UnixStream) -> W) -> KeepsOpen<W, UnixStream> {
    let (mut local, peer) = pair();
    while local.write(&[0; 65536]).is_ok() {}
    let mut reader = peer.try_clone().expect("failed to clone a socket");
    event(move || {
        let _ = reader.set_nonblocking(true);
        while reader.read(&mut [0; 65536]).is_ok_and(|read| read > 0) {}
    });
    KeepsOpen(writer(local), peer)
}

fn async_io(socket: UnixStream) -> async_io::Async<UnixStream> {
    async_io::Async::new(socket).expect("failed to register the fd")
}

fn dormouse(socket: UnixStream) -> dormouse::net::UnixStream {
    dormouse::net::UnixStream::try_from(socket).expect("failed to register the fd")
}

fn tokio(socket: UnixStream) -> tokio::net::UnixStream {
    tokio::net::UnixStream::from_std(socket).expect("failed to register the fd")
}

cases! {
    /// futures: the sender of a bounded channel. The receiver wakes it under a lock.
    mpsc_sender_of_futures: [], check_sink(|| {
        let (sender, receiver) = mpsc::channel(0);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..4 {
            let receiver = receiver.clone();
            event(move || {
                let _ = receiver.lock().unwrap().try_recv();
            });
        }
        sender
    }, [1, 2, 3, 4]).allow(Kind::WakeUnderLock);
    /// futures: the receiver is dropped.
    closed_mpsc_of_futures: [], check_sink(|| {
        let (sender, receiver) = mpsc::channel(0);
        event(move || drop(receiver));
        sender
    }, [1, 2]).expect_output(|sent| sent.result().is_err_and(mpsc::SendError::is_disconnected))
        .allow(Kind::WakeUnderLock);
    /// futures: an adapter with a buffer, and one that waits for a future.
    adapters_of_sinks: [], check_sink(|| {
        Vec::new().buffer(2).with(|item: i32| future::ready(Ok::<_, Infallible>(item + 1)))
    }, [1, 2, 3]).expect_output(|sent| *sent.get_ref().get_ref().get_ref() == [2, 3, 4]);

    /// async-io: data, and the end.
    reader_of_async_io: [], check_read(|| async_io(sent())).expect_output(is_data);
    /// async-io: the buffer of the socket is full.
    writer_of_async_io: [], check_write(|| full(async_io), DATA);
    /// async-io: the peer is closed.
    broken_pipe_of_async_io: [], check_write(|| {
        let (local, peer) = pair();
        drop(peer);
        async_io(local)
    }, DATA).expect_output(|written| {
        written.result().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
    });
    /// dormouse: data, and the end.
    reader_of_dormouse: [], check_read(|| dormouse(sent())).expect_output(is_data);
    /// dormouse: the buffer of the socket is full.
    writer_of_dormouse: [], check_write(|| full(dormouse), DATA);
    /// dormouse, with the traits of tokio and its reactor.
    tokio_reader_of_dormouse: [], in_tokio(check_tokio_read(|| dormouse(sent()))).expect_output(is_data);
    /// dormouse, the same for a writer.
    tokio_writer_of_dormouse: [], in_tokio(check_tokio_write(|| full(dormouse), DATA));
    /// tokio: one end of a pipe in memory.
    duplex_reader_of_tokio: [], check_tokio_read(|| {
        let (local, mut peer) = tokio::io::duplex(64);
        event(move || drop(peer.write_all(DATA).now_or_never()));
        local
    }).expect_output(is_data);
    /// tokio: the pipe is smaller than the data.
    duplex_writer_of_tokio: [], check_tokio_write(|| {
        let (local, peer) = tokio::io::duplex(16);
        let peer = Arc::new(Mutex::new(peer));
        for _ in 0..4 {
            let peer = peer.clone();
            event(move || drop(peer.lock().unwrap().read(&mut [0; 16]).now_or_never()));
        }
        KeepsOpen(local, peer)
    }, DATA);
    /// tokio: a socket.
    reader_of_tokio: [], in_tokio(check_tokio_read(|| tokio(sent()))).expect_output(is_data);
    /// tokio: a full socket.
    writer_of_tokio: [], in_tokio(check_tokio_write(|| full(tokio), DATA));

    /// async-io: both directions of a socket.
    duplex_of_async_io: [], check_duplex(|| async_io(answered()), "request").expect_output(is_data);
    /// dormouse: both directions of a socket.
    duplex_of_dormouse: [], check_duplex(|| dormouse(answered()), "request").expect_output(is_data);
    /// tokio: both directions of a pipe in memory that is smaller than the data.
    duplex_of_tokio: [], check_tokio_duplex(|| {
        let (local, mut peer) = tokio::io::duplex(16);
        event(move || {
            block_on(async {
                if peer.read_exact(&mut [0; 7]).await.is_ok() {
                    let _ = peer.write_all(b"response").await;
                }
            });
        });
        local
    }, "request").expect_output(|read| read.as_ref().is_ok_and(|data| data == b"response"));

    /// futures: a buffer around a socket.
    buffered_reader_of_futures: [], check_read(|| {
        BufReader::with_capacity(4, async_io(sent()))
    }).expect_output(is_data);
    /// futures: a buffer around a full socket.
    buffered_writer_of_futures: [], check_write(|| {
        BufWriter::with_capacity(4, full(async_io))
    }, DATA);
    /// futures: a buffer around a reader that is hostile.
    buffered_hostile_reader: [], check_read(|| {
        BufReader::with_capacity(4, reader(stream::wakes_spuriously(["some ", "da", "ta"])))
    }).expect_output(|read| read.as_ref().is_ok_and(|data| data == b"some data"));
    /// tokio: a buffer around a writer that is hostile.
    buffered_hostile_writer: [], check_tokio_write(|| {
        tokio::io::BufWriter::with_capacity(4, writer(stream::wakes_late([1, 2, 1])))
    }, DATA).expect_output(|written| written.get_ref().get_ref().flushed() == DATA);
    /// futures: readers and writers that are always ready.
    reader_that_is_ready: [], check_read(|| AllowStdIo::new(DATA)).expect_output(is_data);
    /// futures: a writer in memory.
    writer_that_is_ready: [], check_write(|| Cursor::new(Vec::new()), DATA)
        .expect_output(|written| written.get_ref().get_ref() == DATA);
    /// tokio: a reader without an end.
    reader_without_an_end: [], check_tokio_read(|| tokio::io::repeat(7))
        .expect_output(|read| read.as_ref().is_ok_and(|data| data.iter().all(|&byte| byte == 7)));
}
