//! `read_exact` and `write_all`, the methods of the streams and of `AsyncFd`, on every reactor.

mod common;

use common::stream::{Stream, fill, std_pair};
use common::tcp::{pair, pattern};
use common::{LIMIT, MS, count_polls, strict_timeout};
use dormouse::io::AsyncFd;
use dormouse::net::{TcpSocket, TcpStream};
use dormouse::{sleep, timeout};
use futures::join;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

on_every_reactor! {
    read_exact_waits_for_the_rest_of_the_buffer
    read_exact_leaves_what_follows
    an_end_of_file_in_the_middle_is_an_error_that_counts_the_bytes
    a_mebibyte_fits_through_a_small_socket_buffer
    write_all_to_a_closed_peer_fails
    a_peer_that_closes_ends_a_write_all_that_waits
    empty_buffers_complete_at_once
    a_write_that_returns_0_is_an_error_that_counts_the_bytes
    an_interrupted_operation_is_repeated
    what_a_dropped_read_exact_has_read_is_in_the_buffer
    a_read_exact_and_a_write_all_wait_at_the_same_time
    the_halves_of_a_tcp_stream_have_the_methods
}

const MEBIBYTE: usize = 1 << 20;

async fn read_exact_waits_for_the_rest_of_the_buffer() {
    let (client, server) = pair().await;
    let mut buffer = [0; 10];
    let send = async {
        for part in ["the", " ", "dor", "mou"] {
            client.write_all(part.as_bytes()).await.unwrap();
            sleep(MS).await;
        }
    };
    let (read, ()) = join!(strict_timeout(LIMIT, server.read_exact(&mut buffer)), send);
    assert_eq!(read.expect("all parts were sent").unwrap(), 10);
    assert_eq!(&buffer, b"the dormou");
}

async fn read_exact_leaves_what_follows() {
    let (client, server) = pair().await;
    client.write_all(b"header and body").await.unwrap();
    drop(client);
    let (mut header, mut rest) = ([0; 6], [0; 16]);
    server.read_exact(&mut header).await.unwrap();
    assert_eq!(&header, b"header");
    server.read_exact(&mut rest[..9]).await.unwrap();
    assert_eq!(&rest[..9], b" and body");
    assert_eq!(server.read(&mut rest).await.unwrap(), 0);
}

async fn an_end_of_file_in_the_middle_is_an_error_that_counts_the_bytes() {
    let (client, server) = pair().await;
    let mut buffer = [0; 16];
    let (read, ()) = join!(strict_timeout(LIMIT, server.read_exact(&mut buffer)), async {
        client.write_all(b"hello").await.unwrap();
        sleep(MS).await;
        drop(client);
    });
    let error = read.expect("the stream has ended").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "end of file after 5 of 16 bytes");
    assert_eq!(&buffer[..6], b"hello\0");
    // Again, and without any bytes.
    let error = server.read_exact(&mut buffer[..1]).await.unwrap_err();
    assert_eq!(error.to_string(), "end of file after 0 of 1 bytes");
}

/// A pair whose buffers are small.
async fn small_pair() -> (TcpStream, TcpStream) {
    let prepared = || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(16 << 10).unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        socket
    };
    let listener = prepared();
    listener.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = listener.listen(1).unwrap();
    let connect = prepared().connect(listener.local_addr().unwrap());
    let (client, server) = join!(connect, listener.accept());
    (client.unwrap(), server.unwrap().0)
}

async fn a_mebibyte_fits_through_a_small_socket_buffer() {
    let (client, server) = small_pair().await;
    let sent = pattern(MEBIBYTE);
    let mut received = vec![0; MEBIBYTE];
    let exchange = async {
        join!(client.write_all(&sent), async {
            sleep(5 * MS).await; // meanwhile, the buffers fill up
            server.read_exact(&mut received).await
        })
    };
    let (written, read) = strict_timeout(LIMIT, exchange).await.expect("both ends are served");
    written.unwrap();
    assert_eq!(read.unwrap(), MEBIBYTE);
    assert!(received == sent);
}

async fn write_all_to_a_closed_peer_fails() {
    let (client, server) = pair().await;
    drop(server);
    // The first writes may be accepted, until the peer's reset arrives.
    let fails = async {
        loop {
            if let Err(error) = client.write_all(&[0; 4096]).await {
                break error;
            }
        }
    };
    let error = timeout(LIMIT, fails).await.expect("the connection is reset");
    let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
    assert!(gone.contains(&error.kind()), "{error}");
    assert!(error.raw_os_error().is_some(), "it is the system's, unchanged: {error:?}");
}

