//! Alone in its process, a thread in `block_on` gets its events itself.
#![cfg(target_os = "linux")]

mod common;

use common::{MS, waker, within_time};
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

/// On which threads the waker for each event was called.
async fn where_woken() -> Vec<ThreadId> {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let ours = AsyncFd::new_on(&Reactor::builtin(), ours).unwrap();
    let mut all = Vec::new();
    for _ in 0..EVENTS {
        let called = Arc::new(Mutex::new(None));
        let mut writer = None;
        poll_fn(|cx| {
            if let Some(thread) = *called.lock().unwrap() {
                all.push(thread);
                return Poll::Ready(());
            }
            let (called, task) = (called.clone(), cx.waker().clone());
            let note = waker(move || {
                *called.lock().unwrap() = Some(std::thread::current().id());
                task.wake_by_ref();
            });
            while let Poll::Ready(guard) = ours.poll_read_ready(&mut Context::from_waker(&note)) {
                guard.unwrap().clear_ready();
            }
            writer.get_or_insert_with(|| {
                let mut theirs = theirs.try_clone().unwrap();
                std::thread::spawn(move || {
                    std::thread::sleep(3 * MS);
                    theirs.write_all(&[1]).unwrap();
                })
            });
            Poll::Pending
        })
        .await;
        writer.unwrap().join().unwrap();
        ours.try_io(Interest::READABLE, |mut fd| fd.read_exact(&mut [0])).unwrap();
    }
    theirs.flush().unwrap();
    all
}

#[test]
fn events_come_to_the_thread_that_is_in_block_on() {
    within_time(|| {
        let here = std::thread::current().id();
        let threads = block_on(where_woken());
        let ours = threads.iter().filter(|&&thread| thread == here).count();
        println!("{ours} of {EVENTS} events came here");
        // All, on an idle machine. On a busy one, those that came when this thread was the last to have begun
        // to wait: the reactor's may be slow to get back to its own wait, and so be the last itself.
        assert!(ours > 0, "none of {EVENTS} events came here");
    });
}
