//! Timers and fds in a process that cannot open fds or start threads. Each case runs in a child process: this test
//! binary, started again with one of the ignored tests below.
#![cfg(unix)]

mod common;

use common::{Count, MS, assert_not_early, poll, prevent_new_threads, take_all_fds, within_time};
use dormouse::io::{AsyncFd, Interest};
use dormouse::sleep;
use dormouse::time::Instant;
use std::time::Duration;

each_in_a_child_process! {
    without_fds_a_sleep_still_fires
    without_fds_a_sleep_still_fires_inside_tokio
    without_fds_a_sleep_still_fires_on_smol
    without_fds_an_endless_sleep_can_be_reset_to_an_earlier_deadline
    fds_can_be_registered_once_the_process_may_open_fds_again
    without_threads_a_sleep_still_fires
    without_threads_no_error_is_would_block
    without_fds_wrapping_an_fd_returns_an_error_that_names_the_limit
}

#[cfg(feature = "test-util")]
each_in_a_child_process! {
    without_fds_virtual_time_advances
    without_threads_virtual_time_advances
    without_fds_the_first_waker_that_is_called_may_run_virtual_time
}

#[cfg(feature = "task")]
each_in_a_child_process! {
    without_threads_a_task_is_cancelled_with_the_reason
}

#[cfg(feature = "tokio")]
each_in_a_child_process! {
    an_fd_can_be_polled_in_a_thread_local_destructor
    a_timeout_in_a_thread_local_destructor_ends
}

