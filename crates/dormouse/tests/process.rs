//! Child processes, on every reactor.
//!
//! They have a test binary of their own: until a child has started its program, it keeps copies of all fds open, also of
//! pipes whose end another test expects.
#![cfg(unix)]

mod common;

use common::{LIMIT, MS, within_time};
use dormouse::process::{self, Child};
use dormouse::{sleep, timeout};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, test_kill_process, waitpid};
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

on_every_reactor! {
    the_exit_status_is_returned
    a_child_that_ends_while_it_is_waited_for_wakes_the_task
    a_child_that_has_ended_is_waited_for_without_a_wait
    all_output_is_returned
    a_wait_closes_stdin
    a_status_closes_the_pipes_that_nothing_reads
    a_wait_can_be_dropped_and_repeated
    many_children_are_waited_for_at_once
    a_dropped_child_goes_on_and_leaves_no_zombie
    a_child_is_killed_when_it_is_dropped
    no_other_child_is_reaped
    a_child_that_was_reaped_elsewhere_is_an_error
    a_program_that_does_not_exist_is_an_error
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn sleeping() -> Child {
    process::spawn(Command::new("sleep").arg("1000")).unwrap()
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().unwrap() as i32).unwrap()
}

async fn the_exit_status_is_returned() {
    assert_eq!(process::status(&mut shell("exit 7")).await.unwrap().code(), Some(7));
    let killed = process::status(&mut shell("kill -9 $$")).await.unwrap();
    assert_eq!((killed.code(), killed.signal()), (None, Some(9)));
    let mut child = shell("exit 7").spawn().unwrap();
    assert_eq!(process::wait(&mut child).await.unwrap().code(), Some(7));
    assert_eq!(process::wait(&mut child).await.unwrap().code(), Some(7));
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

async fn a_child_that_ends_while_it_is_waited_for_wakes_the_task() {
    let mut child = sleeping();
    let pid = pid(&child);
    let later = async {
        sleep(MS * 20).await;
        kill_process(pid, Signal::TERM).unwrap();
    };
    let (status, ()) = futures::join!(timeout(LIMIT, child.wait()), later);
    assert_eq!(status.expect("no lost wake-up").unwrap().signal(), Some(15));
    assert_eq!(child.id(), None);
    assert_eq!(child.wait().await.unwrap().signal(), Some(15));
    child.start_kill().unwrap();
}

async fn a_child_that_has_ended_is_waited_for_without_a_wait() {
    let mut child = process::spawn(&mut shell("exit 3")).unwrap();
    while child.try_wait().unwrap().is_none() {
        sleep(MS).await;
    }
    let (status, polls) = common::count_polls(child.wait()).await;
    assert_eq!((status.unwrap().code(), polls), (Some(3), 1));
}

/// More than the pipes hold, to both of them.
async fn all_output_is_returned() {
    let mut command = shell("seq 1 100000; seq 1 100000 >&2; exit 5");
    let output = process::output(command.stdin(Stdio::null())).await.unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert_eq!((output.stdout.len(), output.stderr.len()), (588_895, 588_895));
    assert_eq!(output.stdout, output.stderr);
}

async fn a_wait_closes_stdin() {
    let mut command = Command::new("wc");
    command.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = process::spawn(&mut command).unwrap();
    assert_eq!(child.stdin.as_ref().unwrap().write(b"hello").await.unwrap(), 5);
    let output = timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "5");

    let mut child = process::spawn(Command::new("cat").stdin(Stdio::piped())).unwrap();
    assert!(timeout(LIMIT, child.wait()).await.unwrap().unwrap().success());
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    assert!(timeout(LIMIT, process::wait(&mut child)).await.unwrap().unwrap().success());
}

/// The child writes more than a pipe holds.
async fn a_status_closes_the_pipes_that_nothing_reads() {
    let mut command = shell("cat; seq 1 100000; seq 1 100000 >&2");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    timeout(LIMIT, process::status(&mut command)).await.expect("the child ends").unwrap();
}

async fn a_wait_can_be_dropped_and_repeated() {
    let mut child = sleeping();
    for _ in 0..20 {
        assert!(timeout(MS / 10, child.wait()).await.is_err());
    }
    child.start_kill().unwrap();
    let status = timeout(LIMIT, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.signal(), Some(9));
}

