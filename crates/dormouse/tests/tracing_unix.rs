//! The events of the feature `tracing` where fds or threads are missing, and those of fds that move. See `tracing.rs`.
#![cfg(unix)]

mod common;
#[path = "common/recorder.rs"]
mod recorder;

use common::{Count, MS, poll, prevent_new_threads, take_all_fds, within_time};
use dormouse::sleep;
use recorder::{LATE_SLEEP, Recorder, Seen, late_sleep};
use tracing::Level;

each_in_a_child_process! {
    a_subscriber_may_use_timers_and_fds
    a_thread_that_cannot_be_started_is_reported_once
}

// Elsewhere there are no timerfds, and the builtin reactor has all timers.
#[cfg(all(target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! {
    a_timerfd_that_cannot_be_created_is_reported_once_and_so_is_its_recovery
    a_failure_inside_the_subscriber_is_reported_when_it_happens_again
}

#[cfg(all(feature = "tokio", target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! { timers_and_fds_that_move_are_reported }

#[cfg(feature = "tokio")]
each_in_a_child_process! {
    an_fd_that_moves_is_reported_with_its_place_of_creation
    an_fd_that_a_reactor_refuses_is_reported_when_another_has_registered_it
    an_accepted_socket_that_a_reactor_refuses_is_reported_when_another_has_registered_it
    an_fd_that_moves_between_runtimes_is_reported_although_the_first_attempt_has_failed
    an_fd_that_an_operation_moves_is_reported_before_the_next_wait
    what_makes_a_wait_fail_is_reported_when_it_fails
}

/// A socket that no reactor watches any more.
#[cfg(feature = "tokio")]
fn socket_of_an_ended_runtime() -> dormouse::io::AsyncFd<std::os::unix::net::UnixDatagram> {
    let runtime = common::current_thread();
    let _entered = runtime.enter();
    dormouse::io::AsyncFd::new(std::os::unix::net::UnixDatagram::unbound().unwrap()).unwrap()
}

mod cases {
    use super::*;

