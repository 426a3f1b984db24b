//! What `dormouse::stats` counts. Each test has a process of its own, because the counts are those of the process.

mod common;

use common::stream::{Stream, std_pair};
use common::{Count, MS, poll, within_time};
use dormouse::clock::Monotonic;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::stats::{Lateness, Stats, TimerStats};
use dormouse::{sleep, stats};
#[cfg(all(feature = "tokio", unix))]
use std::task::Poll;
use std::time::Duration;

each_in_a_child_process! {
    timers_are_counted_as_pending_fired_or_cancelled
    a_sleep_that_is_polled_before_the_reactor_wakes_its_task_has_fired
    timers_of_all_threads_are_counted
    each_clock_has_its_own_counts
    an_fd_is_counted_while_it_is_registered
    the_reactor_thread_is_reported_once_it_runs
    the_table_has_a_row_for_each_clock_in_use
}

// Without timerfds, the thread of the builtin reactor fires all timers.
#[cfg(all(target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! {
    lateness_is_the_time_from_the_deadline_until_the_reactor_wakes_the_task
}

#[cfg(all(feature = "tokio", target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! {
    tokio_runtimes_are_counted_together
    timers_of_a_runtime_that_has_shut_down_are_counted_as_cancelled
}

// On Windows, the end of the runtime is reported as readiness.
#[cfg(all(feature = "tokio", unix))]
each_in_a_child_process! {
    an_fd_that_moves_is_counted_by_its_new_reactor
}

#[cfg(all(feature = "tokio", unix))]
each_in_a_child_process! {
    an_fd_that_cannot_move_is_not_counted
}

#[cfg(all(feature = "smol", target_os = "linux", not(dormouse_portable)))]
each_in_a_child_process! {
    async_io_has_its_own_counts
}

#[cfg(feature = "smol")]
each_in_a_child_process! {
    an_fd_on_async_io_is_counted
}

#[cfg(target_os = "linux")]
each_in_a_child_process! {
    a_child_of_fork_counts_from_zero
}

/// Long enough that a loaded machine polls a sleep before its deadline.
const SOON: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

fn timers(reactor: &str, clock: &str) -> TimerStats {
    let Stats { reactors, .. } = stats();
    let reactor = reactors.into_iter().find(|stats| stats.name == reactor).unwrap();
    reactor.timers.into_iter().find(|stats| stats.clock == clock).unwrap()
}

fn fds(reactor: &str) -> usize {
    stats().reactors.iter().find(|stats| stats.name == reactor).unwrap().fds
}

