//! The poller role: a thread in `block_on` polls for its events itself. The only test in its file, because other
//! threads that use the builtin reactor disable the role.
#![cfg(all(target_os = "linux", not(dormouse_portable)))]

mod common;

use common::{BOTH, MS, thread_ids, waker, within_time};
use dormouse::block_on;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::ThreadId;

const EVENTS: usize = 50;

/// Returns when the reactor thread is in its wait. It runs, because the waker is not that of `block_on`.
fn wait_until_reactor_thread_sleeps() {
    let stat = |id| std::fs::read_to_string(format!("/proc/self/task/{id}/stat")).ok();
    // "1234 (dormouse) S ..."
    let sleeps = |stat: String| stat.contains("(dormouse) S");
    while !thread_ids().into_iter().filter_map(stat).any(sleeps) {
        std::thread::yield_now();
    }
}

/// The threads on which the waker of each event was called.
async fn waking_threads() -> Vec<ThreadId> {
    let (local, mut peer) = UnixStream::pair().unwrap();
    let local = AsyncFd::new_on(&Reactor::builtin(), local, BOTH).unwrap();
    let mut threads = Vec::new();
    for _ in 0..EVENTS {
        let called = Arc::new(Mutex::new(None));
        let mut writer = None;
        poll_fn(|cx| {
            if let Some(thread) = *called.lock().unwrap() {
                threads.push(thread);
                return Poll::Ready(());
            }
            let (called, task) = (called.clone(), cx.waker().clone());
            let record = waker(move || {
                *called.lock().unwrap() = Some(std::thread::current().id());
                task.wake_by_ref();
            });
            while let Poll::Ready(guard) = local.poll_read_ready(&mut Context::from_waker(&record))
            {
                guard.unwrap().clear_ready();
            }
            wait_until_reactor_thread_sleeps();
            writer.get_or_insert_with(|| {
                let mut peer = peer.try_clone().unwrap();
                std::thread::spawn(move || {
                    std::thread::sleep(3 * MS);
                    peer.write_all(&[1]).unwrap();
                })
            });
            Poll::Pending
        })
        .await;
        writer.unwrap().join().unwrap();
        local.try_io(Interest::READABLE, |mut fd| fd.read_exact(&mut [0])).unwrap();
    }
    peer.flush().unwrap();
    threads
}

#[test]
fn a_thread_in_block_on_polls_for_its_events_itself() {
    within_time(|| {
        let here = std::thread::current().id();
        let threads = block_on(waking_threads());
        let on_this_thread = threads.iter().filter(|&&thread| thread == here).count();
        println!("{on_this_thread} of {EVENTS} events were delivered on this thread");
        // The kernel wakes the thread that was the last to start its wait: this one, unless the reactor thread has been
        // woken meanwhile.
        assert!(on_this_thread > 0, "none of {EVENTS} events was delivered on this thread");
    });
}
