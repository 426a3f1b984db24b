//! Children of `fork` that continue to use the library. Each test has a process of its own, in which no other test runs.
#![cfg(target_os = "linux")]

mod common;

use common::child::{in_child, spawn_child, wait_for_child};
use common::{BOTH, Count, MS, fds, poll, within_time};
use dormouse::io::AsyncFd;
use dormouse::net::{TcpListener, TcpStream};
use dormouse::reactor::Reactor;
use dormouse::sleep;
use fork::Fork;
use rustix::process::Pid;
use std::future::Future;
use std::io::{Read, Write};
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

each_in_a_child_process! {
    what_a_child_drops_is_closed
    what_a_child_unwraps_and_drops_is_closed
    a_child_that_drops_an_fd_leaves_the_registration_of_its_parent
    a_child_that_drops_a_write_half_leaves_the_connection_of_its_parent_open
    a_child_releases_the_wakers_of_an_fd_that_it_drops
    a_connection_that_has_not_waited_stays_that_of_the_parent
    a_sleep_costs_as_much_in_a_late_generation_as_in_the_first
    a_child_closes_no_file_that_the_program_has_opened_at_the_number_of_an_inherited_fd
    a_parent_keeps_its_timers_and_fds_when_a_child_closes_its_copies
    children_of_a_busy_parent_do_not_wait_for_its_locks
    children_forked_during_the_first_use_do_not_wait_for_it
    a_child_that_is_forked_within_block_on_goes_on_in_it
}

// mio's epoll instance stays open in a child. A kqueue is not inherited.
#[cfg(not(dormouse_portable))]
each_in_a_child_process! {
    each_generation_has_as_many_fds_as_the_first
    a_daemon_that_forks_twice_has_no_fds_of_its_ancestors
}

#[cfg(feature = "task")]
each_in_a_child_process! {
    a_child_runs_tasks_and_blocking_work_of_its_own
    a_child_does_not_use_the_executor_that_its_parent_has_installed
}

#[cfg(all(feature = "tokio", not(dormouse_portable)))]
each_in_a_child_process! {
    a_child_keeps_a_timerfd_that_gets_the_number_of_an_inherited_one
    a_runtime_built_by_a_child_that_has_dropped_the_runtime_of_its_parent_serves_its_sleeps
    each_generation_that_builds_a_runtime_has_as_many_timerfds_as_the_first
}

/// Runs `test` in each of some generations, each of which is a child of the one before. 0 is the calling process.
fn in_generations(generations: RangeInclusive<u32>, test: &(dyn Fn(u32) + Sync)) {
    let (first, last) = generations.into_inner();
    within_time(|| test(first));
    if first < last {
        wait_for_child(spawn_child(|| in_generations(first + 1..=last, test)));
    }
}

/// async-io's own fds, which a child cannot close, are open from the first use of async-io on. A child uses the builtin
/// reactor instead.
const FIRST_TO_COMPARE: u32 = cfg!(feature = "smol") as u32;

/// Uses the library: on the executor of another crate, so that the reactor thread runs.
fn use_library() {
    futures::executor::block_on(common::sleep_in_reactor());
}

/// One for each reactor that runs without being polled by the calling thread.
fn reactors() -> Vec<Reactor> {
    vec![
        Reactor::builtin(),
        #[cfg(feature = "smol")]
        Reactor::async_io(),
        #[cfg(feature = "tokio")]
        Reactor::tokio(Box::leak(Box::new(common::multi_thread())).handle()).unwrap(),
    ]
}

/// A registered fd, for which a waker has been stored, and its peer.
fn registered(reactor: &Reactor, waker: &Waker) -> (AsyncFd<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(common::LIMIT)).unwrap();
    let ours = AsyncFd::new_on(reactor, ours, BOTH).unwrap();
    assert!(ours.poll_read_ready(&mut Context::from_waker(waker)).is_pending());
    (ours, theirs)
}

