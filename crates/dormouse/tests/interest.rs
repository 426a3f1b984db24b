//! Error interest, interest that is registered late, and objects that cannot be registered, on every
//! reactor.
#![cfg(target_os = "linux")]

mod common;

use common::sockets::tcp_pair;
use common::{Count, MS, poll};
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::{sleep, timeout};
use futures::join;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;

on_every_reactor! {
    an_error_ends_a_wait_for_errors_only
    neither_data_nor_room_is_reported_as_an_error
    error_interest_selects_the_builtin_reactor
    a_wait_for_errors_only_ends_whatever_interest_is_registered
    a_failed_constructor_returns_the_object_unchanged
    a_late_registration_of_write_interest_reports_writability
    a_hang_up_is_reported_whatever_interest_is_registered
}

each_in_a_child_process! { a_closed_fd_is_rejected_with_an_error_that_names_it }

async fn an_error_ends_a_wait_for_errors_only() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::with_interest(writer, Interest::ERROR).unwrap();
    assert!(timeout(5 * MS, writer.ready(Interest::ERROR)).await.is_err());
    let (guard, ()) = join!(writer.ready(Interest::ERROR), async {
        sleep(5 * MS).await;
        drop(reader);
    });
    assert_eq!(guard.unwrap().ready(), Ready::ERROR);
}

async fn neither_data_nor_room_is_reported_as_an_error() {
    let (local, mut peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::with_interest(local, Interest::ERROR).unwrap();
    let (count, waker) = Count::new();
    let mut wait = pin!(local.ready(Interest::ERROR));
    assert!(poll(&mut wait.as_mut(), &waker).is_pending());
    peer.write_all(b"hello").unwrap();
    sleep(5 * MS).await;
    assert_eq!(count.get(), 0);
}

async fn error_interest_selects_the_builtin_reactor() {
    for interest in [Interest::ERROR, Interest::READABLE | Interest::ERROR] {
        let (local, _peer) = tcp_pair();
        let local = AsyncFd::with_interest(local, interest).unwrap();
        assert_eq!(local.reactor().name(), "builtin");
    }
}

async fn a_wait_for_errors_only_ends_whatever_interest_is_registered() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::with_interest(writer, Interest::WRITABLE).unwrap();
    drop(reader);
    match timeout(500 * MS, writer.ready(Interest::ERROR)).await.expect("the wait does not end") {
        Ok(guard) => assert!(guard.ready().is_error()),
        Err(err) => {
            assert_eq!(writer.reactor().name(), "async-io");
            assert_eq!(err.kind(), ErrorKind::InvalidInput);
            assert!(err.to_string().contains("with_interest"), "{err}");
        }
    }
}

async fn a_failed_constructor_returns_the_object_unchanged() {
    for path in ["/", file!(), "/dev/null"] {
        let Ok(file) = File::open(path) else { continue };
        let number = file.as_raw_fd();
        let error = AsyncFd::try_with_interest(file, Interest::READABLE).unwrap_err();
        let (message, debug) = (error.to_string(), format!("{error:?}"));
        assert!(message.contains(&format!("fd {number} ")) && debug.contains("AsyncFdTryNewError"));
        let (file, cause) = error.into_parts();
        assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
        assert_eq!(file.as_raw_fd(), number);
        assert!(
            !rustix::io::ioctl_fionread(&file).is_err_and(|err| err == rustix::io::Errno::BADF)
        );
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "{path}");
    }
    let (local, mut peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::try_new(local).unwrap();
    peer.write_all(b"x").unwrap();
    assert_eq!(local.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 9])).await.unwrap(), 1);
}

/// A reactor registers write interest only when a write first has to wait.
async fn a_late_registration_of_write_interest_reports_writability() {
    for _ in 0..20 {
        let (local, mut peer) = UnixStream::pair().unwrap();
        let local = AsyncFd::new(local).unwrap();
        // A wait for data is registered first, and is still pending afterwards.
        let (count, waker) = Count::new();
        let mut read_wait = pin!(local.readable());
        assert!(poll(&mut read_wait.as_mut(), &waker).is_pending());
        // The first writes do not wait.
        while local.try_io(Interest::WRITABLE, |mut fd| fd.write(&[0; 4096])).is_ok() {}
        let mut buffer = vec![0; 1 << 20];
        let (guard, read) = join!(local.writable(), async {
            sleep(MS).await;
            peer.read(&mut buffer).unwrap()
        });
        assert!(guard.unwrap().ready().is_writable() && read > 0);
        assert_eq!(count.get(), 0);
        peer.write_all(b"x").unwrap();
        count.wait_for_async(1).await;
        assert!(poll(&mut read_wait.as_mut(), &waker).is_ready());
    }
}

async fn a_hang_up_is_reported_whatever_interest_is_registered() {
    for (registered, awaited) in
        [(Interest::READABLE, Interest::WRITABLE), (Interest::WRITABLE, Interest::READABLE)]
    {
        let (local, peer) = UnixStream::pair().unwrap();
        let local = AsyncFd::with_interest(local, registered).unwrap();
        let (guard, ()) = join!(local.ready(awaited), async {
            sleep(2 * MS).await;
            drop(peer);
        });
        assert!(guard.is_ok());
    }
}

#[test]
#[cfg(feature = "tokio")]
fn a_wait_for_an_unregistered_interest_survives_the_shutdown_of_its_runtime() {
    for (registered, awaited) in
        [(Interest::READABLE, Interest::WRITABLE), (Interest::WRITABLE, Interest::READABLE)]
    {
        let runtime = common::current_thread();
        let (local, peer) = tcp_pair();
        let reactor = dormouse::reactor::Reactor::tokio(runtime.handle()).unwrap();
        let local = AsyncFd::new_on(&reactor, local, registered).unwrap();
        while local.get_ref().write(&[0; 65536]).is_ok() {}
        let (_, waker) = Count::new();
        let mut wait = pin!(local.ready(awaited));
        assert!(poll(&mut wait.as_mut(), &waker).is_pending(), "{awaited:?}");
        drop(runtime);
        drop(peer);
        drop(dormouse::block_on(timeout(common::TEST_TIMEOUT / 2, wait)).unwrap().unwrap());
    }
}

mod cases {
    use super::*;

    /// Simulates code that closes an fd of another owner. So no other test may run in this process.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_closed_fd_is_rejected_with_an_error_that_names_it() {
        // Otherwise an fd of the reactor would get the number.
        dormouse::init().unwrap();
        let (local, _peer) = UnixStream::pair().unwrap();
        let number = local.as_fd().as_raw_fd();
        nix::unistd::close(number).unwrap();
        let (local, cause) = AsyncFd::try_new(local).unwrap_err().into_parts();
        // std aborts the process if it closes an fd that is not open.
        std::mem::forget(local);
        let message = cause.to_string();
        assert!(message.contains(&format!("fd {number} ")), "{message}");
        assert!(message.contains("it is not open"), "{message}");
    }
}