async fn many_children_are_waited_for_at_once() {
    let waits = (0..30).map(|code| async move {
        let status = process::status(&mut shell(&format!("exit {code}"))).await.unwrap();
        assert_eq!(status.code(), Some(code));
    });
    futures::future::join_all(waits).await;
}

/// Waits until there is no such process, also no zombie.
async fn until_reaped(pid: Pid) {
    let gone = async {
        while test_kill_process(pid).is_ok() {
            sleep(MS).await;
            // Any use of the module reaps.
            process::status(&mut Command::new("true")).await.unwrap();
        }
    };
    timeout(LIMIT, gone).await.expect("the child is not reaped");
}

async fn a_dropped_child_goes_on_and_leaves_no_zombie() {
    let (reader, writer) = dormouse::net::pipe().unwrap();
    let mut command = shell("sleep 0.05; echo on");
    command.stdout(writer.into_blocking_fd().unwrap());
    let child = process::spawn(&mut command).unwrap();
    drop(command);
    let pid = pid(&child);
    drop(child);
    assert_eq!(timeout(LIMIT, reader.read(&mut [0; 16])).await.unwrap().unwrap(), 3);
    until_reaped(pid).await;
}

async fn a_child_is_killed_when_it_is_dropped() {
    let child = sleeping().kill_on_drop(true);
    let pid = pid(&child);
    drop(child);
    until_reaped(pid).await;
    // A wait that is dropped keeps the child.
    let mut child = sleeping().kill_on_drop(true);
    assert!(timeout(MS, child.wait()).await.is_err());
    test_kill_process(self::pid(&child)).unwrap();
}

async fn no_other_child_is_reaped() {
    let mut others: Vec<_> =
        (0..5).map(|code| shell(&format!("exit {code}")).spawn().unwrap()).collect();
    for _ in 0..5 {
        assert!(process::status(&mut Command::new("true")).await.unwrap().success());
    }
    sleep(MS * 10).await;
    for (code, other) in others.iter_mut().enumerate() {
        assert_eq!(other.wait().unwrap().code(), Some(code as i32));
    }
}

async fn a_child_that_was_reaped_elsewhere_is_an_error() {
    let mut child = process::spawn(&mut shell("exit 3")).unwrap();
    waitpid(Some(pid(&child)), WaitOptions::empty()).unwrap().unwrap();
    let error = timeout(LIMIT, child.wait()).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("the exit status of the child"), "{error}");
    assert!(child.try_wait().is_err());
    // Its id may belong to another process by now.
    assert!(child.start_kill().is_err());
}