    /// A lock that was held while an event is emitted would not be acquired again.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_subscriber_may_use_timers_and_fds() {
        fn use_timers_and_fds() {
            let (_, waker) = Count::new();
            for duration in [MS, 1000 * MS] {
                assert!(poll(&mut sleep(duration), &waker).is_pending());
            }
            // There are no fds at first.
            let Ok((ours, _theirs)) = std::os::unix::net::UnixStream::pair() else { return };
            let ours = dormouse::io::AsyncFd::new(ours).unwrap();
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(ours.poll_read_ready(&mut cx).is_pending());
        }
        let recorder = Recorder::install(use_timers_and_fds);
        // The queue finds under its lock that it cannot have a timerfd.
        let taken = take_all_fds();
        within_time(|| dormouse::block_on(sleep(100 * MS)));
        let fallbacks = 1 + usize::from(common::IS_LINUX);
        assert_eq!(recorder.with("a fallback is used").len(), fallbacks, "{:?}", recorder.all());
        drop(taken);
        within_time(|| {
            dormouse::block_on(late_sleep());
            futures::executor::block_on(late_sleep());
            #[cfg(feature = "tokio")]
            common::current_thread().block_on(late_sleep());
        });
        assert!(recorder.with(LATE_SLEEP).len() >= 2, "{:?}", recorder.all());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(all(target_os = "linux", not(dormouse_portable)))]
    fn a_timerfd_that_cannot_be_created_is_reported_once_and_so_is_its_recovery() {
        let recorder = Recorder::install(|| {});
        let taken = take_all_fds();
        within_time(|| {
            dormouse::block_on(async {
                for _ in 0..5 {
                    common::sleep_in_reactor().await;
                }
            });
        });
        let failed: Vec<_> = recorder.with("a fallback is used");
        let timerfds: Vec<_> =
            failed.iter().filter(|seen| seen.get("failed") == "timerfd").collect();
        let [timerfd] = timerfds[..] else { panic!("{failed:?}") };
        assert_eq!(timerfd.level, Level::WARN);
        let named = ["reactor", "clock", "fallback"].map(|field| timerfd.get(field));
        assert_eq!(named, ["builtin", "Boottime", "the reactor thread waits for the deadlines"]);
        let no_fds = std::io::Error::from(rustix::io::Errno::MFILE).to_string();
        assert!(timerfd.get("error").contains(&no_fds), "{timerfd:?}");
        assert!(failed.iter().any(|seen| seen.get("failed") == "epoll instance"), "{failed:?}");

        drop(taken);
        let recovered = |seen: &Seen| seen.get("recovered") == "timerfd";
        within_time(|| {
            while !recorder.all().iter().any(recovered) {
                dormouse::block_on(sleep(MS));
            }
        });
        assert_eq!(recorder.all().into_iter().filter(recovered).count(), 1);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_thread_that_cannot_be_started_is_reported_once() {
        let recorder = Recorder::install(|| {});
        // Not `within_time`, which starts a thread.
        prevent_new_threads();
        futures::executor::block_on(sleep(100 * MS));
        let failed = recorder.with("a fallback is used");
        let threads = failed.iter().filter(|seen| seen.get("failed") == "thread");
        assert_eq!(threads.count(), 1, "{failed:?}");
        let async_io: Vec<_> =
            failed.iter().filter(|seen| seen.get("failed") == "async-io").collect();
        let expected = usize::from(cfg!(feature = "smol") && common::IS_LINUX);
        assert_eq!(async_io.len(), expected, "{failed:?}");
        let fallback =
            "timers use another reactor; fds do too if no fd is left, else they are refused";
        assert!(async_io.iter().all(|seen| seen.get("fallback") == fallback), "{async_io:?}");
        // The timerfds were created: the thread is the only fault.
        assert!(!failed.iter().any(|seen| seen.get("failed") == "timerfd"), "{failed:?}");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(all(target_os = "linux", not(dormouse_portable)))]
    fn a_failure_inside_the_subscriber_is_reported_when_it_happens_again() {
        use dormouse::clock::Monotonic;

        fn use_another_clock() {
            let (_, waker) = Count::new();
            assert!(poll(&mut Monotonic::sleep(1000 * MS), &waker).is_pending());
        }
        let recorder = Recorder::install(use_another_clock);
        let _taken = take_all_fds();
        let has_failed = |clock| {
            let is_timerfd =
                |seen: &Seen| seen.get("failed") == "timerfd" && seen.get("clock") == clock;
            recorder.all().iter().any(is_timerfd)
        };
        within_time(|| {
            // Long enough to be pending at its first poll.
            dormouse::block_on(sleep(200 * MS));
            assert!(has_failed("Boottime") && !has_failed("Monotonic"), "{:?}", recorder.all());
            while !has_failed("Monotonic") {
                dormouse::block_on(Monotonic::sleep(MS));
            }
        });
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn timers_and_fds_that_move_are_reported() {
        use dormouse::io::{AsyncFd, Interest};
        use dormouse::reactor::Reactor;
        use std::os::unix::net::UnixStream;

        let recorder = Recorder::install(|| {});
        let runtime = common::current_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let ours = AsyncFd::new_on(&reactor, ours, Interest::READABLE).unwrap();
        let (line, mut moved) = (line!(), sleep(3600 * 1000 * MS));
        let mut poll_both = async || {
            let (_, waker) = Count::new();
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(poll(&mut moved, &waker).is_pending());
            assert!(ours.poll_read_ready(&mut cx).is_pending());
        };
        runtime.block_on(poll_both());
        assert_eq!(recorder.all().len(), 0, "{:?}", recorder.all());
        drop(runtime);
        dormouse::block_on(poll_both());

        let from_to = |seen: &Seen| (seen.get("from").to_owned(), seen.get("to").to_owned());
        let [queue] = &recorder.with("a timer queue has ended, and its timers move to others")[..]
        else {
            panic!("{:?}", recorder.all())
        };
        assert_eq!((queue.level, queue.number("timers")), (Level::INFO, 1));
        assert_eq!(queue.get("from"), "tokio");
        let [sleep] = &recorder.with("a sleep has moved to another reactor")[..] else {
            panic!("{:?}", recorder.all())
        };
        assert_eq!((sleep.level, sleep.number("loc.line")), (Level::DEBUG, line.into()));
        assert_eq!(from_to(sleep), ("tokio".into(), "builtin".into()));
        let [fd] = &recorder.with("an fd has moved to another reactor")[..] else {
            panic!("{:?}", recorder.all())
        };
        assert_eq!(fd.level, Level::DEBUG);
        assert_eq!(from_to(fd), ("tokio".into(), "builtin".into()));
        assert_eq!(fd.get("why"), "its reactor has ended");
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_moves_is_reported_with_its_place_of_creation() {
        use dormouse::io::{AsyncFd, Interest};
        use dormouse::net::{TcpListener, UnixDatagram};
        use std::os::unix::net;
        use std::task::Context;

        let recorder = Recorder::install(|| {});
        let datagram = || net::UnixDatagram::unbound().unwrap();
        let runtime = common::current_thread();
        let entered = runtime.enter();
        let created = [
            (line!(), AsyncFd::new(datagram()).unwrap()),
            (line!(), AsyncFd::with_interest(datagram(), Interest::READABLE).unwrap()),
            (line!(), AsyncFd::try_new(datagram()).unwrap()),
            (line!(), UnixDatagram::unbound().unwrap().into_async_fd()),
            (line!(), UnixDatagram::from_std(datagram()).unwrap().into_async_fd()),
            (line!(), UnixDatagram::try_from(datagram()).unwrap().into_async_fd()),
        ];
        drop(entered);
        let bound = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        drop(runtime);
        dormouse::block_on(async {
            let (_, waker) = Count::new();
            let cx = &mut Context::from_waker(&waker);
            created.iter().for_each(|(_, fd)| assert!(fd.poll_read_ready(cx).is_pending()));
            assert!(bound.poll_accept(cx).is_pending());
        });
        let moved = recorder.with("an fd has moved to another reactor");
        let lines: Vec<_> = moved.iter().map(|seen| seen.get("loc.line").to_owned()).collect();
        let expected = created.iter().map(|(line, _)| line.to_string()).chain([String::new()]);
        assert_eq!(lines, expected.collect::<Vec<_>>(), "{moved:?}");
        assert!(moved[0].get("loc.file").ends_with("tests/tracing_unix.rs"), "{moved:?}");
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_a_reactor_refuses_is_reported_when_another_has_registered_it() {
        use dormouse::io::{AsyncFd, Interest};
        use dormouse::reactor::Reactor;
        use std::os::unix::net::UnixDatagram;

        let recorder = Recorder::install(|| {});
        let runtime = common::current_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        drop(runtime);
        let register = |socket| AsyncFd::new_on(&reactor, socket, Interest::READABLE);
        let moved = || recorder.with("an fd has moved to another reactor");
        let [first, second] = [(); 2].map(|()| UnixDatagram::unbound().unwrap());

        // No other reactor can register it either.
        let taken = take_all_fds();
        assert!(register(first).is_err());
        assert!(moved().is_empty(), "{:?}", moved());

        drop(taken);
        let registered = register(second).unwrap();
        let [event] = &moved()[..] else { panic!("{:?}", moved()) };
        assert_eq!(event.get("from"), "tokio");
        assert_eq!(event.get("to"), registered.reactor().name());
        assert_eq!(event.get("why"), "it cannot be registered there");
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_accepted_socket_that_a_reactor_refuses_is_reported_when_another_has_registered_it() {
        use dormouse::net::UnixListener;
        use std::os::unix::net::UnixStream;

        let recorder = Recorder::install(|| {});
        let moved = || recorder.with("an fd has moved to another reactor");
        let (_, waker) = Count::new();
        let cx = &mut std::task::Context::from_waker(&waker);
        let path = std::env::temp_dir().join(format!("dormouse-refused-{}", std::process::id()));

        let runtime = common::current_thread();
        let handle = runtime.handle().clone();
        let entered = handle.enter();
        let listener = UnixListener::bind(&path).unwrap();
        let _client = UnixStream::connect(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        drop(runtime);
        // One fd is left, for the accepted socket. So no reactor can register it.
        let mut taken = take_all_fds();
        drop(taken.pop());
        let accepted = listener.poll_accept(cx);
        let std::task::Poll::Ready(Ok((accepted, _))) = accepted else { panic!("{accepted:?}") };
        assert!(moved().is_empty(), "{:?}", moved());

        drop((taken, entered));
        dormouse::block_on(async { assert!(accepted.poll_read_ready(cx).is_pending()) });
        let [event] = &moved()[..] else { panic!("{:?}", moved()) };
        let reported = ["from", "to", "why"].map(|field| event.get(field));
        assert_eq!(reported, ["tokio", "builtin", "it cannot be registered there"]);
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_moves_between_runtimes_is_reported_although_the_first_attempt_has_failed() {
        use std::task::Poll;

        let recorder = Recorder::install(|| {});
        let moved = || recorder.with("an fd has moved to another reactor");
        let (_, waker) = Count::new();
        let cx = &mut std::task::Context::from_waker(&waker);

        let socket = socket_of_an_ended_runtime();
        let second = common::current_thread();
        let taken = take_all_fds();
        let polled = dormouse::block_on(async { socket.poll_read_ready(cx) });
        assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
        assert!(moved().is_empty(), "{:?}", moved());

        drop(taken);
        let _entered = second.enter();
        assert!(socket.poll_read_ready(cx).is_pending());
        let [event] = &moved()[..] else { panic!("{:?}", moved()) };
        let reported = ["from", "to", "why"].map(|field| event.get(field));
        assert_eq!(reported, ["tokio", "tokio", "its reactor has ended"]);
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_an_operation_moves_is_reported_before_the_next_wait() {
        use dormouse::io::{AsyncFd, Interest};
        use std::io::ErrorKind::WouldBlock;
        use std::os::unix::net::UnixStream;

        let recorder = Recorder::install(|| {});
        within_time(|| {
            common::current_thread().block_on(async {
                let (ours, theirs) = UnixStream::pair().unwrap();
                let ours = AsyncFd::new(ours).unwrap();
                drop(theirs);
                drop(ours.readable().await.unwrap());
                let tried = ours.try_io(Interest::READABLE, |_| Err::<(), _>(WouldBlock.into()));
                assert_eq!(tried.unwrap_err().kind(), WouldBlock);
                assert_eq!(ours.reactor().name(), "builtin");
                let moved = recorder.with("an fd has moved to another reactor");
                assert_eq!(moved.len(), 1, "{:?}", recorder.all());
            });
        });
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn what_makes_a_wait_fail_is_reported_when_it_fails() {
        use std::task::Poll;

        let recorder = Recorder::install(|| {});
        let (_, waker) = Count::new();
        let cx = &mut std::task::Context::from_waker(&waker);
        let socket = socket_of_an_ended_runtime();
        let _taken = take_all_fds();
        let polled = dormouse::block_on(async { socket.poll_read_ready(cx) });
        assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
        let failed = recorder.with("a fallback is used");
        assert!(failed.iter().any(|seen| seen.get("failed") == "epoll instance"), "{failed:?}");
    }
}