/// The nanoseconds to create, poll and drop a sleep: the least of some attempts.
fn cost_of_a_sleep() -> u64 {
    let attempt = |_| {
        let start = Instant::now();
        for _ in 0..200 {
            let sleep = pin!(sleep(Duration::from_secs(1000)));
            assert!(sleep.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        start.elapsed().as_nanos() as u64 / 200
    };
    (0..50).map(attempt).min().unwrap()
}

mod cases {
    use super::*;

    /// The child closes its copy of an fd, and lives on until its parent has seen the end of the stream.
    fn assert_closed_by(close: fn(AsyncFd<UnixStream>)) {
        for reactor in reactors() {
            let (ours, mut theirs) = registered(&reactor, Waker::noop());
            let (mut parent, mut child) = UnixStream::pair().unwrap();
            // The parent drops the closure, and its copy of the fd with it.
            let process = spawn_child(move || {
                close(ours);
                child.write_all(b"x").unwrap();
                child.read_exact(&mut [0]).unwrap();
            });
            parent.read_exact(&mut [0]).unwrap();
            let end = theirs.read(&mut [0]);
            assert!(matches!(end, Ok(0)), "{}: {end:?}", reactor.name());
            parent.write_all(b"x").unwrap();
            wait_for_child(process);
        }
    }

    /// Tasks and blocking work are pending in the parent, whose threads the child does not have.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "task")]
    fn a_child_runs_tasks_and_blocking_work_of_its_own() {
        use dormouse::task::{JoinSet, spawn_blocking};

        let run = || {
            dormouse::block_on(async {
                let mut set = JoinSet::new();
                for n in 0..100 {
                    set.spawn(async move {
                        sleep(MS).await;
                        n
                    });
                }
                set.spawn_blocking(|| 100);
                let mut sum = 0;
                while let Some(n) = set.join_next().await {
                    sum += n.unwrap();
                }
                assert_eq!(sum, 5050);
            });
        };
        let (release, released) = std::sync::mpsc::channel::<()>();
        let task = dormouse::spawn(std::future::pending::<()>());
        let work = spawn_blocking(move || released.recv());
        run();
        in_generations(0..=3, &|_| run());
        task.abort();
        assert!(dormouse::block_on(task).unwrap_err().is_cancelled());
        release.send(()).unwrap();
        dormouse::block_on(work).unwrap().unwrap();
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "task")]
    fn a_child_does_not_use_the_executor_that_its_parent_has_installed() {
        use dormouse::task::set_executor;

        let pool = futures::executor::ThreadPool::new().unwrap();
        set_executor(move |task| pool.spawn_ok(task)).unwrap();
        let name = || std::thread::current().name().map(str::to_owned);
        let spawn = move || dormouse::block_on(dormouse::spawn(async move { name() })).unwrap();
        assert_ne!(spawn().as_deref(), Some("dormouse-worker"));
        in_child(move || {
            assert_eq!(spawn().as_deref(), Some("dormouse-worker"));
            set_executor(|_| {}).unwrap();
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn what_a_child_drops_is_closed() {
        assert_closed_by(drop);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn what_a_child_unwraps_and_drops_is_closed() {
        assert_closed_by(|ours| drop(ours.into_inner()));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_that_drops_an_fd_leaves_the_registration_of_its_parent() {
        for reactor in reactors() {
            let (count, waker) = Count::new();
            let (ours, mut theirs) = registered(&reactor, &waker);
            let mut copy = Some(ours);
            in_child(|| drop(copy.take()));
            theirs.write_all(b"x").unwrap();
            count.wait_for(1);
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_that_drops_a_write_half_leaves_the_connection_of_its_parent_open() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        theirs.set_read_timeout(Some(common::LIMIT)).unwrap();
        let mut halves = Some(TcpStream::from_std(ours).unwrap().into_split());
        in_child(|| drop(halves.take()));
        let (read, write) = halves.unwrap();
        assert_eq!(write.try_write(b"x").unwrap(), 1);
        theirs.read_exact(&mut [0]).unwrap();

        // The halves of an `AsyncFd`.
        let stream = read.reunite(write).unwrap().into_async_fd();
        let mut halves = Some(stream.into_split());
        in_child(|| drop(halves.take()));
        let (_read, write) = halves.unwrap();
        write.as_ref().get_ref().write_all(b"x").unwrap();
        theirs.read_exact(&mut [0]).unwrap();
        drop(write);
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "the parent shuts down");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_releases_the_wakers_of_an_fd_that_it_drops() {
        for reactor in reactors() {
            let (count, waker) = Count::new();
            let (ours, _theirs) = registered(&reactor, &waker);
            in_child(|| {
                drop(ours);
                drop(waker);
                assert_eq!(Arc::strong_count(&count), 1, "{}", reactor.name());
            });
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_connection_that_has_not_waited_stays_that_of_the_parent() {
        async fn accept() -> (std::net::TcpStream, Option<TcpStream>) {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (client, Some(listener.accept().await.unwrap().0))
        }
        let readable = |server: &TcpStream| {
            let wait = dormouse::timeout(common::LIMIT, server.readable());
            futures::executor::block_on(wait).expect("an event is lost")
        };
        #[cfg(feature = "tokio")]
        let runtime = common::multi_thread();
        let connections = [
            dormouse::block_on(accept()),
            futures::executor::block_on(accept()),
            #[cfg(feature = "tokio")]
            runtime.block_on(accept()),
        ];
        for (mut client, mut server) in connections {
            in_child(|| {
                let server = server.take().unwrap();
                assert_eq!(server.try_write(b"x").unwrap(), 1);
                assert!(readable(&server).is_err());
                drop(server.into_async_fd().into_inner());
            });
            let server = server.unwrap();
            client.write_all(b"y").unwrap();
            readable(&server).unwrap();
            assert_eq!(server.try_read(&mut [0; 2]).unwrap(), 1);
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn each_generation_has_as_many_fds_as_the_first() {
        let first = AtomicUsize::new(0);
        in_generations(0..=50, &|generation| {
            use_library();
            dormouse::block_on(common::sleep_in_reactor());
            if [0, FIRST_TO_COMPARE].contains(&generation) {
                first.store(fds(), Ordering::Relaxed);
            }
            assert_eq!(fds(), first.load(Ordering::Relaxed), "in generation {generation}");
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_sleep_costs_as_much_in_a_late_generation_as_in_the_first() {
        let first = cost_of_a_sleep();
        in_generations(0..=200, &|generation| {
            assert!(poll(&mut sleep(Duration::from_secs(1000)), Waker::noop()).is_pending());
            if generation == 200 {
                let last = cost_of_a_sleep();
                println!("{first} ns, and {last} ns in the last generation");
                // With a search through the generations it was more than 15 times as much.
                assert!(last < 4 * first, "{first} ns, and {last} ns in generation {generation}");
            }
        });
    }

    /// The process in between does not use the library.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_daemon_that_forks_twice_has_no_fds_of_its_ancestors() {
        in_generations(0..=FIRST_TO_COMPARE, &|generation| {
            use_library();
            if generation == FIRST_TO_COMPARE {
                let first = fds();
                in_child(move || {
                    in_child(move || {
                        use_library();
                        assert_eq!(fds(), first);
                    });
                });
            }
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_closes_no_file_that_the_program_has_opened_at_the_number_of_an_inherited_fd() {
        use rustix::event::epoll::{CreateFlags, create};
        use rustix::event::{EventfdFlags, eventfd};
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        use std::os::fd::OwnedFd;

        let open: [fn() -> OwnedFd; 4] = [
            || std::fs::File::open("/dev/null").unwrap().into(),
            || create(CreateFlags::empty()).unwrap(),
            || eventfd(0, EventfdFlags::empty()).unwrap(),
            || timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::empty()).unwrap(),
        ];
        for reactor in reactors() {
            let (ours, _theirs) = registered(&reactor, Waker::noop());
            // One that is dropped after its number has been closed.
            std::mem::forget(ours);
        }
        use_library();
        let last = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
        for open in open {
            in_child(|| {
                for number in 3..=last {
                    let _ = nix::unistd::close(number);
                }
                let files: Vec<OwnedFd> = (3..=last).map(|_| open()).collect();
                assert_eq!(files.last().unwrap().as_raw_fd(), last);
                use_library();
                let (ours, _theirs) = registered(&Reactor::builtin(), Waker::noop());
                drop(ours);
                for file in &files {
                    assert!(rustix::io::fcntl_getfd(file).is_ok(), "{file:?} was closed");
                }
            });
        }
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_keeps_a_timerfd_that_gets_the_number_of_an_inherited_one() {
        let is_timerfd = |number: &i32| {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}"));
            info.is_ok_and(|info| info.contains("clockid"))
        };
        let runtime = common::current_thread();
        runtime.block_on(common::sleep_in_reactor());
        let last = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
        let timerfd = (3..=last).find(is_timerfd).expect("the timerfd of the runtime's queue");
        in_child(|| {
            // As a daemon does that closes all fds. (tokio cannot build a runtime after that.)
            nix::unistd::close(timerfd).unwrap();
            // The timerfd of the builtin reactor's queue gets this number.
            dormouse::block_on(common::sleep_in_reactor());
            assert!(is_timerfd(&timerfd));
            // The first use of a tokio runtime closes what was inherited.
            common::current_thread().block_on(common::sleep_in_reactor());
            within_time(|| dormouse::block_on(common::sleep_in_reactor()));
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_parent_keeps_its_timers_and_fds_when_a_child_closes_its_copies() {
        let runtimes = reactors();
        let fds: Vec<_> = runtimes
            .iter()
            .map(|reactor| {
                let (count, waker) = Count::new();
                (count, registered(reactor, &waker))
            })
            .collect();
        let (count, waker) = Count::new();
        let mut long = sleep(100 * MS);
        assert!(poll(&mut long, &waker).is_pending());
        let mut copies = Some(fds);
        in_child(|| {
            use_library();
            drop(copies.take());
        });
        count.wait_for(1);
        for (count, (_ours, mut theirs)) in copies.unwrap() {
            theirs.write_all(b"x").unwrap();
            count.wait_for(1);
        }
        within_time(use_library);
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn children_of_a_busy_parent_do_not_wait_for_its_locks() {
        for _ in 0..2 {
            let (ours, mut theirs) = registered(&Reactor::builtin(), Waker::noop());
            theirs.set_nonblocking(true).unwrap();
            std::thread::spawn(move || {
                loop {
                    let _ = theirs.write(b"x");
                    let _ = ours.get_ref().read(&mut [0; 64]);
                }
            });
        }
        for _ in 0..500 {
            in_child(use_library);
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn children_forked_during_the_first_use_do_not_wait_for_it() {
        for _ in 0..200 {
            in_child(|| {
                let thread = std::thread::spawn(use_library);
                in_child(use_library);
                thread.join().unwrap();
            });
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn a_child_that_is_forked_within_block_on_goes_on_in_it() {
        for forks_in_first_poll in [false, true] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let ours = AsyncFd::new_on(&Reactor::builtin(), ours, BOTH).unwrap();
            within_time(move || {
                let mut child = None;
                let fork = async {
                    if !forks_in_first_poll {
                        sleep(MS).await;
                    }
                    match fork::fork().unwrap() {
                        Fork::Parent(pid) => {
                            child = Pid::from_raw(pid);
                            theirs.write_all(b"x").unwrap();
                        }
                        Fork::Child => abort_after_limit(),
                    }
                };
                let waits = async { futures::join!(sleep(20 * MS), ours.readable(), fork).1 };
                let is_readable = dormouse::block_on(waits).is_ok();
                match child {
                    Some(child) => wait_for_child(child),
                    // An fd of the parent returns an error.
                    None => std::process::exit(if is_readable { 1 } else { 0 }),
                }
                assert!(is_readable);
            });
        }
    }

    fn abort_after_limit() {
        std::thread::spawn(|| {
            std::thread::sleep(common::LIMIT);
            std::process::abort();
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn a_runtime_built_by_a_child_that_has_dropped_the_runtime_of_its_parent_serves_its_sleeps() {
        let runtime = common::current_thread();
        runtime.block_on(common::sleep_in_reactor());
        in_child(|| {
            drop(runtime);
            common::current_thread().block_on(async {
                common::sleep_in_reactor().await;
                let threads = common::threads();
                // No other reactor was needed.
                let others =
                    threads.iter().filter(|name| ["dormouse", "async-io"].contains(&name.as_str()));
                assert_eq!(others.count(), 0, "{threads:?}");
            });
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn each_generation_that_builds_a_runtime_has_as_many_timerfds_as_the_first() {
        let timerfds = || common::timerfds(rustix::time::TimerfdClockId::Boottime).len();
        let build = |_| {
            let runtime = common::current_thread();
            runtime.block_on(common::sleep_in_reactor());
            assert_eq!(timerfds(), 1);
            // tokio cannot drop the runtime of a parent without an effect on the parent.
            std::mem::forget(runtime);
        };
        in_generations(0..=20, &build);
    }
}
