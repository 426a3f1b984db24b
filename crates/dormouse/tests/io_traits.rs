//! What the traits of futures and tokio promise over an AsyncFd and its halves, on every reactor.
#![cfg(feature = "futures-io")]

mod common;

use common::{Count, MS, poll};
use dormouse::io::{AsyncFd, ReadHalf, WriteHalf};
use dormouse::{sleep, timeout};
use futures::future::{poll_fn, select};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use futures::join;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};

on_every_reactor! {
    a_mebibyte_is_copied_whole
    a_pipe_reads_and_writes_as_a_file
    vectored_reads_and_writes_fill_all_buffers
    after_a_half_close_the_other_direction_goes_on
    closing_a_pipe_or_an_unconnected_socket_is_no_error
    a_flush_does_not_wait_for_room
    a_full_socket_makes_a_write_wait
    a_dropped_read_loses_nothing
    readers_and_writers_are_woken_apart
    halves_serve_two_threads
    a_dropped_write_half_is_the_end_of_the_stream
    a_dropped_read_half_leaves_the_write_half_alone
    reunited_halves_are_the_whole_and_shut_nothing_down
    halves_of_two_cannot_be_reunited
    an_interrupted_operation_is_tried_again
}

const MEBIBYTE: usize = 1 << 20;

fn pair() -> (AsyncFd<UnixStream>, AsyncFd<UnixStream>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (AsyncFd::new(ours).unwrap(), AsyncFd::new(theirs).unwrap())
}

fn tcp_pair() -> (AsyncFd<TcpStream>, AsyncFd<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    (AsyncFd::new(ours).unwrap(), AsyncFd::new(theirs).unwrap())
}

fn pipe() -> (AsyncFd<File>, AsyncFd<File>) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let watch = |fd: OwnedFd, interest| AsyncFd::with_interest(File::from(fd), interest).unwrap();
    (
        watch(reader, dormouse::io::Interest::READABLE),
        watch(writer, dormouse::io::Interest::WRITABLE),
    )
}

/// Bytes that tell where they belong.
fn bytes() -> Vec<u8> {
    (0..MEBIBYTE as u32).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}

/// Writes until it would block.
fn fill(fd: &AsyncFd<UnixStream>) {
    while fd.get_ref().write(&[0; 4096]).is_ok() {}
}

async fn a_mebibyte_is_copied_whole() {
    let sent = bytes();
    let copy = async |mut from: Pin<&mut dyn AsyncRead>, to: Pin<&mut dyn AsyncWrite>| {
        let mut to = to;
        let (copied, received) = join!(
            async {
                let copied = futures::io::copy(&sent[..], &mut to).await.unwrap();
                to.close().await.unwrap();
                copied
            },
            async {
                let mut received = Vec::new();
                futures::io::copy(&mut from, &mut received).await.unwrap();
                received
            }
        );
        assert_eq!(copied, MEBIBYTE as u64);
        assert!(received == sent);
    };
    let (ours, theirs) = pair();
    copy(pin!(theirs), pin!(ours)).await;
    let (ours, theirs) = tcp_pair();
    copy(pin!(&theirs), pin!(&ours)).await;
    let (ours, theirs) = tcp_pair();
    copy(pin!(theirs.into_split().0), pin!(ours.into_split().1)).await;
}

async fn a_pipe_reads_and_writes_as_a_file() {
    let (mut reader, writer) = pipe();
    let sent = bytes();
    let mut received = Vec::new();
    let (read, written) = join!(reader.read_to_end(&mut received), async {
        // A pipe has no half to shut down: it is closed when it is dropped.
        let mut writer = writer;
        writer.write_all(&sent).await?;
        writer.close().await
    });
    written.unwrap();
    assert_eq!(read.unwrap(), MEBIBYTE);
    assert!(received == sent);
}

async fn vectored_reads_and_writes_fill_all_buffers() {
    let (ours, theirs) = pair();
    let parts = [&b"the "[..], b"dormouse ", b"sleeps"].map(IoSlice::new);
    assert_eq!(ours.write_vectored(&parts).await.unwrap(), 19);
    let (mut first, mut second) = ([0; 4], [0; 100]);
    let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(theirs.read_vectored(&mut parts).await.unwrap(), 19);
    assert_eq!((&first, &second[..15]), (b"the ", &b"dormouse sleeps"[..]));
}

