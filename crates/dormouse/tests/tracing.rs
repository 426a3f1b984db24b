//! The events of the feature `tracing`. Each test has a process of its own, with a global subscriber: the reactor thread
//! emits events too.
#![cfg(unix)]

mod common;

use common::{Count, MS, poll, prevent_new_threads, take_all_fds, within_time};
use dormouse::sleep;
use dormouse::time::Instant;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

each_in_a_child_process! {
    a_late_sleep_is_reported_with_its_place_of_creation
    a_sleep_that_is_not_late_is_not_reported
    timers_on_the_wall_clock_are_not_reported_because_that_may_have_been_set
    a_subscriber_that_panics_loses_no_wake_up
    a_subscriber_may_use_timers_and_fds
    a_thread_that_cannot_be_started_is_reported_once
    a_logger_without_a_subscriber_gets_the_events
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
}

/// An event: its level, and its fields as text.
#[derive(Clone, Debug)]
struct Seen {
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Seen {
    fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    fn number(&self, field: &str) -> u64 {
        self.get(field).parse().unwrap()
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Records the events with the target `dormouse`, and calls a function for each.
struct Recorder {
    seen: Mutex<Vec<Seen>>,
    then: fn(),
}

impl Recorder {
    /// Sets it as the subscriber of the process.
    fn install(then: fn()) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder { seen: Mutex::default(), then });
        tracing::subscriber::set_global_default(Shared(recorder.clone())).unwrap();
        recorder
    }

    fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn with(&self, message: &str) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| seen.get("message") == message).collect()
    }
}

struct Shared(Arc<Recorder>);

