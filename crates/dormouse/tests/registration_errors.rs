//! The error of an fd that cannot be registered says why, and has a kind that no caller takes for "try again".
#![cfg(target_os = "linux")]

mod common;

use common::BOTH;
use common::strace::Refused;
use dormouse::io::AsyncFd;
use dormouse::net::TcpSocket;
use dormouse::reactor::Reactor;
use rustix::fs::{Mode, OFlags, open};
use rustix::net::{AddressFamily, SocketType};
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

given_each_reactor! {
    the_error_of_an_o_path_fd_names_the_flag
    the_error_of_a_file_without_readiness_says_so
}

each_in_a_child_process! {
    a_refused_system_call_is_not_taken_for_a_file_without_readiness
    an_error_of_a_registration_is_never_would_block
}

/// The name of the system call.
const FCNTL: &str = if cfg!(target_pointer_width = "32") { "fcntl64" } else { "fcntl" };

#[track_caller]
fn error(reactor: &Reactor, object: impl AsFd) -> String {
    let error = AsyncFd::new_on(reactor, object, dormouse::io::Interest::READABLE);
    error.err().unwrap().to_string()
}

async fn the_error_of_an_o_path_fd_names_the_flag(reactor: Reactor) {
    for path in ["/", "/dev/null", "/proc/self/exe"] {
        let fd = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let message = error(&reactor, fd);
        assert!(message.contains("O_PATH") && !message.contains("not open"), "{message}");
    }
}

async fn the_error_of_a_file_without_readiness_says_so(reactor: Reactor) {
    for path in ["/", "/proc/self/exe"] {
        let message = error(&reactor, File::open(path).unwrap());
        assert!(message.contains("are always ready"), "{message}");
    }
    let message = error(&reactor, File::open("/dev/null").unwrap());
    assert!(message.contains("has no readiness for this kind of file, or"), "{message}");
}

async fn a_refused_call() {
    let (socket, _peer) = UnixStream::pair().unwrap();
    let (pipe, _writer) = rustix::pipe::pipe().unwrap();
    drop(AsyncFd::new(_peer).unwrap());
    for call_error in ["EPERM", "EACCES", "ENOSYS"] {
        let Some(_refused) = Refused::new("epoll_ctl", call_error) else { return };
        for message in [
            AsyncFd::new(socket.as_fd()).unwrap_err().to_string(),
            AsyncFd::new(pipe.as_fd()).unwrap_err().to_string(),
        ] {
            assert!(message.contains("epoll_ctl"), "{message}");
            assert!(message.contains("sandbox") && !message.contains("no readiness"), "{message}");
        }
    }
    let Some(_refused) = Refused::new(FCNTL, "EPERM") else { return };
    let on_builtin = AsyncFd::new_on(&Reactor::builtin(), socket.as_fd(), BOTH);
    let message = on_builtin.unwrap_err().to_string();
    assert!(message.starts_with("cannot set the fd non-blocking by fcntl: "), "{message}");

    let prepared = || TcpSocket::from_std_stream(std::net::TcpStream::from(tcp_socket()));
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    for message in [
        prepared().connect(address).await.unwrap_err().to_string(),
        prepared().listen(1).unwrap_err().to_string(),
    ] {
        assert!(message.contains(": cannot set the fd non-blocking by fcntl: "), "{message}");
    }
}

fn tcp_socket() -> OwnedFd {
    rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap()
}

async fn a_call_that_fails_with(call: &str, call_error: &str) {
    let (socket, _peer) = UnixStream::pair().unwrap();
    let Some(refused) = Refused::new(call, call_error) else { return };
    let error = AsyncFd::new(socket.as_fd()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other, "{error}");
    drop(refused);
    AsyncFd::new(socket).unwrap();
}

macro_rules! with_three_reactors {
    ($test:expr) => {
        common::within_time(|| dormouse::block_on($test));
        common::within_time(|| common::current_thread().block_on($test));
        common::within_time(|| smol::block_on($test));
    };
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_refused_system_call_is_not_taken_for_a_file_without_readiness() {
        with_three_reactors!(async {
            common::sleep_in_reactor().await;
            a_refused_call().await;
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_error_of_a_registration_is_never_would_block() {
        for call_error in ["EAGAIN", "EINTR"] {
            with_three_reactors!(async {
                drop(AsyncFd::new(UnixStream::pair().unwrap().0).unwrap());
                a_call_that_fails_with("epoll_ctl", call_error).await;
                a_call_that_fails_with(FCNTL, call_error).await;
            });
        }
    }
}
