//! The standard streams are closed when the crate is used for the first time, as in a program that is not started by
//! std: no fd of the crate has one of their numbers.
#![cfg(target_os = "linux")]

mod common;

use common::MS;
use dormouse::clock::Boottime;
use dormouse::io::AsyncFd;
#[cfg(feature = "signal")]
use dormouse::signal::unix::{SignalKind, signal};
use dormouse::time::Alarm;
use nix::unistd::close;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use std::future::Future;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

each_in_a_child_process! {
    the_fds_of_the_builtin_reactor_are_above_those_of_the_standard_streams
}

#[cfg(feature = "smol")]
each_in_a_child_process! {
    the_fds_of_async_io_are_above_those_of_the_standard_streams
}

#[cfg(feature = "tokio")]
each_in_a_child_process! {
    the_fds_of_timers_on_tokio_are_above_those_of_the_standard_streams
}

/// Closes the standard streams while `block_on` runs a future that uses timers and an fd, and returns what has their
/// numbers then.
fn in_place_of_stdio(
    block_on: impl FnOnce(std::pin::Pin<&mut dyn Future<Output = ()>>),
) -> Vec<String> {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let saved: Vec<OwnedFd> =
        [std::io::stdin().as_fd(), std::io::stdout().as_fd(), std::io::stderr().as_fd()]
            .map(|stream| stream.try_clone_to_owned().unwrap())
            .into();
    for number in 0..3 {
        close(number).unwrap();
    }
    let mut alarm = None;
    #[cfg(feature = "signal")]
    let mut signals = None;
    #[cfg(feature = "process")]
    let mut wait = None;
    let future = async {
        dormouse::sleep(MS).await;
        let ours = AsyncFd::new(ours).unwrap();
        theirs.write_all(b"x").unwrap();
        drop(ours.readable().await.unwrap());
        // Refused without the capability CAP_WAKE_ALARM.
        alarm = Alarm::new(Boottime::now() + MS).ok();
        #[cfg(feature = "signal")]
        {
            signals = Some(signal(SignalKind::user_defined1()).unwrap());
        }
        #[cfg(feature = "process")]
        {
            let mut command = std::process::Command::new("sleep");
            let mut child =
                dormouse::process::spawn(command.arg("1000")).unwrap().kill_on_drop(true);
            // The wait has a pidfd, which it keeps until it is dropped.
            let wait = wait.insert(Box::pin(async move { child.wait().await }));
            assert!(dormouse::timeout(MS, wait).await.is_err());
        }
    };
    block_on(std::pin::pin!(future));
    let links = (0..3).map(|number| std::fs::read_link(format!("/proc/self/fd/{number}")));
    let found = links.filter_map(|link| Some(link.ok()?.display().to_string())).collect();
    dup2_stdin(&saved[0]).unwrap();
    dup2_stdout(&saved[1]).unwrap();
    dup2_stderr(&saved[2]).unwrap();
    found
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn the_fds_of_the_builtin_reactor_are_above_those_of_the_standard_streams() {
        assert_eq!(in_place_of_stdio(|future| dormouse::block_on(future)), [""; 0]);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "smol")]
    fn the_fds_of_async_io_are_above_those_of_the_standard_streams() {
        assert_eq!(in_place_of_stdio(|future| futures::executor::block_on(future)), [""; 0]);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn the_fds_of_timers_on_tokio_are_above_those_of_the_standard_streams() {
        let runtime = common::current_thread();
        assert_eq!(in_place_of_stdio(|future| runtime.block_on(future)), [""; 0]);
    }
}
