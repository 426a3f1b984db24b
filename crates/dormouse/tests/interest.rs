//! What is reported to those who wait for something else than to read or write, and what comes of objects that
//! cannot be watched, on every reactor.
#![cfg(target_os = "linux")]

mod common;

use common::{Count, MS, poll};
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::{sleep, timeout};
use futures::join;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
#[cfg(feature = "tokio")]
use std::task::Poll;

on_every_reactor! {
    urgent_data_is_priority_and_no_reason_to_read
    data_is_no_priority
    each_urgent_byte_is_told
    who_waits_for_urgent_data_is_told_that_the_peer_is_gone
    an_error_is_told_to_who_asks_for_errors_alone
    neither_data_nor_room_is_an_error
    a_special_interest_is_served_by_the_builtin_reactor
    a_wait_for_errors_alone_ends_whatever_the_fd_is_watched_for
    an_fd_is_waited_for_in_all_ways_at_once
    a_failed_constructor_hands_the_object_back_as_it_was
    room_to_write_is_told_to_who_asks_for_it_late
    a_hang_up_is_told_whatever_the_fd_is_watched_for
}

each_in_a_process_of_its_own! { a_closed_fd_is_refused_by_name }

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

fn send_urgent(stream: &TcpStream, byte: u8) {
    send(stream, &[byte], SendFlags::OOB).unwrap();
}

fn receive_urgent(stream: &TcpStream) -> u8 {
    let mut byte = [0];
    recv(stream, &mut byte, RecvFlags::OOB).unwrap();
    byte[0]
}

async fn urgent_data_is_priority_and_no_reason_to_read() {
    let (ours, theirs) = tcp_pair();
    let ours = AsyncFd::with_interest(ours, Interest::PRIORITY).unwrap();
    assert!(timeout(5 * MS, ours.ready(Interest::PRIORITY)).await.is_err());
    let (found, ()) = join!(ours.ready(Interest::PRIORITY), async {
        sleep(5 * MS).await;
        send_urgent(&theirs, b'!');
    });
    let found = found.unwrap();
    assert_eq!(found.ready(), Ready::PRIORITY);
    assert!(found.ready().is_priority() && !found.ready().is_readable());
    assert_eq!(receive_urgent(ours.get_ref()), b'!');
}

async fn data_is_no_priority() {
    let (ours, mut theirs) = tcp_pair();
    let ours = AsyncFd::with_interest(ours, Interest::READABLE | Interest::PRIORITY).unwrap();
    theirs.write_all(b"hello").unwrap();
    assert_eq!(ours.ready(Interest::READABLE).await.unwrap().ready(), Ready::READABLE);
    assert!(timeout(5 * MS, ours.ready(Interest::PRIORITY)).await.is_err());
}

async fn each_urgent_byte_is_told() {
    let (ours, theirs) = tcp_pair();
    let ours = AsyncFd::with_interest(ours, Interest::PRIORITY).unwrap();
    for byte in b'a'..b'k' {
        send_urgent(&theirs, byte);
        let mut guard = ours.ready(Interest::PRIORITY).await.unwrap();
        assert_eq!(receive_urgent(ours.get_ref()), byte);
        guard.clear_ready();
        // The kernel tells of a byte up to twice: when it is announced, and when it has come. If the thread that
        // looks is held up then, the second comes to light only now.
        let mut more = 0;
        while let Ok(guard) = timeout(2 * MS, ours.ready(Interest::PRIORITY)).await {
            guard.unwrap().clear_ready();
            more += 1;
            assert!(more < 3);
        }
    }
}

async fn who_waits_for_urgent_data_is_told_that_the_peer_is_gone() {
    let (ours, mut theirs) = tcp_pair();
    (&ours).write_all(b"nobody reads this").unwrap();
    let ours = AsyncFd::with_interest(ours, Interest::PRIORITY).unwrap();
    let (found, ()) = join!(ours.ready(Interest::PRIORITY), async {
        sleep(5 * MS).await;
        theirs.write_all(b"x").unwrap();
        // With bytes that were not read, that is a reset.
        drop(theirs);
    });
    let ready = found.unwrap().ready();
    // The kernel notes the error first, and may be seen in between.
    assert!(!ready.is_priority() && (ready.is_read_closed() || ready.is_error()), "{ready:?}");
}

