//! A registered object that is replaced by another, so that its fd is closed and the number is in use again. SECURITY.md cites
//! these tests.
#![cfg(unix)]

mod common;

use common::{Count, MS, poll};
use dormouse::io::AsyncFd;
use dormouse::{sleep, timeout};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

each_in_a_child_process! {
    replacing_a_registered_object_does_not_affect_other_fds_on_the_builtin_reactor
    replacing_a_registered_object_does_not_affect_other_fds_on_async_io
}

#[cfg(feature = "tokio")]
each_in_a_child_process! { replacing_a_registered_object_does_not_affect_other_fds_on_tokio }

/// Closes the fd of a registered object, which the docs forbid, and opens another object that gets its number.
async fn replacing_a_registered_object_does_not_affect_other_fds() {
    let (_, waker) = Count::new();
    let (replaced, _replaced_peer) = UnixStream::pair().unwrap();
    let number = replaced.as_raw_fd();
    let mut replaced = AsyncFd::new(replaced).unwrap();
    assert!(poll(&mut Box::pin(replaced.readable()), &waker).is_pending());
    let (new, _new_peer) = UnixStream::pair().unwrap();
    drop(std::mem::replace(replaced.get_mut(), new));

    let (unrelated, mut peer) = UnixStream::pair().unwrap();
    assert_eq!(unrelated.as_raw_fd(), number);
    let unrelated = AsyncFd::new(unrelated).unwrap();
    let mut readable = Box::pin(unrelated.readable());
    assert!(poll(&mut readable, &waker).is_pending());
    drop(replaced);
    peer.write_all(b"x").unwrap();
    let event = timeout(common::TEST_TIMEOUT / 2, readable).await.expect("the event is lost");
    drop(event.unwrap());
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn replacing_a_registered_object_does_not_affect_other_fds_on_the_builtin_reactor() {
        dormouse::init().unwrap();
        dormouse::block_on(async {
            sleep(MS).await;
            replacing_a_registered_object_does_not_affect_other_fds().await;
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn replacing_a_registered_object_does_not_affect_other_fds_on_async_io() {
        smol::block_on(async {
            sleep(MS).await;
            replacing_a_registered_object_does_not_affect_other_fds().await;
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn replacing_a_registered_object_does_not_affect_other_fds_on_tokio() {
        common::current_thread().block_on(async {
            sleep(MS).await;
            replacing_a_registered_object_does_not_affect_other_fds().await;
        });
    }
}