async fn after_a_half_close_the_other_direction_goes_on() {
    let (mut ours, mut theirs) = tcp_pair();
    ours.write_all(b"a question").await.unwrap();
    ours.close().await.unwrap();
    let mut heard = String::new();
    timeout(5000 * MS, theirs.read_to_string(&mut heard)).await.expect("no end").unwrap();
    assert_eq!(heard, "a question");
    let mut answer = String::new();
    let (said, read) = join!(
        async {
            sleep(2 * MS).await;
            theirs.write_all(b"an answer").await?;
            theirs.close().await
        },
        ours.read_to_string(&mut answer)
    );
    said.unwrap();
    read.unwrap();
    assert_eq!(answer, "an answer");
    assert_eq!(ours.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    // Once more is as good as once.
    ours.close().await.unwrap();
}

async fn closing_a_pipe_or_an_unconnected_socket_is_no_error() {
    let (_reader, mut writer) = pipe();
    writer.close().await.unwrap();
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    let mut socket = AsyncFd::new(TcpStream::from(socket.unwrap())).unwrap();
    socket.close().await.unwrap();
    // One whose peer is gone, with data that nobody has read: a reset.
    let (mut ours, theirs) = tcp_pair();
    ours.write_all(b"x").await.unwrap();
    drop(theirs);
    sleep(2 * MS).await;
    ours.close().await.unwrap();
}

async fn a_flush_does_not_wait_for_room() {
    let (mut ours, _theirs) = pair();
    fill(&ours);
    timeout(5000 * MS, ours.flush()).await.expect("a full socket has nothing to flush").unwrap();
}

async fn a_full_socket_makes_a_write_wait() {
    let (ours, theirs) = pair();
    fill(&ours);
    assert!(timeout(5 * MS, ours.write(b"x")).await.is_err());
    let (written, ()) = join!(ours.write(b"x"), async {
        sleep(2 * MS).await;
        let mut buffer = vec![0; MEBIBYTE];
        while timeout(5 * MS, theirs.read(&mut buffer)).await.is_ok() {}
    });
    assert_eq!(written.unwrap(), 1);
}

async fn a_dropped_read_loses_nothing() {
    let (ours, mut theirs) = pair();
    let sender = async {
        for i in 0..200u8 {
            theirs.write_all(&[i]).await.unwrap();
            sleep(MS / 20).await;
        }
    };
    let receiver = async {
        let mut received = Vec::new();
        let mut dropped = 0;
        while received.len() < 200 {
            let mut buffer = [0; 7];
            let result = match select(std::pin::pin!(ours.read(&mut buffer)), sleep(MS / 50)).await
            {
                futures::future::Either::Left((read, _)) => Some(read.unwrap()),
                futures::future::Either::Right(_) => None,
            };
            match result {
                Some(read) => received.extend_from_slice(&buffer[..read]),
                None => {
                    dropped += 1;
                    // Where the machine is slow, each sleep is over at its first poll, and the sender has no turn.
                    smol::future::yield_now().await;
                }
            }
        }
        assert!(received.iter().copied().eq(0..200));
        assert!(dropped > 0);
    };
    join!(sender, receiver);
}

async fn readers_and_writers_are_woken_apart() {
    let (ours, theirs) = pair();
    fill(&ours);
    let (reader, read_waker) = Count::new();
    let (writer, write_waker) = Count::new();
    let mut buffer = [0; 16];
    let mut read = poll_fn(|cx| Pin::new(&mut &ours).poll_read(cx, &mut buffer));
    let mut write = poll_fn(|cx| Pin::new(&mut &ours).poll_write(cx, b"x"));
    assert!(poll(&mut read, &read_waker).is_pending());
    assert!(poll(&mut write, &write_waker).is_pending());

    theirs.get_ref().write_all(b"hello").unwrap();
    reader.wait_for_async(1).await;
    assert_eq!(writer.get(), 0);
    assert!(matches!(poll(&mut read, &read_waker), std::task::Poll::Ready(Ok(5))));

    assert!(poll(&mut read, &read_waker).is_pending());
    let woken = reader.get();
    while theirs.get_ref().read(&mut [0; 65536]).is_ok() {}
    writer.wait_for_async(1).await;
    assert!(matches!(poll(&mut write, &write_waker), std::task::Poll::Ready(Ok(1))));
    assert_eq!(reader.get(), woken);
}

async fn halves_serve_two_threads() {
    let (ours, theirs) = tcp_pair();
    let (mut read, mut write) = ours.into_split();
    let (mut their_read, mut their_write) = theirs.into_split();
    let sent = bytes();
    let expected = sent.clone();
    // The threads have no executor. The fds stay with the reactor they were given.
    let echo = std::thread::spawn(move || {
        futures::executor::block_on(futures::io::copy(&mut their_read, &mut their_write)).unwrap()
    });
    let writer = std::thread::spawn(move || {
        futures::executor::block_on(async {
            write.write_all(&sent).await.unwrap();
            drop(write);
        });
    });
    let mut received = Vec::new();
    read.read_to_end(&mut received).await.unwrap();
    assert!(received == expected);
    assert_eq!(echo.join().unwrap(), MEBIBYTE as u64);
    writer.join().unwrap();
}

async fn a_dropped_write_half_is_the_end_of_the_stream() {
    let (ours, mut theirs) = tcp_pair();
    let (mut read, write) = ours.into_split();
    drop(write);
    assert_eq!(theirs.read(&mut [0; 16]).await.unwrap(), 0);
    theirs.write_all(b"still there?").await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(read.read(&mut buffer).await.unwrap(), 12);
}

async fn a_dropped_read_half_leaves_the_write_half_alone() {
    let (ours, theirs) = tcp_pair();
    let (read, mut write) = ours.into_split();
    drop(read);
    write.write_all(b"yes").await.unwrap();
    let mut buffer = [0; 16];
    assert_eq!(theirs.read(&mut buffer).await.unwrap(), 3);
    drop(write);
    assert_eq!(theirs.read(&mut buffer).await.unwrap(), 0);
}

async fn reunited_halves_are_the_whole_and_shut_nothing_down() {
    let (ours, theirs) = tcp_pair();
    let (read, write): (ReadHalf<TcpStream>, WriteHalf<TcpStream>) = ours.into_split();
    let mut ours = read.reunite(write).unwrap();
    assert!(timeout(5 * MS, theirs.read(&mut [0; 1])).await.is_err(), "it was shut down");
    ours.write_all(b"x").await.unwrap();
    assert_eq!(theirs.read(&mut [0; 16]).await.unwrap(), 1);
}

async fn halves_of_two_cannot_be_reunited() {
    let (ours, theirs) = pair();
    let (read, write) = ours.into_split();
    let (their_read, their_write) = theirs.into_split();
    let error = read.reunite(their_write).unwrap_err();
    assert!(error.to_string().contains("not of one AsyncFd"), "{error}");
    // Both are given back, in working order.
    let mut ours = error.0.reunite(write).unwrap();
    let theirs = their_read.reunite(error.1).unwrap();
    ours.write_all(b"x").await.unwrap();
    assert_eq!(theirs.read(&mut [0; 16]).await.unwrap(), 1);
}

/// Says that it was interrupted, every other time.
#[derive(Debug)]
struct Interrupted(UnixStream, AtomicUsize);

impl AsFd for Interrupted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Interrupted {
    fn sometimes(&self) -> io::Result<&UnixStream> {
        match self.1.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Err(ErrorKind::Interrupted.into()),
            _ => Ok(&self.0),
        }
    }
}

