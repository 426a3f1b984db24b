//! The events of the feature `tracing`. Each test has a process of its own, with a global subscriber: the reactor thread
//! emits events too.

mod common;
#[path = "common/recorder.rs"]
mod recorder;

use common::{MS, within_time};
use dormouse::sleep;
use dormouse::time::Instant;
use recorder::{LATE_SLEEP, LATE_TIMERS, Recorder, Seen, late_sleep};
use std::sync::Mutex;
use tracing::Level;

each_in_a_child_process! {
    a_late_sleep_is_reported_with_its_place_of_creation
    a_sleep_that_is_not_late_is_not_reported
    timers_on_the_wall_clock_are_not_reported_because_that_may_have_been_set
    a_subscriber_that_panics_loses_no_wake_up
    a_logger_without_a_subscriber_gets_the_events
}

#[cfg(feature = "tokio")]
each_in_a_child_process! { a_socket_that_moves_is_reported_with_its_place_of_creation }

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
        assert!(late.get("loc.file").ends_with("recorder.rs"), "{late:?}");
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

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_socket_that_moves_is_reported_with_its_place_of_creation() {
        use dormouse::io::{AsyncFd, Interest};
        use dormouse::net::UdpSocket;
        use std::task::{Context, Waker};

        let recorder = Recorder::install(|| {});
        let socket = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let runtime = common::current_thread();
        let entered = runtime.enter();
        let created = [
            (line!(), AsyncFd::new(socket()).unwrap()),
            (line!(), AsyncFd::with_interest(socket(), Interest::READABLE).unwrap()),
            (line!(), UdpSocket::from_std(socket()).unwrap().into_async_fd()),
        ];
        drop(entered);
        drop(runtime);
        dormouse::block_on(async {
            let cx = &mut Context::from_waker(Waker::noop());
            created.iter().for_each(|(_, socket)| {
                assert!(socket.poll_read_ready(cx).is_pending());
            });
        });
        let moved = recorder.with("an fd has moved to another reactor");
        let lines: Vec<_> = moved.iter().map(|seen| seen.get("loc.line").to_owned()).collect();
        let expected: Vec<_> = created.iter().map(|(line, _)| line.to_string()).collect();
        assert_eq!(lines, expected, "{moved:?}");
        assert!(moved[0].get("loc.file").ends_with("tracing.rs"), "{moved:?}");
    }
}
