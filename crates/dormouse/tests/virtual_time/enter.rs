//! Which code and which objects are in virtual time, and in which one.

use super::{HOUR, MINUTE};
use crate::common::{Count, MS, poll, within_time};
use dormouse::clock::Clock;
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, sleep_until};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

#[test]
fn a_nested_enter_uses_the_inner_time_and_restores_the_outer() {
    let (outer, inner) = (VirtualTime::new(), VirtualTime::new());
    outer.advance_now(HOUR);
    inner.advance_now(2 * HOUR);
    let entered_outer = outer.enter();
    assert_eq!(Instant::now(), outer.now());
    {
        let _entered = inner.enter();
        assert_eq!(Instant::now(), inner.now());
        {
            let _again = outer.enter();
            assert_eq!(Instant::now(), outer.now());
        }
        assert_eq!(Instant::now(), inner.now());
    }
    assert_eq!(Instant::now(), outer.now());
    drop(entered_outer);
    assert!(Instant::now() < outer.now());
}

#[test]
fn enter_guards_may_be_dropped_in_any_order() {
    let (a, b) = (VirtualTime::new(), VirtualTime::new());
    a.advance_now(HOUR);
    b.advance_now(2 * HOUR);
    let (in_a, in_b) = (a.enter(), b.enter());
    drop(in_a);
    assert_eq!(Instant::now(), b.now());
    let in_a = a.enter();
    drop(in_b);
    assert_eq!(Instant::now(), a.now());
    drop(in_a);
    assert!(Instant::now() < a.now());
}

#[test]
fn two_virtual_times_are_independent() {
    let (a, b) = (VirtualTime::new(), VirtualTime::new());
    let (count_a, waker_a) = Count::new();
    let (count_b, waker_b) = Count::new();
    let mut in_a = {
        let _entered = a.enter();
        sleep(MINUTE)
    };
    let _entered = b.enter();
    let mut in_b = sleep(MINUTE);
    assert_eq!(poll(&mut in_a, &waker_a), Poll::Pending);
    assert_eq!(poll(&mut in_b, &waker_b), Poll::Pending);
    a.advance_now(MINUTE);
    assert_eq!((count_a.get(), count_b.get()), (1, 0));
    assert_eq!(poll(&mut in_a, &waker_a), Poll::Ready(()));
    assert!(in_a.is_elapsed() && !in_b.is_elapsed());
    b.advance_now(MINUTE);
    assert_eq!((count_a.get(), count_b.get()), (1, 1));
}

#[test]
fn a_sleep_created_in_virtual_time_stays_in_it() {
    let time = VirtualTime::new();
    let mut sleep = time.block_on(poll_fn(|_| Poll::Ready(sleep(HOUR))));
    assert!(!sleep.is_elapsed());
    // It may be polled on another thread, in another virtual time, or outside.
    let (count, waker) = Count::new();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(poll(&mut sleep, &waker), Poll::Pending));
    });
    let other = VirtualTime::new();
    let entered = other.enter();
    other.advance_now(2 * HOUR);
    assert_eq!(poll(&mut sleep, &waker), Poll::Pending);
    assert!(!sleep.is_elapsed());
    drop(entered);
    time.advance_now(HOUR);
    assert_eq!(count.get(), 1);
    assert!(sleep.is_elapsed());
    sleep.reset(time.now() + MINUTE);
    assert_eq!(poll(&mut sleep, &waker), Poll::Pending);
    time.advance_now(MINUTE);
    assert_eq!(poll(&mut sleep, &waker), Poll::Ready(()));
}

#[test]
fn a_sleep_created_outside_virtual_time_uses_real_time_inside() {
    within_time(|| {
        let began = std::time::Instant::now();
        let real = sleep(5 * MS);
        let deadline = real.deadline();
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            assert!(!real.is_elapsed() || began.elapsed() >= 5 * MS);
            real.await;
        });
        assert_eq!(time.now(), start, "a real sleep is no deadline");
        assert!(Instant::now() >= deadline);
    });
}

#[test]
fn sleeps_outside_virtual_time_use_real_time() {
    within_time(|| {
        let time = VirtualTime::new();
        let _waiting = time.scope(async { sleep(HOUR).await });
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let deadline = Instant::now() + 5 * MS;
                dormouse::block_on(dormouse::sleep_until(deadline));
                assert!(Instant::now() >= deadline);
            });
            let _entered = time.enter();
            time.advance_now(HOUR);
        });
    });
}

#[test]
fn an_instant_taken_outside_virtual_time_is_valid_inside() {
    let before = Instant::now();
    let time = VirtualTime::new();
    let real = before.elapsed();
    time.block_on(async {
        assert!(before.elapsed() <= real);
        sleep(HOUR).await;
        assert!((HOUR..=HOUR + real).contains(&before.elapsed()));
    });
}

#[test]
fn is_elapsed_uses_the_virtual_time_of_creation_on_each_clock() {
    fn check<C: Clock>() {
        let time = VirtualTime::new();
        let sleep = {
            let _entered = time.enter();
            sleep_until(C::now() + HOUR)
        };
        time.advance_now(HOUR - Duration::from_nanos(1));
        assert!(!sleep.is_elapsed());
        time.advance_now(Duration::from_nanos(1));
        assert!(sleep.is_elapsed());
    }
    check::<dormouse::clock::Boottime>();
    check::<dormouse::clock::Monotonic>();
    check::<dormouse::clock::Realtime>();
}

#[test]
fn a_scoped_future_is_dropped_in_virtual_time() {
    struct AtDrop(Instant, std::sync::mpsc::Sender<Duration>);
    impl Drop for AtDrop {
        fn drop(&mut self) {
            let _ = self.1.send(self.0.elapsed());
        }
    }

    let time = VirtualTime::new();
    let (send, sent) = std::sync::mpsc::channel();
    let created = AtDrop(time.now(), send);
    let mut scope = Box::pin(time.scope(async move {
        let _created = created;
        sleep(HOUR).await;
    }));
    assert_eq!(poll(&mut scope, std::task::Waker::noop()), Poll::Pending);
    time.advance_now(MINUTE);
    drop(scope);
    assert_eq!(sent.recv(), Ok(MINUTE));
}