async fn an_error_is_told_to_who_asks_for_errors_alone() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::with_interest(writer, Interest::ERROR).unwrap();
    assert!(timeout(5 * MS, writer.ready(Interest::ERROR)).await.is_err());
    let (found, ()) = join!(writer.ready(Interest::ERROR), async {
        sleep(5 * MS).await;
        drop(reader);
    });
    assert_eq!(found.unwrap().ready(), Ready::ERROR);
}

async fn neither_data_nor_room_is_an_error() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let ours = AsyncFd::with_interest(ours, Interest::ERROR).unwrap();
    let (count, waker) = Count::new();
    let mut wait = pin!(ours.ready(Interest::ERROR));
    assert!(poll(&mut wait.as_mut(), &waker).is_pending());
    theirs.write_all(b"hello").unwrap();
    sleep(5 * MS).await;
    assert_eq!(count.get(), 0);
}

async fn a_special_interest_is_served_by_the_builtin_reactor() {
    for interest in [Interest::PRIORITY, Interest::ERROR, Interest::READABLE | Interest::ERROR] {
        let (ours, _theirs) = tcp_pair();
        let ours = AsyncFd::with_interest(ours, interest).unwrap();
        assert_eq!(ours.reactor().name(), "builtin");
    }
}

async fn a_wait_for_errors_alone_ends_whatever_the_fd_is_watched_for() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let writer = AsyncFd::with_interest(writer, Interest::WRITABLE).unwrap();
    drop(reader);
    match timeout(500 * MS, writer.ready(Interest::ERROR)).await.expect("it ends") {
        Ok(found) => assert!(found.ready().is_error()),
        Err(err) => {
            assert_eq!(writer.reactor().name(), "async-io");
            assert_eq!(err.kind(), ErrorKind::InvalidInput);
            assert!(err.to_string().contains("with_interest"), "{err}");
        }
    }
}

async fn an_fd_is_waited_for_in_all_ways_at_once() {
    let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY | Interest::ERROR;
    let (ours, mut theirs) = tcp_pair();
    let ours = AsyncFd::with_interest(ours, all).unwrap();
    assert_eq!(ours.ready(all).await.unwrap().ready(), Ready::WRITABLE);
    let (read, write, urgent, ()) = join!(
        ours.ready(Interest::READABLE),
        ours.ready(Interest::WRITABLE),
        ours.ready(Interest::PRIORITY),
        async {
            sleep(2 * MS).await;
            theirs.write_all(b"x").unwrap();
            sleep(2 * MS).await;
            send_urgent(&theirs, b'!');
        }
    );
    assert!(read.unwrap().ready().is_readable());
    assert!(write.unwrap().ready().is_writable());
    assert!(urgent.unwrap().ready().is_priority());
}

async fn a_failed_constructor_hands_the_object_back_as_it_was() {
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
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let ours = AsyncFd::try_new(ours).unwrap();
    theirs.write_all(b"x").unwrap();
    assert_eq!(ours.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 9])).await.unwrap(), 1);
}

/// The reactors are asked for it only then.
async fn room_to_write_is_told_to_who_asks_for_it_late() {
    for _ in 0..20 {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = AsyncFd::new(ours).unwrap();
        // A wait for data comes first, and is still there later.
        let (count, waker) = Count::new();
        let mut reads = pin!(ours.readable());
        assert!(poll(&mut reads.as_mut(), &waker).is_pending());
        // The first writes need nobody's leave.
        while ours.try_io(Interest::WRITABLE, |mut fd| fd.write(&[0; 4096])).is_ok() {}
        let mut buffer = vec![0; 1 << 20];
        let (room, read) = join!(ours.writable(), async {
            sleep(MS).await;
            theirs.read(&mut buffer).unwrap()
        });
        assert!(room.unwrap().ready().is_writable() && read > 0);
        assert_eq!(count.get(), 0);
        theirs.write_all(b"x").unwrap();
        count.wait_for_async(1).await;
        assert!(poll(&mut reads.as_mut(), &waker).is_ready());
    }
}