fn watch(reactor: &Reactor, socket: Stream) -> AsyncFd<Stream> {
    AsyncFd::new_on(reactor, socket, Interest::READABLE).unwrap()
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn timers_are_counted_as_pending_fired_or_cancelled() {
        within_time(|| {
            dormouse::block_on(async {
                let (_, waker) = Count::new();
                let mut pending = [sleep(HOUR), sleep(HOUR), sleep(HOUR)];
                assert_eq!(timers("builtin", "Boottime").pending, 0, "not polled yet");
                pending.iter_mut().for_each(|sleep| assert!(poll(sleep, &waker).is_pending()));
                assert_eq!(timers("builtin", "Boottime").pending, 3);

                let [_kept, dropped, _kept_too] = pending;
                drop(dropped);
                futures::future::join_all((0..5).map(|_| sleep(SOON))).await;
                let counted = timers("builtin", "Boottime");
                assert_eq!((counted.pending, counted.fired, counted.cancelled), (2, 5, 1));
                assert!(counted.wakeups > 0, "{counted:?}");
            });
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_sleep_that_is_polled_before_the_reactor_wakes_its_task_has_fired() {
        let late = async {
            let mut sleep = sleep(200 * MS);
            assert!(futures::poll!(&mut sleep).is_pending());
            // The only thread that polls the reactor.
            std::thread::sleep(300 * MS);
            sleep.await;
        };
        within_time(|| dormouse::block_on(late));
        let counted = timers("builtin", "Boottime");
        assert_eq!((counted.pending, counted.fired, counted.cancelled), (0, 1, 0));
        // Elsewhere than on Linux, the reactor thread has fired it.
        assert!(counted.lateness == Lateness::default() || !common::IS_LINUX);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn timers_of_all_threads_are_counted() {
        let (_, waker) = Count::new();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let mut kept = sleep(HOUR);
                        assert!(poll(&mut kept, &waker).is_pending());
                        assert!(poll(&mut sleep(HOUR), &waker).is_pending());
                        std::mem::forget(kept);
                    }
                });
            }
        });
        let counted: Vec<_> = stats().timers().cloned().collect();
        assert_eq!(counted.iter().map(|timers| timers.pending).sum::<usize>(), 2000);
        assert_eq!(counted.iter().map(|timers| timers.cancelled).sum::<u64>(), 2000);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn lateness_is_the_time_from_the_deadline_until_the_reactor_wakes_the_task() {
        let late = async |reactor: &str| {
            let mut sleep = sleep(200 * MS);
            assert!(futures::poll!(&mut sleep).is_pending());
            // The only thread that polls the reactor.
            std::thread::sleep(300 * MS);
            // The reactor is polled while this waits.
            dormouse::sleep(10 * MS).await;
            let lateness = timers(reactor, "Boottime").lateness;
            assert!(lateness.max >= 99 * MS, "{lateness:?}");
            assert!(lateness.median <= lateness.p99 && lateness.p99 <= lateness.max);
            drop(sleep);
        };
        within_time(|| dormouse::block_on(late("builtin")));
        #[cfg(feature = "tokio")]
        within_time(|| common::current_thread().block_on(late("tokio")));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn each_clock_has_its_own_counts() {
        within_time(|| dormouse::block_on(Monotonic::sleep(SOON)));
        let counted = |clock| timers("builtin", clock).fired;
        assert_eq!(["Boottime", "Monotonic", "Realtime"].map(counted), [0, 1, 0]);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_is_counted_while_it_is_registered() {
        let (ours, theirs) = std_pair();
        assert_eq!(fds("builtin"), 0);
        let ours = watch(&Reactor::builtin(), ours);
        let theirs = watch(&Reactor::builtin(), theirs);
        assert_eq!(fds("builtin"), 2);
        drop(ours);
        assert_eq!(fds("builtin"), 1);
        let _unwrapped = theirs.into_inner();
        assert_eq!(fds("builtin"), 0);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn the_reactor_thread_is_reported_once_it_runs() {
        within_time(|| dormouse::block_on(sleep(SOON)));
        // Elsewhere than on Linux, timers need the thread.
        assert!(!stats().reactor_thread_runs || !common::IS_LINUX);
        dormouse::init().unwrap();
        assert!(stats().reactor_thread_runs);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn the_table_has_a_row_for_each_clock_in_use() {
        within_time(|| dormouse::block_on(sleep(SOON)));
        let table = stats().to_string();
        println!("{table}");
        let rows: Vec<Vec<_>> = table.lines().map(|row| row.split_whitespace().collect()).collect();
        assert_eq!(rows[0][..3], ["reactor", "clock", "pending"]);
        assert_eq!(rows[1][..3], ["builtin", "Boottime", "0"]);
        assert_eq!(rows[1].len(), rows[0].len());
        assert!(table.lines().last().unwrap().starts_with("fds watched: "), "{table}");
        assert_eq!(rows.len(), 3);
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn tokio_runtimes_are_counted_together() {
        let runtimes = [common::current_thread(), common::multi_thread()];
        for runtime in &runtimes {
            within_time(|| runtime.block_on(async { sleep(SOON).await }));
        }
        let [first, _second] = runtimes;
        drop(first);
        let counted = timers("tokio", "Boottime");
        assert_eq!((counted.fired, counted.cancelled), (2, 0));
        assert_eq!(timers("builtin", "Boottime").fired, 0);
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn timers_of_a_runtime_that_has_shut_down_are_counted_as_cancelled() {
        let runtime = common::current_thread();
        let mut kept = sleep(HOUR);
        let (_, waker) = Count::new();
        within_time(|| runtime.block_on(async { assert!(poll(&mut kept, &waker).is_pending()) }));
        assert_eq!(timers("tokio", "Boottime").pending, 1);
        drop(runtime);
        let counted = timers("tokio", "Boottime");
        assert_eq!((counted.pending, counted.fired, counted.cancelled), (0, 0, 1));
        assert!(poll(&mut kept, &waker).is_pending());
        let pending: usize = stats().timers().map(|timers| timers.pending).sum();
        assert_eq!(pending, 1, "it is pending on another reactor");
    }

    #[cfg(all(feature = "tokio", unix))]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_moves_is_counted_by_its_new_reactor() {
        let runtime = common::current_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (ours, _theirs) = std_pair();
        let ours = watch(&reactor, ours);
        assert_eq!((fds("tokio"), fds("builtin")), (1, 0));
        let wait = async || {
            let (_, waker) = Count::new();
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(ours.poll_read_ready(&mut cx).is_pending());
        };
        runtime.block_on(wait());
        drop(runtime);
        dormouse::block_on(wait());
        assert_eq!((fds("tokio"), fds("builtin")), (0, 1));
    }

    #[cfg(all(feature = "tokio", unix))]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_that_cannot_move_is_not_counted() {
        let runtime = common::current_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (ours, _theirs) = std_pair();
        let ours = watch(&reactor, ours);
        let wait = async || {
            let (_, waker) = Count::new();
            ours.poll_read_ready(&mut std::task::Context::from_waker(&waker))
        };
        assert!(runtime.block_on(wait()).is_pending());
        drop(runtime);
        // The builtin reactor cannot create its epoll instance.
        let taken = common::take_all_fds();
        assert!(dormouse::block_on(wait()).map(|ready| ready.is_err()) == Poll::Ready(true));
        let counted = (fds("tokio"), fds("builtin"));
        drop(taken);
        assert_eq!(counted, (0, 0));
        assert!(dormouse::block_on(wait()).is_pending());
        assert_eq!((fds("tokio"), fds("builtin")), (0, 1));
    }

    #[cfg(feature = "smol")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn async_io_has_its_own_counts() {
        within_time(|| smol::block_on(sleep(SOON)));
        let counted = timers("async-io", "Boottime");
        assert_eq!((counted.fired, counted.cancelled), (1, 0));
        assert_eq!(fds("async-io"), 1, "the timerfd");
    }

    #[cfg(feature = "smol")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn an_fd_on_async_io_is_counted() {
        let (ours, _theirs) = std_pair();
        let ours = watch(&Reactor::async_io(), ours);
        assert_eq!(fds("async-io"), 1);
        drop(ours);
        assert_eq!(fds("async-io"), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_of_fork_counts_from_zero() {
        use rustix::process::{Pid, WaitOptions, waitpid};

        within_time(|| dormouse::block_on(sleep(SOON)));
        let (ours, _theirs) = std_pair();
        let _ours = watch(&Reactor::builtin(), ours);
        match fork::fork().unwrap() {
            fork::Fork::Parent(child) => {
                let child = Pid::from_raw(child).unwrap();
                let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
                assert_eq!(status.exit_status(), Some(0));
            }
            fork::Fork::Child => {
                let timers = timers("builtin", "Boottime");
                let counts = (timers.fired, timers.cancelled, timers.wakeups, fds("builtin"));
                std::process::exit(if counts == (0, 0, 0, 0) { 0 } else { 1 })
            }
        }
    }
}
