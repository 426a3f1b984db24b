//! What peers, wakers, durations and objects that mean harm can do, and what they cannot: SECURITY.md refers here.
//!
//! (What is a promise of a part of the library is tested with that.)

mod common;

use common::{Count, MS, never_early, pending_for, poll, waker};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::io::{AsyncFd, Interest};
use dormouse::{interval, interval_at, sleep, sleep_until, timeout};
use futures::FutureExt;
use std::future::pending;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

on_every_reactor! {
    any_duration_can_come_from_outside
    a_period_of_no_length_is_always_due
    a_peer_who_always_has_data_keeps_the_task_from_yielding
    what_a_waker_panics_with_is_not_kept
}

each_in_a_process_of_its_own! {
    a_waker_that_blocks_holds_up_its_reactor_and_loses_nothing
    an_object_that_changes_its_fd_harms_no_other_on_the_builtin_reactor
    an_object_that_changes_its_fd_harms_no_other_on_async_io
}

#[cfg(feature = "tokio")]
each_in_a_process_of_its_own! { an_object_that_changes_its_fd_harms_no_other_on_tokio }

const EXTREMES: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_secs(1 << 32),
    Duration::from_nanos(i64::MAX as u64),
    Duration::from_nanos(i64::MAX as u64 + 1),
    Duration::from_nanos(u64::MAX - 1),
    Duration::from_nanos(u64::MAX),
    Duration::from_secs(i64::MAX as u64),
    Duration::MAX,
];

async fn any_duration_can_come_from_outside() {
    fn on<C: Clock>(cx: &mut Context<'_>) {
        for a in EXTREMES {
            for b in EXTREMES {
                let mut moved = C::sleep(a).slack(b);
                let _ = moved.poll_unpin(cx);
                moved.reset(C::now() + b);
                let _ = moved.poll_unpin(cx);
                let mut past = sleep_until(C::now() - a);
                assert!(past.poll_unpin(cx).is_ready());
                let mut ticks = interval_at(C::now() + a, b).slack(a);
                let _ = ticks.poll_tick(cx);
                ticks.reset_after(b);
                let _ = ticks.poll_tick(cx);
                ticks.reset();
                let _ = ticks.poll_tick(cx);
            }
        }
    }
    let cx = &mut Context::from_waker(Waker::noop());
    on::<Boottime>(cx);
    on::<Monotonic>(cx);
    on::<Realtime>(cx);
    for duration in EXTREMES {
        let _ = pin!(timeout(duration, pending::<()>())).poll(cx);
        let mut aligned = Realtime::interval_aligned(duration);
        let _ = aligned.poll_tick(cx);
        let _ = aligned.poll_tick(cx);
    }
    never_early(sleep(MS)).await;
}

/// So a period that comes from outside should have a minimum.
async fn a_period_of_no_length_is_always_due() {
    let mut ticks = interval(Duration::ZERO);
    for _ in 0..10_000 {
        assert!(ticks.tick().now_or_never().is_some());
    }
}

/// So a task that should be fair to others has to yield by itself.
async fn a_peer_who_always_has_data_keeps_the_task_from_yielding() {
    let (mine, mut other) = UnixStream::pair().unwrap();
    let mine = AsyncFd::new(mine).unwrap();
    other.write_all(&[0; 10_000]).unwrap();
    drop(mine.readable().await.unwrap());
    for _ in 0..10_000 {
        let read = mine.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0]));
        assert_eq!(read.now_or_never().unwrap().unwrap(), 1);
    }
}

async fn what_a_waker_panics_with_is_not_kept() {
    let what = Arc::new(());
    let panics_with = what.clone();
    let panicking = waker(move || std::panic::resume_unwind(Box::new(panics_with.clone())));
    let _fires = pending_for(MS, &panicking);
    drop(panicking);
    while Arc::strong_count(&what) > 1 {
        sleep(MS).await;
    }
}

/// Closes the fd of an object that is watched, which the docs forbid, and lets another object have its number.
async fn an_object_that_changes_its_fd_harms_no_other() {
    let (_, waker) = Count::new();
    let (mine, _other) = UnixStream::pair().unwrap();
    let number = mine.as_raw_fd();
    let mut mine = AsyncFd::new(mine).unwrap();
    assert!(poll(&mut Box::pin(mine.readable()), &waker).is_pending());
    let (new, _others) = UnixStream::pair().unwrap();
    drop(std::mem::replace(mine.get_mut(), new));

    let (stranger, mut writes) = UnixStream::pair().unwrap();
    assert_eq!(stranger.as_raw_fd(), number);
    let stranger = AsyncFd::new(stranger).unwrap();
    let mut readable = Box::pin(stranger.readable());
    assert!(poll(&mut readable, &waker).is_pending());
    drop(mine);
    writes.write_all(b"x").unwrap();
    let told = timeout(common::HANG / 2, readable).await.expect("the event is lost");
    drop(told.unwrap());
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "run by its namesake"]
    fn a_waker_that_blocks_holds_up_its_reactor_and_loses_nothing() {
        let (let_go, wait) = mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let (called, blocked) = mpsc::channel();
        let blocking = waker(move || {
            called.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        });
        let _first = pending_for(MS, &blocking);
        blocked.recv().unwrap();
        let (count, counting) = Count::new();
        let second = pending_for(MS, &counting);
        while !second.is_elapsed() {
            std::thread::sleep(MS);
        }
        std::thread::sleep(20 * MS);
        assert_eq!(count.get(), 0);
        let_go.send(()).unwrap();
        count.wait_for(1);
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn an_object_that_changes_its_fd_harms_no_other_on_the_builtin_reactor() {
        dormouse::init().unwrap();
        dormouse::block_on(async {
            sleep(MS).await;
            an_object_that_changes_its_fd_harms_no_other().await;
        });
    }

    #[test]
    #[ignore = "run by its namesake"]
    fn an_object_that_changes_its_fd_harms_no_other_on_async_io() {
        smol::block_on(async {
            sleep(MS).await;
            an_object_that_changes_its_fd_harms_no_other().await;
        });
    }

    #[test]
    #[ignore = "run by its namesake"]
    #[cfg(feature = "tokio")]
    fn an_object_that_changes_its_fd_harms_no_other_on_tokio() {
        common::current_thread().block_on(async {
            sleep(MS).await;
            an_object_that_changes_its_fd_harms_no_other().await;
        });
    }
}