async fn a_hang_up_is_told_whatever_the_fd_is_watched_for() {
    for (watched, awaited) in
        [(Interest::READABLE, Interest::WRITABLE), (Interest::WRITABLE, Interest::READABLE)]
    {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let ours = AsyncFd::with_interest(ours, watched).unwrap();
        let (found, ()) = join!(ours.ready(awaited), async {
            sleep(2 * MS).await;
            drop(theirs);
        });
        assert!(found.is_ok());
    }
}

#[test]
#[cfg(feature = "tokio")]
fn a_wait_for_what_the_fd_is_not_watched_for_ends_with_its_runtime() {
    for (watched, awaited) in [
        (Interest::READABLE, Interest::WRITABLE),
        (Interest::WRITABLE, Interest::READABLE),
        (Interest::READABLE | Interest::WRITABLE, Interest::ERROR),
    ] {
        let runtime = common::current_thread();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let reactor = dormouse::reactor::Reactor::tokio(runtime.handle()).unwrap();
        let ours = AsyncFd::with_interest_on(&reactor, ours, watched).unwrap();
        let (count, waker) = Count::new();
        let mut wait = pin!(ours.ready(awaited));
        assert!(poll(&mut wait.as_mut(), &waker).is_pending());
        drop(runtime);
        assert_eq!(count.get(), 1, "{awaited:?}");
        assert!(matches!(poll(&mut wait.as_mut(), &waker), Poll::Ready(Err(_))));
    }
}

#[test]
fn a_change_of_the_mounts_is_told() {
    // In a namespace of its own, where it may mount.
    let may = std::process::Command::new("unshare").args(["-m", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespace is to be had here");
        return;
    }
    let mut command = std::process::Command::new("unshare");
    command.arg("-m").arg(std::env::current_exe().unwrap());
    common::run_case(command, "a_change_of_the_mounts_is_told");
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn a_change_of_the_mounts_is_told() {
        let place = std::env::temp_dir().join(format!("dormouse-{}", std::process::id()));
        std::fs::create_dir(&place).unwrap();
        let run = |program: &str, args: &[&str]| {
            let status = std::process::Command::new(program).args(args).arg(&place).status();
            assert!(status.unwrap().success());
        };
        let told = async {
            let mounts = File::open("/proc/self/mounts").unwrap();
            let mounts = AsyncFd::with_interest(mounts, Interest::PRIORITY).unwrap();
            // It can be read always, but that is not what is waited for.
            assert!(timeout(20 * MS, mounts.ready(Interest::PRIORITY)).await.is_err());
            run("mount", &["-t", "tmpfs", "none"]);
            let mut guard = mounts.ready(Interest::PRIORITY).await.unwrap();
            assert!(guard.ready().is_priority());
            guard.clear_ready();
            assert!(timeout(20 * MS, mounts.ready(Interest::PRIORITY)).await.is_err());
            run("umount", &[]);
            drop(mounts.ready(Interest::PRIORITY).await.unwrap());
        };
        common::within_time(|| dormouse::block_on(told));
        std::fs::remove_dir(&place).unwrap();
    }

    /// Somebody has closed what was not his. Here on purpose, so nothing else may run in this process.
    #[test]
    #[ignore = "run by its namesake"]
    fn a_closed_fd_is_refused_by_name() {
        // Or the reactor's own fds would get its number.
        dormouse::init().unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let number = ours.as_fd().as_raw_fd();
        nix::unistd::close(number).unwrap();
        let (ours, cause) = AsyncFd::try_new(ours).unwrap_err().into_parts();
        // std would end the process for an fd that it closes twice.
        std::mem::forget(ours);
        let message = cause.to_string();
        assert!(message.contains(&format!("fd {number} ")), "{message}");
        assert!(message.contains("it is not open"), "{message}");
    }
}