impl Read for &Interrupted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.sometimes()?.read(buf)
    }
}

impl Write for &Interrupted {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.sometimes()?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sometimes()?.flush()
    }
}

async fn an_interrupted_operation_is_tried_again() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut ours = AsyncFd::new(Interrupted(ours, AtomicUsize::new(0))).unwrap();
    // The traits', not those of AsyncFd itself, which tell of an interruption as std does.
    assert_eq!(AsyncWriteExt::write(&mut ours, b"x").await.unwrap(), 1);
    ours.flush().await.unwrap();
    theirs.write_all(b"y").unwrap();
    assert_eq!(AsyncReadExt::read(&mut ours, &mut [0; 16]).await.unwrap(), 1);
    ours.close().await.unwrap();
    assert_eq!(theirs.read(&mut [0; 16]).unwrap(), 1);
    assert_eq!(theirs.read(&mut [0; 16]).unwrap(), 0);
}

#[cfg(feature = "tokio")]
mod with_the_traits_of_tokio {
    use super::{MEBIBYTE, MS, bytes, pair, tcp_pair};
    use crate::on_every_reactor;
    use dormouse::timeout;
    use futures::join;
    use std::io::IoSlice;
    use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

    on_every_reactor! {
        a_mebibyte_is_copied_whole
        vectored_writes_write_all_buffers
        after_a_shutdown_the_other_direction_goes_on
        a_copy_in_both_directions_ends_when_both_have_ended
        halves_work
    }

