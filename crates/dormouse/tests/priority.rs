//! Interest in urgent data and other exceptional conditions, which only Linux reports, on every reactor.
#![cfg(all(target_os = "linux", not(dormouse_portable)))]

mod common;

use common::MS;
use common::sockets::tcp_pair;
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::{sleep, timeout};
use futures::join;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::fs::File;
use std::io::Write;
use std::net::TcpStream;

on_every_reactor! {
    urgent_data_is_reported_as_priority_and_not_as_readable
    normal_data_is_not_reported_as_priority
    each_urgent_byte_is_reported
    a_wait_for_urgent_data_ends_when_the_peer_closes
    priority_interest_selects_the_builtin_reactor
    all_interests_can_be_awaited_at_once
}

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

async fn priority_interest_selects_the_builtin_reactor() {
    let (local, _peer) = tcp_pair();
    let local = AsyncFd::with_interest(local, Interest::PRIORITY).unwrap();
    assert_eq!(local.reactor().name(), "builtin");
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

#[test]
#[cfg(feature = "tokio")]
fn a_wait_for_priority_survives_the_shutdown_of_its_runtime() {
    use common::{Count, poll};

    let runtime = common::current_thread();
    let (local, peer) = tcp_pair();
    let reactor = dormouse::reactor::Reactor::tokio(runtime.handle()).unwrap();
    let local = AsyncFd::new_on(&reactor, local, common::BOTH).unwrap();
    while local.get_ref().write(&[0; 65536]).is_ok() {}
    let (_, waker) = Count::new();
    let mut wait = std::pin::pin!(local.ready(Interest::PRIORITY));
    assert!(poll(&mut wait.as_mut(), &waker).is_pending());
    drop(runtime);
    drop(peer);
    drop(dormouse::block_on(timeout(common::TEST_TIMEOUT / 2, wait)).unwrap().unwrap());
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
}