impl Subscriber for Shared {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "dormouse"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut seen = Seen { level: *event.metadata().level(), fields: BTreeMap::new() };
        event.record(&mut seen);
        self.0.seen.lock().unwrap().push(seen);
        (self.0.then)();
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

const LATE_SLEEP: &str = "a sleep has completed late";
const LATE_TIMERS: &str = "the reactor has fired timers late";

/// Waits for a sleep while the thread, which polls the reactor, is blocked past the deadline. Returns the line of the
/// sleep.
async fn late_sleep() -> u32 {
    let (line, mut late) = (line!(), sleep(200 * MS));
    assert!(futures::poll!(&mut late).is_pending());
    std::thread::sleep(280 * MS);
    late.await;
    line
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_late_sleep_is_reported_with_its_place_of_creation() {
        let recorder = Recorder::install(|| {});
        let line = within_time(|| dormouse::block_on(late_sleep()));
        let [late] = &recorder.with(LATE_SLEEP)[..] else { panic!("{:?}", recorder.all()) };
        assert_eq!(late.level, Level::WARN);
        assert!(late.number("lateness_us") >= 75_000, "{late:?}");
        assert!(late.get("loc.file").ends_with("tests/tracing.rs"), "{late:?}");
        assert_eq!(late.number("loc.line"), u64::from(line));
        let named = ["clock", "reactor", "thread"].map(|field| late.get(field));
        assert_eq!(named, ["Boottime", "builtin", "test"]);

        if !common::IS_LINUX {
            // The reactor thread fires the timer.
            return;
        }
        // The reactor fires the first timer late, when it is polled in the wait for the second.
        within_time(|| {
            dormouse::block_on(async {
                let mut first = sleep(200 * MS);
                assert!(futures::poll!(&mut first).is_pending());
                std::thread::sleep(280 * MS);
                sleep(20 * MS).await;
            });
        });
        let reported = recorder.with(LATE_TIMERS);
        let is_first = |late: &Seen| {
            late.level == Level::WARN
                && late.number("lateness_us") >= 75_000
                && late.number("timers") >= 1
        };
        assert!(reported.iter().any(is_first), "{:?}", recorder.all());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_sleep_that_is_not_late_is_not_reported() {
        let recorder = Recorder::install(|| {});
        within_time(|| {
            dormouse::block_on(async {
                for _ in 0..50 {
                    let reported = recorder.with(LATE_SLEEP).len();
                    let sleep = sleep(MS);
                    let deadline = sleep.deadline();
                    sleep.await;
                    let late = Instant::now() - deadline;
                    let is_reported = recorder.with(LATE_SLEEP).len() > reported;
                    assert!(!is_reported || late > 10 * MS, "{late:?}");
                }
            });
        });
        // A deadline that has passed before the first poll is not late: nothing has waited for it.
        within_time(|| {
            let reported = recorder.with(LATE_SLEEP).len();
            let past = Instant::now();
            std::thread::sleep(20 * MS);
            dormouse::block_on(dormouse::sleep_until(past));
            assert_eq!(recorder.with(LATE_SLEEP).len(), reported);
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn timers_on_the_wall_clock_are_not_reported_because_that_may_have_been_set() {
        use dormouse::clock::Realtime;

        let recorder = Recorder::install(|| {});
        within_time(|| {
            dormouse::block_on(async {
                let mut late = dormouse::sleep_until(Realtime::now() + 200 * MS);
                assert!(futures::poll!(&mut late).is_pending());
                std::thread::sleep(280 * MS);
                // The reactor is polled, and fires the timer, while this waits.
                sleep(10 * MS).await;
                late.await;
            });
        });
        let is_realtime = |seen: &Seen| seen.get("clock") == "Realtime";
        assert!(!recorder.all().iter().any(is_realtime), "{:?}", recorder.all());
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_subscriber_that_panics_loses_no_wake_up() {
        let recorder = Recorder::install(|| panic!("the subscriber panics"));
        within_time(|| {
            dormouse::block_on(late_sleep());
            #[cfg(feature = "tokio")]
            common::current_thread().block_on(late_sleep());
            futures::executor::block_on(async {
                late_sleep().await;
                futures::join!(late_sleep(), sleep(300 * MS));
            });
        });
        assert!(recorder.with(LATE_SLEEP).len() >= 3, "{:?}", recorder.all());
    }

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
                    sleep(MS).await;
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

    /// With the feature `log` of the crate `tracing`.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_logger_without_a_subscriber_gets_the_events() {
        struct Logger(Mutex<Vec<String>>);

        impl log::Log for Logger {
            fn enabled(&self, _: &log::Metadata<'_>) -> bool {
                true
            }

            fn log(&self, record: &log::Record<'_>) {
                self.0.lock().unwrap().push(record.args().to_string());
            }

            fn flush(&self) {}
        }

        static LOGGER: Logger = Logger(Mutex::new(Vec::new()));

        log::set_logger(&LOGGER).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
        // The task polls the first sleep before the reactor fires the timer, and the second one after that.
        within_time(|| {
            dormouse::block_on(async {
                late_sleep().await;
                let mut late = sleep(200 * MS);
                assert!(futures::poll!(&mut late).is_pending());
                std::thread::sleep(280 * MS);
                sleep(20 * MS).await;
                late.await;
            });
        });
        let logged = LOGGER.0.lock().unwrap();
        let with = |message| logged.iter().filter(|line| line.contains(message)).count();
        // On a loaded machine, the sleep between the two may be late too.
        assert!((2..=3).contains(&with(LATE_SLEEP)), "{logged:?}");
        // Elsewhere the reactor thread fires the timers.
        assert!(with(LATE_TIMERS) >= 1 || !common::IS_LINUX, "{logged:?}");
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
        assert!(moved[0].get("loc.file").ends_with("tests/tracing.rs"), "{moved:?}");
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
        use dormouse::io::AsyncFd;
        use std::os::unix::net::UnixDatagram;
        use std::task::Poll;

        let recorder = Recorder::install(|| {});
        let moved = || recorder.with("an fd has moved to another reactor");
        let (_, waker) = Count::new();
        let cx = &mut std::task::Context::from_waker(&waker);

        let [first, second] = [(); 2].map(|()| common::current_thread());
        let entered = first.enter();
        let socket = AsyncFd::new(UnixDatagram::unbound().unwrap()).unwrap();
        drop(entered);
        drop(first);
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
}