async fn a_program_that_does_not_exist_is_an_error() {
    let mut command = Command::new("/nonexistent/program");
    assert_eq!(process::output(&mut command).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(process::status(&mut command).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(process::spawn(&mut command).unwrap_err().kind(), ErrorKind::NotFound);
}

/// The stdin that the child inherits is not set non-blocking.
#[test]
fn inherited_streams_stay_blocking() {
    use rustix::fs::{OFlags, fcntl_getfl};
    within_time(|| {
        dormouse::block_on(async {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            let mut command = Command::new("true");
            command.stdout(writer.try_clone().unwrap()).stdin(reader.try_clone().unwrap());
            assert!(process::status(&mut command).await.unwrap().success());
            for flags in [fcntl_getfl(&reader), fcntl_getfl(&writer)] {
                assert!(!flags.unwrap().contains(OFlags::NONBLOCK));
            }
        });
    });
}

each_in_a_child_process! {
    without_fds_a_child_that_cannot_be_registered_is_killed
}

#[cfg(target_os = "linux")]
each_in_a_child_process! {
    a_child_that_the_system_reaps_is_an_error_and_no_endless_wait
    children_leave_no_fds_and_no_zombies
    without_pidfds_a_signal_ends_the_wait
    without_pidfds_and_signals_the_wait_ends
}

mod cases {
    use super::*;

    /// Whether the process has been started with `SIGCHLD` set as the option says. Otherwise, starts this test again so,
    /// by a command of coreutils, because this takes unsafe code.
    #[cfg(target_os = "linux")]
    fn has_child_signals(option: &str) -> bool {
        if std::env::var_os("DORMOUSE_TEST_AGAIN").is_some() {
            return true;
        }
        let status = Command::new("env")
            .args([option, "DORMOUSE_TEST_AGAIN=1"])
            .arg(std::env::current_exe().unwrap())
            .args(std::env::args().skip(1))
            .status();
        assert!(status.unwrap().success());
        false
    }

    #[test]
    #[ignore = "a case"]
    #[cfg(target_os = "linux")]
    fn a_child_that_the_system_reaps_is_an_error_and_no_endless_wait() {
        if !has_child_signals("--ignore-signal=CHLD") {
            return;
        }
        with_each_reactor!(async {
            let mut child = process::spawn(&mut shell("sleep 0.05; exit 3")).unwrap();
            let waited = timeout(LIMIT, child.wait()).await.expect("no endless wait");
            // A listener to SIGCHLD, which a system without pidfds needs, ends ignoring it.
            if cfg!(not(dormouse_portable)) {
                assert!(waited.unwrap_err().to_string().contains("ignores SIGCHLD"));
            }
        });
    }

    #[test]
    #[ignore = "a case"]
    fn without_fds_a_child_that_cannot_be_registered_is_killed() {
        dormouse::block_on(async {
            let mut child = Command::new("sleep");
            let child = child.arg("1000").stdout(Stdio::piped()).spawn().unwrap();
            let pid = Pid::from_raw(child.id() as i32).unwrap();
            let registered = common::without_new_fds(|| Child::from_std(child));
            assert!(registered.is_err());
            until_reaped(pid).await;
        });
    }

    #[cfg(target_os = "linux")]
    fn piped(script: &str) -> Command {
        let mut command = shell(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Children that end, are dropped, are killed, and cannot be started.
    #[cfg(target_os = "linux")]
    async fn children() {
        process::output(&mut shell("echo; echo >&2")).await.unwrap();
        process::status(&mut piped("cat")).await.unwrap();
        assert!(process::output(&mut Command::new("/nonexistent/program")).await.is_err());
        let _ = timeout(MS / 10, process::output(&mut shell("sleep 0.01"))).await;
        drop(process::spawn(&mut piped("cat")).unwrap());
        drop(process::spawn(&mut piped("exec sleep 1000")).unwrap().kill_on_drop(true));
        let mut child = process::spawn(&mut piped("exec sleep 1000")).unwrap();
        assert!(timeout(MS / 10, child.wait()).await.is_err());
        child.kill().await.unwrap();
    }

    #[test]
    #[ignore = "a case"]
    #[cfg(target_os = "linux")]
    fn children_leave_no_fds_and_no_zombies() {
        use rustix::process::{WaitId, WaitIdOptions, waitid};

        with_each_reactor!(async {
            common::sleep_in_reactor().await;
            children().await;
            let before = common::fds();
            for _ in 0..10 {
                children().await;
            }
            assert_eq!(common::fds(), before);
            // Each use of the module reaps those that have ended.
            let reaped = async {
                while waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).is_ok() {
                    process::status(&mut Command::new("true")).await.unwrap();
                }
            };
            timeout(LIMIT, reaped).await.expect("no zombie is left");
        });
    }

    #[cfg(target_os = "linux")]
    fn refuse_pidfds() -> Option<common::strace::Refused> {
        common::strace::Refused::new("pidfd_open", "ENOSYS")
    }

    #[test]
    #[ignore = "a case"]
    #[cfg(target_os = "linux")]
    fn without_pidfds_a_signal_ends_the_wait() {
        let Some(_refused) = refuse_pidfds() else { return };
        with_each_reactor!(async {
            the_exit_status_is_returned().await;
            a_child_that_ends_while_it_is_waited_for_wakes_the_task().await;
            a_wait_can_be_dropped_and_repeated().await;
            no_other_child_is_reaped().await;
        });
    }

    /// The process blocks `SIGCHLD` in each thread.
    #[test]
    #[ignore = "a case"]
    #[cfg(target_os = "linux")]
    fn without_pidfds_and_signals_the_wait_ends() {
        if !has_child_signals("--block-signal=CHLD") {
            return;
        }
        let Some(_refused) = refuse_pidfds() else { return };
        within_time(|| {
            dormouse::block_on(async {
                let mut child = process::spawn(&mut shell("sleep 0.05; exit 3")).unwrap();
                let status = timeout(LIMIT * 4, child.wait()).await;
                assert_eq!(status.expect("it is checked").unwrap().code(), Some(3));
            });
        });
    }
}
