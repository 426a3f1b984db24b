//! Wakers run user code: they may panic, and they may use timers and virtual time.

use super::{HOUR, Log, MINUTE, SECOND};
use crate::common::{Count, poll, waker, within_time};
use dormouse::{VirtualTime, sleep};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::task::Poll;

#[test]
fn a_panicking_waker_does_not_affect_other_timers() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let (count, good) = Count::new();
    let bad = waker(|| std::panic::resume_unwind(Box::new("a waker's panic")));
    let mut sleeps: Vec<_> = (1..10).map(|n| sleep(n % 3 * SECOND + SECOND)).collect();
    for (n, sleep) in sleeps.iter_mut().enumerate() {
        assert_eq!(poll(sleep, if n % 2 == 0 { &bad } else { &good }), Poll::Pending);
    }
    let start = time.now();
    time.advance_now(HOUR);
    assert_eq!(time.now() - start, HOUR);
    assert_eq!(count.get(), 4);
    let mut moved = sleep(SECOND);
    assert_eq!(poll(&mut moved, &bad), Poll::Pending);
    moved.reset(time.now());
    assert_eq!(poll(&mut moved, &good), Poll::Ready(()));
}

#[test]
fn a_waker_may_create_poll_reset_and_drop_timers() {
    within_time(|| {
        let time = VirtualTime::new();
        let _entered = time.enter();
        let (count, counted) = Count::new();
        let mut dropped = Box::pin(sleep(MINUTE));
        let mut moved = Box::pin(sleep(HOUR));
        assert_eq!(poll(&mut dropped, &counted), Poll::Pending);
        assert_eq!(poll(&mut moved, &counted), Poll::Pending);
        let kept = Mutex::new((Some(dropped), moved, None));
        let start = time.now();
        let inside = time.clone();
        let busy = waker(move || {
            let (dropped, moved, created) = &mut *kept.lock().unwrap();
            drop(dropped.take());
            moved.reset(start + 2 * SECOND);
            let _entered = inside.enter();
            let mut new = Box::pin(sleep(SECOND));
            assert_eq!(poll(&mut new, &counted), Poll::Pending);
            *created = Some(new);
        });
        let mut first = sleep(SECOND);
        assert_eq!(poll(&mut first, &busy), Poll::Pending);
        time.advance_now(2 * SECOND);
        assert_eq!(count.get(), 2);
        time.advance_now(2 * HOUR);
        assert_eq!(count.get(), 2);
    });
}

#[test]
fn a_waker_may_advance_suspend_and_set_the_clock() {
    within_time(|| {
        let time = VirtualTime::new();
        let _entered = time.enter();
        let start = time.now();
        let fired = Log::new();
        let (log, inside) = (fired.clone(), time.clone());
        let mover = waker(move || {
            log.add(inside.now() - start);
            inside.advance_now(MINUTE);
            inside.suspend(MINUTE);
            inside.set_wall_clock(std::time::UNIX_EPOCH);
        });
        let (log, inside) = (fired.clone(), time.clone());
        let logger = waker(move || log.add(inside.now() - start));
        let mut first = sleep(SECOND);
        let mut second = sleep(2 * SECOND);
        let mut third = sleep(90 * SECOND);
        let mut fourth = sleep(HOUR);
        assert_eq!(poll(&mut first, &mover), Poll::Pending);
        for sleep in [&mut second, &mut third, &mut fourth] {
            assert_eq!(poll(sleep, &logger), Poll::Pending);
        }
        time.advance_now(2 * HOUR);
        let during_the_suspend = SECOND + 2 * MINUTE;
        assert_eq!(fired.take(), [SECOND, 2 * SECOND, during_the_suspend, HOUR]);
        assert_eq!(time.now() - start, 2 * HOUR + 2 * MINUTE);
    });
}

#[test]
fn a_waker_may_drop_the_last_handle() {
    let time = VirtualTime::new();
    let mut sleep = {
        let _entered = time.enter();
        sleep(SECOND)
    };
    let last = Mutex::new(Some(time.clone()));
    let dropper = waker(move || drop(last.lock().unwrap().take()));
    assert_eq!(poll(&mut sleep, &dropper), Poll::Pending);
    time.advance_now(SECOND);
    drop(time);
    assert_eq!(poll(&mut sleep, &dropper), Poll::Ready(()));
}

#[test]
fn a_panic_in_block_on_exits_virtual_time() {
    let time = VirtualTime::new();
    let result = catch_unwind(AssertUnwindSafe(|| {
        time.block_on(async { std::panic::resume_unwind(Box::new("the future's panic")) })
    }));
    assert!(result.is_err());
    let before = dormouse::time::Instant::now();
    std::thread::sleep(crate::common::MS);
    assert!(dormouse::time::Instant::now() > before, "still inside");
    // It can be used again.
    time.block_on(async { sleep(HOUR).await });
}