async fn a_peer_that_closes_ends_a_write_all_that_waits() {
    let (client, server) = small_pair().await;
    let bytes = vec![0; 16 << 20];
    let (written, ()) = join!(strict_timeout(LIMIT, client.write_all(&bytes)), async {
        sleep(5 * MS).await;
        drop(server);
    });
    written.expect("the connection is reset").unwrap_err();
}

async fn empty_buffers_complete_at_once() {
    let (local, peer) = std_pair();
    let (full, empty) = (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap());
    fill(&full);
    let (written, polls) = count_polls(full.write_all(&[])).await;
    assert_eq!((written.unwrap(), polls), ((), 1));
    let (read, polls) = count_polls(full.read_exact(&mut [])).await;
    assert_eq!((read.unwrap(), polls), (0, 1));
    drop(empty);
}

/// A stream whose writes return 0 once 5 bytes are written, and whose operations are interrupted every other time.
struct Odd {
    stream: Stream,
    room: AtomicUsize,
    calls: AtomicUsize,
}

impl_as_source! { Odd, stream }

impl Odd {
    fn pair(room: usize) -> (AsyncFd<Odd>, AsyncFd<Stream>) {
        let (stream, peer) = std_pair();
        let (room, calls) = (AtomicUsize::new(room), AtomicUsize::new(0));
        let odd = Odd { stream, room, calls };
        (AsyncFd::new(odd).unwrap(), AsyncFd::new(peer).unwrap())
    }

    fn every_other_time(&self) -> io::Result<&Stream> {
        match self.calls.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Err(ErrorKind::Interrupted.into()),
            _ => Ok(&self.stream),
        }
    }
}

impl Read for &Odd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let some = buf.len().min(3);
        self.every_other_time()?.read(&mut buf[..some])
    }
}

impl Write for &Odd {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::Relaxed);
        if room == 0 {
            return Ok(0);
        }
        let written = self.every_other_time()?.write(&buf[..buf.len().min(room).min(3)])?;
        self.room.fetch_sub(written, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn a_write_that_returns_0_is_an_error_that_counts_the_bytes() {
    let (odd, peer) = Odd::pair(5);
    let error = odd.write_all(&[b'x'; 16]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(error.to_string(), "a write returned 0 after 5 of 16 bytes");
    assert_eq!(peer.read_exact(&mut [0; 5]).await.unwrap(), 5);
}

async fn an_interrupted_operation_is_repeated() {
    let (odd, peer) = Odd::pair(usize::MAX);
    odd.write_all(b"dormouse").await.unwrap();
    let mut buffer = [0; 8];
    peer.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"dormouse");
    peer.write_all(b"esuomrod").await.unwrap();
    odd.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"esuomrod");
}

async fn what_a_dropped_read_exact_has_read_is_in_the_buffer() {
    let (client, server) = pair().await;
    client.write_all(b"hello").await.unwrap();
    let mut buffer = [0; 16];
    // The first byte has arrived, so the others are read in the first poll.
    server.readable().await.unwrap();
    timeout(2 * MS, server.read_exact(&mut buffer)).await.unwrap_err();
    assert_eq!(&buffer[..6], b"hello\0");
    client.write_all(b"more").await.unwrap();
    server.read_exact(&mut buffer[..4]).await.unwrap();
    assert_eq!(&buffer[..4], b"more");
}

async fn a_read_exact_and_a_write_all_wait_at_the_same_time() {
    let (client, server) = small_pair().await;
    let bytes = pattern(MEBIBYTE);
    let both = async |stream: &TcpStream| {
        let mut received = vec![0; MEBIBYTE];
        let (written, read) = join!(stream.write_all(&bytes), stream.read_exact(&mut received));
        written.unwrap();
        read.unwrap();
        assert!(received == bytes);
    };
    let exchange = async { join!(both(&client), both(&server)) };
    strict_timeout(LIMIT, exchange).await.expect("both directions are served");
}

