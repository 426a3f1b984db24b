//! What happens when the system refuses. Each case runs in a process of its own: this program, called
//! again with one of the ignored tests below.

mod common;

use common::{Count, MS, never_early, poll, take_all_fds, within_time};
use dormouse::io::{AsyncFd, Interest};
use dormouse::sleep;
use dormouse::time::Instant;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

each_in_a_process_of_its_own! {
    without_fds_a_sleep_still_fires
    without_fds_a_sleep_still_fires_inside_tokio
    without_fds_a_sleep_still_fires_on_smol
    without_fds_a_sleep_for_ever_can_be_moved_to_earlier
    once_there_are_fds_again_they_can_be_watched
    without_threads_a_sleep_still_fires
    without_fds_wrapping_one_says_so
}

#[cfg(feature = "test-util")]
each_in_a_process_of_its_own! {
    without_fds_virtual_time_goes_on
    without_threads_virtual_time_goes_on
}

#[cfg(feature = "tokio")]
each_in_a_process_of_its_own! { at_the_end_of_a_thread_an_fd_can_still_be_waited_for }

async fn some_sleeps() {
    for ms in [0, 1, 5, 20] {
        never_early(sleep(ms * MS)).await;
    }
    let (first, second) = futures::join!(never_early(sleep(20 * MS)), never_early(sleep(5 * MS)));
    println!("late by {first:?} and {second:?}");
}

/// Leaves no address space for another thread's stack.
fn refuse_threads() {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let size = pages * rustix::param::page_size() as u64 + (1 << 20);
    let limit = getrlimit(Resource::As);
    setrlimit(Resource::As, Rlimit { current: Some(size), ..limit }).unwrap();
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "a thread could be started");
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_a_sleep_still_fires() {
        let _taken = take_all_fds();
        within_time(|| dormouse::block_on(some_sleeps()));
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_a_sleep_still_fires_inside_tokio() {
        let runtimes = [common::current_thread(), common::multi_thread()];
        let _taken = take_all_fds();
        for runtime in runtimes {
            within_time(|| runtime.block_on(some_sleeps()));
        }
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_a_sleep_still_fires_on_smol() {
        // smol's own reactor needs fds.
        smol::block_on(smol::Timer::after(MS));
        let _taken = take_all_fds();
        within_time(|| smol::block_on(some_sleeps()));
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn without_fds_a_sleep_for_ever_can_be_moved_to_earlier() {
        let _taken = take_all_fds();
        let (count, waker) = Count::new();
        let mut sleep = sleep(Duration::MAX);
        assert!(poll(&mut sleep, &waker).is_pending());
        sleep.reset(Instant::now() + 10 * MS);
        count.wait_for(1);
        within_time(|| futures::executor::block_on(never_early(sleep)));
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn once_there_are_fds_again_they_can_be_watched() {
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
    #[ignore = "run by its namesake"]
    fn without_fds_wrapping_one_says_so() {
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
    #[ignore = "run by its namesake"]
    fn without_threads_a_sleep_still_fires() {
        refuse_threads();
        dormouse::block_on(some_sleeps());
    }

    #[cfg(feature = "test-util")]
    fn virtual_time_goes_on() {
        let time = dormouse::VirtualTime::new();
        let start = time.now();
        time.block_on(async { sleep(Duration::from_secs(3600)).await });
        assert_eq!(time.now() - start, Duration::from_secs(3600));
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "test-util")]
    fn without_fds_virtual_time_goes_on() {
        let _taken = take_all_fds();
        within_time(|| {
            // The reactor's thread waits for these, without an epoll instance.
            dormouse::block_on(some_sleeps());
            virtual_time_goes_on();
        });
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "test-util")]
    fn without_threads_virtual_time_goes_on() {
        within_time(|| {
            refuse_threads();
            dormouse::block_on(some_sleeps());
            virtual_time_goes_on();
        });
    }

    /// What is local to a thread is dropped when tokio's own is gone, and a panic there ends the process.
    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn at_the_end_of_a_thread_an_fd_can_still_be_waited_for() {
        use dormouse::reactor::Reactor;
        use std::cell::RefCell;
        use std::io::Write;
        use std::os::unix::net::UnixStream;
        use std::sync::Arc;
        use std::task::{Context, Waker};

        struct AtTheEnd(Arc<AsyncFd<UnixStream>>, Reactor, Waker);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                if self.0.poll_write_ready(&mut Context::from_waker(&self.2)).is_ready() {
                    self.2.wake_by_ref();
                }
                let refused = AsyncFd::new_on(&self.1, UnixStream::pair().unwrap().0);
                assert!(refused.unwrap_err().to_string().contains("this thread is ending"));
            }
        }
        thread_local! {
            static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
        }

        let runtime = common::multi_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = Arc::new(AsyncFd::new_on(&reactor, ours).unwrap());
        let (count, waker) = Count::new();
        let at_the_end = AtTheEnd(ours.clone(), reactor, waker);
        let thread = std::thread::spawn(move || {
            AT_THE_END.with(|here| *here.borrow_mut() = Some(at_the_end));
            // Used later, and so dropped earlier.
            let _ = tokio::runtime::Handle::try_current();
        });
        thread.join().unwrap();
        count.wait_for(1);
        // For everybody else the fd is as good as before.
        let served = async {
            theirs.write_all(b"x").unwrap();
            drop(ours.readable().await.unwrap());
            drop(ours.writable().await.unwrap());
        };
        within_time(|| dormouse::block_on(served));
    }
}