async fn some_sleeps() {
    for ms in [0, 1, 5, 20] {
        assert_not_early(sleep(ms * MS)).await;
    }
    let (first, second) =
        futures::join!(assert_not_early(sleep(20 * MS)), assert_not_early(sleep(5 * MS)));
    println!("late by {first:?} and {second:?}");
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_a_sleep_still_fires() {
        let _taken = take_all_fds();
        within_time(|| dormouse::block_on(some_sleeps()));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_a_sleep_still_fires_inside_tokio() {
        let runtimes = [common::current_thread(), common::multi_thread()];
        let _taken = take_all_fds();
        for runtime in runtimes {
            within_time(|| runtime.block_on(some_sleeps()));
        }
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_a_sleep_still_fires_on_smol() {
        // Starts async-io, which cannot start without fds. A timer that is due at its first poll would not start it.
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(smol::Async::new(socket).unwrap());
        let _taken = take_all_fds();
        within_time(|| smol::block_on(some_sleeps()));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_an_endless_sleep_can_be_reset_to_an_earlier_deadline() {
        let _taken = take_all_fds();
        let (count, waker) = Count::new();
        let mut sleep = sleep(Duration::MAX);
        assert!(poll(&mut sleep, &waker).is_pending());
        sleep.reset(Instant::now() + 10 * MS);
        count.wait_for(1);
        within_time(|| futures::executor::block_on(assert_not_early(sleep)));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn fds_can_be_registered_once_the_process_may_open_fds_again() {
        let taken = take_all_fds();
        within_time(|| dormouse::block_on(some_sleeps()));
        drop(taken);
        within_time(|| {
            dormouse::block_on(async {
                let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
                let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
                drop(writer);
                drop(reader.readable().await.unwrap());
                some_sleeps().await;
            });
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_fds_wrapping_an_fd_returns_an_error_that_names_the_limit() {
        let mut taken = take_all_fds();
        let error = AsyncFd::new(taken.pop().unwrap()).unwrap_err();
        println!("{error}");
        let (reader, _writer) = {
            taken.truncate(taken.len() - 1);
            std::os::unix::net::UnixStream::pair().unwrap()
        };
        let error = AsyncFd::new(reader).unwrap_err().to_string();
        assert!(error.contains("limit of open fds") || error.contains("os error 24"), "{error}");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_threads_a_sleep_still_fires() {
        prevent_new_threads();
        dormouse::block_on(some_sleeps());
    }

    /// clone(2) returns `EAGAIN`, whose kind is that of an operation to repeat.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn without_threads_no_error_is_would_block() {
        prevent_new_threads();
        let (reader, _writer) = std::os::unix::net::UnixStream::pair().unwrap();
        // Outside of the library's `block_on` an event can come only from another thread.
        let wait = async { AsyncFd::new(&reader)?.readable().await.map(drop) };
        let error = futures::executor::block_on(wait).unwrap_err();
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}");
        assert!(error.to_string().contains("cannot start"), "{error}");
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "task")]
    fn without_threads_a_task_is_cancelled_with_the_reason() {
        use dormouse::task::{JoinError, spawn_blocking};

        let says = |err: JoinError, reason: &str| {
            assert!(err.is_cancelled());
            assert!(err.to_string().contains(reason), "{err}");
            let err = std::io::Error::from(err);
            assert_ne!(err.kind(), std::io::ErrorKind::WouldBlock, "{err}");
        };
        let limit = prevent_new_threads();
        let spawn = || dormouse::block_on(dormouse::spawn(async { 7 }));
        says(spawn().unwrap_err(), "cannot start a thread \"dormouse-worker\"");
        let work = || dormouse::block_on(spawn_blocking(|| 7));
        says(work().unwrap_err(), "cannot start a thread \"dormouse-blocking\"");
        #[cfg(feature = "tokio")]
        says(
            common::current_thread().block_on(async { spawn_blocking(|| 7).await }).unwrap_err(),
            "tokio cannot start a thread",
        );
        #[cfg(all(feature = "tokio", feature = "test-util"))]
        {
            let work = dormouse::VirtualTime::new().scope(async { spawn_blocking(|| 7).await });
            let err = common::current_thread().block_on(work).unwrap_err();
            says(err, "tokio cannot start a thread");
        }
        // Once there are threads again, tasks run.
        common::permit_new_threads(limit);
        assert_eq!(spawn().unwrap() + work().unwrap(), 14);
    }

    #[cfg(feature = "test-util")]
    fn virtual_time_advances() {
        let time = dormouse::VirtualTime::new();
        let start = time.now();
        time.block_on(async { sleep(Duration::from_secs(3600)).await });
        assert_eq!(time.now() - start, Duration::from_secs(3600));
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "test-util")]
    fn without_fds_virtual_time_advances() {
        let _taken = take_all_fds();
        within_time(|| {
            // The reactor thread waits for these sleeps without an epoll instance.
            dormouse::block_on(some_sleeps());
            virtual_time_advances();
        });
    }

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "test-util")]
    fn without_threads_virtual_time_advances() {
        within_time(|| {
            prevent_new_threads();
            dormouse::block_on(some_sleeps());
            virtual_time_advances();
        });
    }

    /// The reactor thread calls the waker before its first wait.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "test-util")]
    fn without_fds_the_first_waker_that_is_called_may_run_virtual_time() {
        struct RunsVirtualTime(std::sync::mpsc::Sender<()>);

        impl std::task::Wake for RunsVirtualTime {
            fn wake(self: std::sync::Arc<Self>) {
                virtual_time_advances();
                self.0.send(()).unwrap();
            }
        }

        let _taken = take_all_fds();
        let (done, wait) = std::sync::mpsc::channel();
        let waker = std::sync::Arc::new(RunsVirtualTime(done)).into();
        // The thread takes longer to start than this.
        let _pending = loop {
            let mut sleep = sleep(Duration::from_micros(20));
            if poll(&mut sleep, &waker).is_pending() {
                break sleep;
            }
        };
        wait.recv_timeout(common::TEST_TIMEOUT).unwrap();
    }

    /// The destructor of a thread-local may run after that of tokio's context, and a panic in it aborts the process.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn an_fd_can_be_polled_in_a_thread_local_destructor() {
        use dormouse::reactor::Reactor;
        use std::cell::RefCell;
        use std::io::Write;
        use std::os::unix::net::UnixStream;
        use std::sync::Arc;
        use std::task::{Context, Waker};

        struct PollOnDrop(Arc<AsyncFd<UnixStream>>, Reactor, Waker);
        impl Drop for PollOnDrop {
            fn drop(&mut self) {
                if self.0.poll_write_ready(&mut Context::from_waker(&self.2)).is_ready() {
                    self.2.wake_by_ref();
                }
                // The thread cannot enter the runtime, so the fd is registered with the next reactor.
                let fd =
                    AsyncFd::new_on(&self.1, UnixStream::pair().unwrap().0, crate::common::BOTH)
                        .unwrap();
                assert_ne!(fd.reactor().name(), "tokio");
            }
        }
        thread_local! {
            static POLL_ON_DROP: RefCell<Option<PollOnDrop>> = const { RefCell::new(None) };
        }

        let runtime = common::multi_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (local, mut peer) = UnixStream::pair().unwrap();
        let local = Arc::new(AsyncFd::new_on(&reactor, local, crate::common::BOTH).unwrap());
        let (count, waker) = Count::new();
        let poll_on_drop = PollOnDrop(local.clone(), reactor, waker);
        let thread = std::thread::spawn(move || {
            POLL_ON_DROP.with(|here| *here.borrow_mut() = Some(poll_on_drop));
            // Initializes tokio's context after POLL_ON_DROP, so that it is destroyed before it.
            let _ = tokio::runtime::Handle::try_current();
        });
        thread.join().unwrap();
        count.wait_for(1);
        // The other threads can still use the fd.
        let still_works = async {
            peer.write_all(b"x").unwrap();
            drop(local.readable().await.unwrap());
            drop(local.writable().await.unwrap());
        };
        within_time(|| dormouse::block_on(still_works));
    }

    /// The budget of the timeout is spent after tokio's context has been destroyed.
    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    #[cfg(feature = "tokio")]
    fn a_timeout_in_a_thread_local_destructor_ends() {
        use std::cell::Cell;
        use std::os::unix::net::UnixStream;

        struct WaitOnDrop(AsyncFd<UnixStream>);
        impl Drop for WaitOnDrop {
            fn drop(&mut self) {
                let endless = async {
                    loop {
                        drop(self.0.writable().await.unwrap());
                    }
                };
                futures::executor::block_on(dormouse::timeout(10 * MS, endless)).unwrap_err();
            }
        }
        thread_local! {
            static WAIT_ON_DROP: Cell<Option<WaitOnDrop>> = const { Cell::new(None) };
        }

        within_time(|| {
            let (local, _peer) = UnixStream::pair().unwrap();
            let wait_on_drop = WaitOnDrop(AsyncFd::new(local).unwrap());
            let thread = std::thread::spawn(move || {
                WAIT_ON_DROP.set(Some(wait_on_drop));
                // Initializes tokio's context after WAIT_ON_DROP, so that it is destroyed before it.
                let _ = tokio::runtime::Handle::try_current();
            });
            thread.join().unwrap();
        });
    }
}
