//! The blocking mode of the fd.

use crate::on_every_reactor;
use dormouse::io::AsyncFd;
use dormouse::net::{
    PipeReader, PipeWriter, TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener,
    UnixStream, pipe,
};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream as StdStream;

on_every_reactor! {
    into_blocking_restores_the_mode_that_was_found
    what_this_crate_has_created_is_blocking_after_into_blocking
    into_blocking_fd_sets_any_end_of_a_pipe_blocking
    other_status_flags_are_kept
    a_drop_leaves_the_mode_of_the_duplicates
    a_failed_registration_leaves_the_mode
    a_reopened_pipe_has_a_mode_of_its_own
}

fn is_blocking(fd: impl AsFd) -> bool {
    !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

async fn into_blocking_restores_the_mode_that_was_found() {
    for found_blocking in [true, false] {
        let (socket, _peer) = StdStream::pair().unwrap();
        socket.set_nonblocking(!found_blocking).unwrap();
        let socket = AsyncFd::new(socket).unwrap();
        assert!(!is_blocking(&socket));
        assert_eq!(is_blocking(socket.into_blocking().unwrap()), found_blocking);

        // The halves, put together.
        let (socket, mut peer) = StdStream::pair().unwrap();
        socket.set_nonblocking(!found_blocking).unwrap();
        let (read, write) = AsyncFd::new(socket).unwrap().into_split();
        let socket = read.reunite(write).unwrap().into_blocking().unwrap();
        assert_eq!(is_blocking(&socket), found_blocking);
        peer.write_all(b"x").unwrap();
        assert_eq!((&socket).read(&mut [0; 2]).unwrap(), 1);
    }
    // What was taken out without restoring it is found non-blocking.
    let (socket, _peer) = StdStream::pair().unwrap();
    let socket = AsyncFd::new(AsyncFd::new(socket).unwrap().into_inner()).unwrap();
    assert!(!is_blocking(socket.into_blocking().unwrap()));
}

async fn what_this_crate_has_created_is_blocking_after_into_blocking() {
    macro_rules! assert_restored {
        ($fd:expr) => {{
            let fd = $fd;
            assert!(!is_blocking(&fd));
            assert!(is_blocking(fd.into_blocking().unwrap()));
        }};
    }
    let (reader, writer) = pipe().unwrap();
    assert_restored!(reader.into_async_fd());
    assert_restored!(writer.into_async_fd());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert_restored!(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
    assert_restored!(listener.accept().await.unwrap().0);
    assert_restored!(listener);
    assert_restored!(UdpSocket::bind("127.0.0.1:0").await.unwrap());

    let directory = std::env::temp_dir();
    let id = format!("{}-{:?}", std::process::id(), std::thread::current().id());
    let path = directory.join(format!("dormouse-blocking-{id}"));
    let listener = UnixListener::bind(&path).unwrap();
    assert_restored!(UnixStream::connect(&path).await.unwrap());
    assert_restored!(listener.accept().await.unwrap().0);
    assert_restored!(listener);
    std::fs::remove_file(&path).unwrap();
    assert_restored!(UnixStream::pair().unwrap().0);
    assert_restored!(UnixDatagram::pair().unwrap().0);
    assert_restored!(UnixDatagram::unbound().unwrap());

    #[cfg(all(target_os = "linux", not(dormouse_portable)))]
    {
        use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let client = UnixSeqpacket::connect(&path).await.unwrap();
        assert_restored!(client.into_async_fd());
        assert_restored!(listener.accept().await.unwrap().0.into_async_fd());
        assert_restored!(listener.into_async_fd());
        std::fs::remove_file(&path).unwrap();
        assert_restored!(UnixSeqpacket::pair().unwrap().0.into_async_fd());
    }
}

async fn into_blocking_fd_sets_any_end_of_a_pipe_blocking() {
    for found_blocking in [true, false] {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        for fd in [&reader, &writer] {
            rustix::io::ioctl_fionbio(fd, !found_blocking).unwrap();
        }
        let reader = PipeReader::from_owned_fd(reader).unwrap();
        let writer = PipeWriter::from_owned_fd(writer).unwrap();
        assert!(!is_blocking(&reader) && !is_blocking(&writer));
        let reader = PipeReader::from_owned_fd(reader.into_nonblocking_fd().unwrap()).unwrap();
        assert!(is_blocking(reader.into_blocking_fd().unwrap()));
        assert!(is_blocking(writer.into_blocking_fd().unwrap()));
    }
}

async fn other_status_flags_are_kept() {
    let (_reader, writer) = rustix::pipe::pipe().unwrap();
    let found = fcntl_getfl(&writer).unwrap() | OFlags::APPEND;
    fcntl_setfl(&writer, found).unwrap();
    let writer = AsyncFd::new(writer).unwrap();
    assert_eq!(fcntl_getfl(&writer).unwrap(), found | OFlags::NONBLOCK);
    assert_eq!(fcntl_getfl(writer.into_blocking().unwrap()).unwrap(), found);
}

async fn a_drop_leaves_the_mode_of_the_duplicates() {
    let (socket, _peer) = StdStream::pair().unwrap();
    let duplicate = AsyncFd::new(socket.try_clone().unwrap()).unwrap();
    drop(AsyncFd::new(socket).unwrap());
    let nothing = duplicate.get_ref().read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

async fn a_failed_registration_leaves_the_mode() {
    let (directory, _cause) = AsyncFd::try_new(File::open("/").unwrap()).unwrap_err().into_parts();
    assert!(is_blocking(directory));
}

async fn a_reopened_pipe_has_a_mode_of_its_own() {
    let (inherited, writer) = rustix::pipe::pipe().unwrap();
    let Ok(reopened) = File::open(format!("/proc/self/fd/{}", inherited.as_raw_fd())) else {
        return; // a system without /proc
    };
    let reopened = AsyncFd::new(reopened).unwrap();
    assert!(!is_blocking(&reopened) && is_blocking(&inherited));
    rustix::io::write(&writer, b"hello").unwrap();
    drop(writer);
    let mut buffer = [0; 16];
    assert_eq!(reopened.read(&mut buffer).await.unwrap(), 5);
    assert_eq!(reopened.read(&mut buffer).await.unwrap(), 0);
}
