//! Priority and error interest, interest that is registered late, and objects that cannot be registered, on every
//! reactor.
#![cfg(target_os = "linux")]

mod common;

use common::sockets::tcp_pair;
use common::{Count, MS, poll};
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::{sleep, timeout};
use futures::join;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;

on_every_reactor! {
    urgent_data_is_reported_as_priority_and_not_as_readable
    normal_data_is_not_reported_as_priority
    each_urgent_byte_is_reported
    a_wait_for_urgent_data_ends_when_the_peer_closes
    an_error_ends_a_wait_for_errors_only
    neither_data_nor_room_is_reported_as_an_error
    priority_and_error_interest_select_the_builtin_reactor
    a_wait_for_errors_only_ends_whatever_interest_is_registered
    all_interests_can_be_awaited_at_once
    a_failed_constructor_returns_the_object_unchanged
    a_late_registration_of_write_interest_reports_writability
    a_hang_up_is_reported_whatever_interest_is_registered
}

each_in_a_child_process! { a_closed_fd_is_rejected_with_an_error_that_names_it }

fn send_urgent(stream: &TcpStream, byte: u8) {
    send(stream, &[byte], SendFlags::OOB).unwrap();
}

fn receive_urgent(stream: &TcpStream) -> u8 {
    let mut byte = [0];
    recv(stream, &mut byte, RecvFlags::OOB).unwrap();
    byte[0]
}

async fn urgent_data_is_reported_as_priority_and_not_as_readable() {
    let (local, peer) = tcp_pair();
    let local = AsyncFd::with_interest(local, Interest::PRIORITY).unwrap();
    assert!(timeout(5 * MS, local.ready(Interest::PRIORITY)).await.is_err());
    let (guard, ()) = join!(local.ready(Interest::PRIORITY), async {
        sleep(5 * MS).await;
        send_urgent(&peer, b'!');
    });
    let guard = guard.unwrap();
    assert_eq!(guard.ready(), Ready::PRIORITY);
    assert!(guard.ready().is_priority() && !guard.ready().is_readable());
    assert_eq!(receive_urgent(local.get_ref()), b'!');
}

async fn normal_data_is_not_reported_as_priority() {
    let (local, mut peer) = tcp_pair();
    let local = AsyncFd::with_interest(local, Interest::READABLE | Interest::PRIORITY).unwrap();
    peer.write_all(b"hello").unwrap();
    assert_eq!(local.ready(Interest::READABLE).await.unwrap().ready(), Ready::READABLE);
    assert!(timeout(5 * MS, local.ready(Interest::PRIORITY)).await.is_err());
}

async fn each_urgent_byte_is_reported() {
    let (local, peer) = tcp_pair();
    let local = AsyncFd::with_interest(local, Interest::PRIORITY).unwrap();
    for byte in b'a'..b'k' {
        send_urgent(&peer, byte);
        let mut guard = local.ready(Interest::PRIORITY).await.unwrap();
        assert_eq!(receive_urgent(local.get_ref()), byte);
        guard.clear_ready();
        // The kernel reports a byte up to twice: when it is announced, and when it has arrived. If the thread that
        // polls is delayed, it sees the second report only now.
        let mut more = 0;
        while let Ok(guard) = timeout(2 * MS, local.ready(Interest::PRIORITY)).await {
            guard.unwrap().clear_ready();
            more += 1;
            assert!(more < 3);
        }
    }
}

async fn a_wait_for_urgent_data_ends_when_the_peer_closes() {
    let (local, mut peer) = tcp_pair();
    (&local).write_all(b"stays unread").unwrap();
    let local = AsyncFd::with_interest(local, Interest::PRIORITY).unwrap();
    let (guard, ()) = join!(local.ready(Interest::PRIORITY), async {
        sleep(5 * MS).await;
        peer.write_all(b"x").unwrap();
        // The peer has unread data, so this is a reset.
        drop(peer);
    });
    let ready = guard.unwrap().ready();
    // The kernel sets the error before the hang-up, so the error alone may be reported.
    assert!(!ready.is_priority() && (ready.is_read_closed() || ready.is_error()), "{ready:?}");
}

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

async fn priority_and_error_interest_select_the_builtin_reactor() {
    for interest in [Interest::PRIORITY, Interest::ERROR, Interest::READABLE | Interest::ERROR] {
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

async fn all_interests_can_be_awaited_at_once() {
    let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY | Interest::ERROR;
    let (local, mut peer) = tcp_pair();
    let local = AsyncFd::with_interest(local, all).unwrap();
    assert_eq!(local.ready(all).await.unwrap().ready(), Ready::WRITABLE);
    let (read, write, urgent, ()) = join!(
        local.ready(Interest::READABLE),
        local.ready(Interest::WRITABLE),
        local.ready(Interest::PRIORITY),
        async {
            sleep(2 * MS).await;
            peer.write_all(b"x").unwrap();
            sleep(2 * MS).await;
            send_urgent(&peer, b'!');
        }
    );
    assert!(read.unwrap().ready().is_readable());
    assert!(write.unwrap().ready().is_writable());
    assert!(urgent.unwrap().ready().is_priority());
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
    for (registered, awaited) in [
        (Interest::READABLE, Interest::WRITABLE),
        (Interest::WRITABLE, Interest::READABLE),
        (Interest::READABLE | Interest::WRITABLE, Interest::PRIORITY),
    ] {
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

#[test]
fn a_change_of_the_mount_table_is_reported() {
    // In a mount namespace, in which the test is allowed to mount.
    let allowed = std::process::Command::new("unshare").args(["-m", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespace can be created here");
        return;
    }
    let mut command = std::process::Command::new("unshare");
    command.arg("-m").arg(std::env::current_exe().unwrap());
    common::run_case(command, "a_change_of_the_mount_table_is_reported");
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_change_of_the_mount_table_is_reported() {
        let directory = std::env::temp_dir().join(format!("dormouse-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let run = |program: &str, args: &[&str]| {
            let status = std::process::Command::new(program).args(args).arg(&directory).status();
            assert!(status.unwrap().success());
        };
        let mount_and_unmount = async {
            let mounts = File::open("/proc/self/mounts").unwrap();
            let mounts = AsyncFd::with_interest(mounts, Interest::PRIORITY).unwrap();
            // The file is always readable, but has no priority event yet.
            assert!(timeout(20 * MS, mounts.ready(Interest::PRIORITY)).await.is_err());
            run("mount", &["-t", "tmpfs", "none"]);
            let mut guard = mounts.ready(Interest::PRIORITY).await.unwrap();
            assert!(guard.ready().is_priority());
            guard.clear_ready();
            assert!(timeout(20 * MS, mounts.ready(Interest::PRIORITY)).await.is_err());
            run("umount", &[]);
            drop(mounts.ready(Interest::PRIORITY).await.unwrap());
        };
        common::within_time(|| dormouse::block_on(mount_and_unmount));
        std::fs::remove_dir(&directory).unwrap();
    }

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
