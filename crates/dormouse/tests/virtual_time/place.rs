//! Who is inside, and who is not.

use super::{HOUR, MINUTE, SECOND};
use crate::common::{Count, MS, poll, within_time};
use dormouse::clock::Clock;
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

#[test]
fn the_inner_time_counts_and_the_outer_one_comes_back() {
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
fn guards_may_be_dropped_in_any_order() {
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
fn two_times_go_by_themselves() {
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
fn a_sleep_created_inside_stays_inside() {
    let time = VirtualTime::new();
    let mut sleep = time.block_on(poll_fn(|_| Poll::Ready(sleep(HOUR))));
    assert!(!sleep.is_elapsed());
    // Polled by another thread, in another virtual time, and outside.
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
fn a_sleep_created_outside_is_real_inside() {
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
fn real_sleeps_go_on_outside() {
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
fn an_instant_taken_outside_means_the_same_inside() {
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
fn a_scoped_future_is_dropped_inside() {
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

#[test]
fn block_on_can_be_nested() {
    within_time(|| {
        let (time, other) = (VirtualTime::new(), VirtualTime::new());
        let (start, other_start) = (time.now(), other.now());
        time.block_on(async {
            sleep(SECOND).await;
            time.block_on(async { sleep(SECOND).await });
            other.block_on(async { sleep(HOUR).await });
            sleep(SECOND).await;
        });
        assert_eq!(time.now() - start, 3 * SECOND);
        assert_eq!(other.now() - other_start, HOUR);
    });
}

#[test]
fn without_a_deadline_block_on_waits_for_what_happens_really() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(5 * MS);
                send.send(7).unwrap();
            });
            assert_eq!(time.block_on(receive), Ok(7));
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn a_deadline_that_comes_from_another_thread_is_jumped_to() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(HOUR).await;
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            assert_eq!(time.block_on(receive), Ok(start + HOUR));
        });
    });
}

#[test]
fn threads_in_block_on_of_one_time_wait_for_each_other() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let time = time.clone();
                scope.spawn(move || {
                    time.block_on(async {
                        for nth in 0..2000 {
                            let step = (nth * 7 + thread * 13) % 10 * SECOND;
                            let start = Instant::now();
                            sleep(step).await;
                            assert_eq!(start.elapsed(), step);
                        }
                    });
                });
            }
        });
    });
}

#[test]
fn what_runs_in_a_scope_on_another_thread_holds_time_up() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            let (send, receive) = futures::channel::oneshot::channel();
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(SECOND).await;
                std::thread::sleep(5 * MS);
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            let start = time.now();
            let answer = time.block_on(async { timeout(MINUTE, receive).await });
            assert_eq!(answer, Ok(Ok(start + SECOND)));
        });
    });
}

#[test]
fn a_scoped_future_that_nobody_polls_holds_time_up_for_a_moment_only() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        let start = time.now();
        time.block_on(async {
            for _ in 0..1000 {
                sleep(SECOND).await;
            }
        });
        assert_eq!(time.now() - start, 1000 * SECOND);
        drop(forgotten);
    });
}

#[test]
fn who_comes_after_one_that_was_waited_for_in_vain_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        time.block_on(async { sleep(SECOND).await });
        drop(forgotten);
        let start = time.now();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(20 * MS);
                sleep(SECOND).await;
                Instant::now()
            });
            let task = scope.spawn(|| futures::executor::block_on(task));
            futures::executor::block_on(time.advance(HOUR));
            // If it was not waited for, its second begins after the hour.
            time.advance_now(HOUR);
            assert_eq!(task.join().unwrap(), start + SECOND);
        });
    });
}

#[test]
fn sleeps_are_told_by_the_time_they_were_created_in_on_each_clock() {
    fn check<C: Clock>() {
        let time = VirtualTime::new();
        let sleep = {
            let _entered = time.enter();
            C::sleep(HOUR)
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