async fn the_halves_of_a_tcp_stream_have_the_methods() {
    let (mut client, server) = pair().await;
    let (server_read, server_write) = server.into_split();
    let mut buffer = [0; 5];
    let (read, write) = client.split();
    write.write_all(b"hello").await.unwrap();
    assert_eq!(server_read.read_exact(&mut buffer).await.unwrap(), 5);
    server_write.write_all(&buffer).await.unwrap();
    assert_eq!(read.read_exact(&mut buffer).await.unwrap(), 5);
    assert_eq!(&buffer, b"hello");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::common::fifo::Fifo;
    use dormouse::net::{PipeReader, UnixStream, pipe};

    on_every_reactor! {
        unix_streams_and_their_halves_have_the_methods
        a_mebibyte_fits_through_a_pipe
        a_pipe_that_ends_in_the_middle_is_an_error_that_counts_the_bytes
        read_exact_waits_for_the_first_writer_of_a_fifo
    }

    async fn unix_streams_and_their_halves_have_the_methods() {
        let (mut client, server) = UnixStream::pair().unwrap();
        let mut buffer = [0; 5];
        client.write_all(b"hello").await.unwrap();
        assert_eq!(server.read_exact(&mut buffer).await.unwrap(), 5);
        let (server_read, server_write) = server.into_split();
        let (read, write) = client.split();
        server_write.write_all(&buffer).await.unwrap();
        assert_eq!(read.read_exact(&mut [0; 5]).await.unwrap(), 5);
        write.write_all(&buffer).await.unwrap();
        assert_eq!(server_read.read_exact(&mut buffer).await.unwrap(), 5);
        assert_eq!(&buffer, b"hello");
    }

    async fn a_mebibyte_fits_through_a_pipe() {
        let (reader, writer) = pipe().unwrap();
        let sent = pattern(MEBIBYTE);
        let mut received = vec![0; MEBIBYTE];
        let exchange = async { join!(writer.write_all(&sent), reader.read_exact(&mut received)) };
        let (written, read) = strict_timeout(LIMIT, exchange).await.expect("both ends are served");
        written.unwrap();
        read.unwrap();
        assert!(received == sent);
    }

    async fn a_pipe_that_ends_in_the_middle_is_an_error_that_counts_the_bytes() {
        let (reader, writer) = pipe().unwrap();
        writer.write_all(b"hello").await.unwrap();
        drop(writer);
        let error = reader.read_exact(&mut [0; 16]).await.unwrap_err();
        assert_eq!(error.to_string(), "end of file after 5 of 16 bytes");
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write_all(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    async fn read_exact_waits_for_the_first_writer_of_a_fifo() {
        let fifo = Fifo::new();
        let reader = PipeReader::from_file(fifo.reader_file()).unwrap();
        let mut buffer = [0; 5];
        let (read, ()) = join!(reader.read_exact(&mut buffer), async {
            sleep(2 * MS).await;
            fifo.writer().write_all(b"hello").unwrap();
        });
        assert_eq!(read.unwrap(), 5);
    }
}

/// With a trait in scope, the method of the type is called by a value and by a shared reference, and that of the trait by a
/// mutable one. Code that uses the result compiles with both: that of tokio is the same, that of futures is `()`.
mod with_the_traits_in_scope {
    #[test]
    #[cfg(feature = "tokio-io")]
    fn of_tokio() {
        use super::{common, pair};
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        common::within_time(|| {
            dormouse::block_on(async {
                let (mut client, mut server) = pair().await;
                let mut buffer = [0; 5];
                client.write_all(b"hello").await.unwrap();
                let read: usize = server.read_exact(&mut buffer).await.unwrap();
                {
                    let (client, server) = (&client, &server);
                    server.write_all(&buffer[..read]).await.unwrap();
                    let _: usize = client.read_exact(&mut buffer).await.unwrap();
                }
                let (client, server) = (&mut client, &mut server);
                client.write_all(&buffer).await.unwrap();
                let _: usize = server.read_exact(&mut buffer).await.unwrap();
            });
        });
    }

    #[test]
    #[cfg(feature = "futures-io")]
    fn of_futures() {
        use super::{common, pair};
        use futures::io::{AsyncReadExt, AsyncWriteExt};

        common::within_time(|| {
            dormouse::block_on(async {
                let (mut client, mut server) = pair().await;
                let mut buffer = [0; 5];
                client.write_all(b"hello").await.unwrap();
                server.read_exact(&mut buffer).await.unwrap();
                {
                    let (client, server) = (&client, &server);
                    server.write_all(&buffer).await.unwrap();
                    client.read_exact(&mut buffer).await.unwrap();
                }
                let (client, server) = (&mut client, &mut server);
                client.write_all(&buffer).await.unwrap();
                let _: () = server.read_exact(&mut buffer).await.unwrap();
            });
        });
    }
}

#[test]
fn the_futures_are_send() {
    fn assert_send<T: Send>(_: T) {}
    let (client, server) = dormouse::block_on(pair());
    assert_send(client.write_all(&[0]));
    assert_send(server.read_exact(&mut [0]));
}
