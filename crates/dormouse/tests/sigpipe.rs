//! A write to a socket whose connection is closed returns an error, and raises no `SIGPIPE`. A Rust program ignores that
//! signal; another host of this library may not.
#![cfg(target_os = "linux")]

mod common;

use dormouse::io::AsyncFd;
use dormouse::net::{UdpSocket, UnixDatagram};
use futures::FutureExt;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

on_every_reactor! {
    writes_to_a_closed_stream_raise_no_signal
    datagrams_and_packets_to_a_closed_socket_raise_no_signal
    a_write_of_more_buffers_than_the_system_accepts_writes_the_first_ones
}

/// Whether `f` raises `SIGPIPE`.
fn raises_sigpipe(f: impl FnOnce()) -> bool {
    let mut sigpipe = SigSet::empty();
    sigpipe.add(Signal::SIGPIPE);
    let former = sigpipe.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap();
    f();
    // A blocked signal stays pending, although the program ignores it.
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let pending = status.lines().find_map(|line| line.strip_prefix("SigPnd:")).unwrap();
    let pending = u64::from_str_radix(pending.trim(), 16).unwrap();
    let raised = pending & 1 << (Signal::SIGPIPE as u32 - 1) != 0;
    if raised {
        sigpipe.wait().unwrap();
    }
    former.thread_set_mask().unwrap();
    raised
}

#[track_caller]
fn fails_without_signal<R>(write: impl Future<Output = io::Result<R>>) {
    let raised = raises_sigpipe(|| {
        let written = write.now_or_never().expect("the connection is closed");
        assert_eq!(written.err().unwrap().kind(), ErrorKind::BrokenPipe);
    });
    assert!(!raised, "SIGPIPE");
}

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

fn close_for_writing(socket: &impl AsFd) {
    rustix::net::shutdown(socket, rustix::net::Shutdown::Write).unwrap();
}

async fn writes_to_a_closed_stream_raise_no_signal() {
    let (stream, _peer) = UnixStream::pair().unwrap();
    close_for_writing(&stream);
    assert!(raises_sigpipe(|| assert!(rustix::io::write(&stream, b"x").is_err())));
    check_stream(stream).await;
    let (stream, _) = UnixStream::pair().unwrap();
    check_stream(stream).await;
    let (stream, _peer) = connected();
    close_for_writing(&stream);
    check_stream(stream).await;
}

async fn check_stream<T: AsFd + 'static>(stream: T)
where
    for<'a> &'a T: Write,
{
    let stream = AsyncFd::new(stream).unwrap();
    let buffers = [IoSlice::new(b"one"), IoSlice::new(b"two")];
    fails_without_signal(stream.write(b"one"));
    fails_without_signal(stream.write_vectored(&buffers));
    #[cfg(feature = "futures-io")]
    {
        use futures::io::AsyncWriteExt;
        fails_without_signal(AsyncWriteExt::write(&mut &stream, b"one"));
        fails_without_signal(AsyncWriteExt::write_vectored(&mut &stream, &buffers));
    }
    #[cfg(feature = "tokio-io")]
    {
        use tokio::io::AsyncWriteExt;
        fails_without_signal(AsyncWriteExt::write(&mut &stream, b"one"));
        fails_without_signal(AsyncWriteExt::write_vectored(&mut &stream, &buffers));
    }
    #[cfg(feature = "hyper")]
    {
        use hyper::rt::Write;
        use std::future::poll_fn;
        use std::pin::Pin;
        let writer = &mut &stream;
        fails_without_signal(poll_fn(|cx| Pin::new(&mut *writer).poll_write(cx, b"one")));
        fails_without_signal(poll_fn(|cx| {
            Pin::new(&mut *writer).poll_write_vectored(cx, &buffers)
        }));
    }
    #[cfg(feature = "futures-io")]
    {
        use futures::io::AsyncWriteExt;
        let (_read, mut write) = stream.into_split();
        fails_without_signal(write.write(b"one"));
        fails_without_signal(write.write_vectored(&buffers));
    }
}

async fn datagrams_and_packets_to_a_closed_socket_raise_no_signal() {
    let (socket, _peer) = UnixDatagram::pair().unwrap();
    close_for_writing(&socket);
    fails_without_signal(socket.send(b"one"));
    #[cfg(not(dormouse_portable))]
    {
        let (socket, _peer) = dormouse::net::UnixSeqpacket::pair().unwrap();
        close_for_writing(&socket);
        fails_without_signal(socket.send(b"one"));
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.connect(peer.local_addr().unwrap()).await.unwrap();
    close_for_writing(&socket);
    assert!(!raises_sigpipe(|| drop(socket.send(b"one").now_or_never())));
}

async fn a_write_of_more_buffers_than_the_system_accepts_writes_the_first_ones() {
    let (stream, peer) = UnixStream::pair().unwrap();
    let (stream, peer) = (AsyncFd::new(stream).unwrap(), AsyncFd::new(peer).unwrap());
    let buffers = [IoSlice::new(b"x"); 3000];
    let written = stream.write_vectored(&buffers).await.unwrap();
    assert!(written > 0);
    drop(stream);
    let (mut read, mut buffer) = (0, [0; 4096]);
    while read < written {
        read += peer.read(&mut buffer).await.unwrap();
    }
    assert_eq!(read, written);
    assert_eq!(peer.read(&mut buffer).await.unwrap(), 0);
}