    async fn a_mebibyte_is_copied_whole() {
        let (mut ours, mut theirs) = tcp_pair();
        let sent = bytes();
        let mut received = Vec::new();
        let ((), copied) = join!(
            async {
                tokio::io::copy(&mut &sent[..], &mut ours).await.unwrap();
                ours.shutdown().await.unwrap();
            },
            tokio::io::copy(&mut theirs, &mut received)
        );
        assert_eq!(copied.unwrap(), MEBIBYTE as u64);
        assert!(received == sent);
    }

    async fn vectored_writes_write_all_buffers() {
        let (ours, theirs) = pair();
        assert!(ours.is_write_vectored());
        let parts = [&b"the "[..], b"dormouse ", b"sleeps"].map(IoSlice::new);
        assert_eq!(ours.write_vectored(&parts).await.unwrap(), 19);
        let mut buffer = [0; 32];
        assert_eq!(theirs.read(&mut buffer).await.unwrap(), 19);
        assert_eq!(&buffer[..19], b"the dormouse sleeps");
    }

    async fn after_a_shutdown_the_other_direction_goes_on() {
        let (mut ours, mut theirs) = tcp_pair();
        ours.write_all(b"a question").await.unwrap();
        ours.shutdown().await.unwrap();
        let mut heard = String::new();
        timeout(5000 * MS, theirs.read_to_string(&mut heard)).await.expect("no end").unwrap();
        assert_eq!(heard, "a question");
        theirs.write_all(b"an answer").await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "an answer");
    }

    async fn a_copy_in_both_directions_ends_when_both_have_ended() {
        let (mut client, mut proxy_in) = tcp_pair();
        let (mut proxy_out, mut server) = pair();
        let proxy = tokio::io::copy_bidirectional(&mut proxy_in, &mut proxy_out);
        let talk = async {
            client.write_all(b"a question").await.unwrap();
            client.shutdown().await.unwrap();
            let mut heard = String::new();
            server.read_to_string(&mut heard).await.unwrap();
            server.write_all(heard.as_bytes()).await.unwrap();
            server.shutdown().await.unwrap();
            let mut echoed = String::new();
            client.read_to_string(&mut echoed).await.unwrap();
            assert_eq!(echoed, "a question");
        };
        let (copied, ()) = join!(proxy, talk);
        assert_eq!(copied.unwrap(), (10, 10));
    }

    async fn halves_work() {
        let (ours, theirs) = pair();
        let (mut read, mut write) = ours.into_split();
        let (mut their_read, mut their_write) = theirs.into_split();
        let sent = bytes();
        let mut received = Vec::new();
        let (_, (), echoed) = join!(
            async {
                let copied = tokio::io::copy(&mut their_read, &mut their_write).await.unwrap();
                drop(their_write);
                copied
            },
            async {
                write.write_all(&sent).await.unwrap();
                drop(write);
            },
            read.read_to_end(&mut received)
        );
        assert_eq!(echoed.unwrap(), MEBIBYTE);
        assert!(received == sent);
    }
}

/// Retries with a growing pause, by a crate that is told of dormouse in one word.
#[test]
fn backon_retries_a_failing_connect() {
    use backon::{ExponentialBuilder, Retryable};

    common::within_time(|| {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let mut listener = None;
        let mut tries = 0;
        let connect = || {
            tries += 1;
            if tries == 3 {
                listener = Some(TcpListener::bind(address).unwrap());
            }
            async move { TcpStream::connect(address) }
        };
        let pauses = ExponentialBuilder::default().with_min_delay(2 * MS).with_max_times(5);
        let connected = connect.retry(pauses).sleep(dormouse::sleep);
        dormouse::block_on(connected).expect("the third one is answered");
        assert_eq!(tries, 3);
    });
}
