//! Mistakes without a published source, in the shapes that users write.

use crate::bugs;
use crate::parts::{Signal, waiting_for};
use dormouse_check::{check, check_stream, event};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

thread_local! {
    /// What a future leaves for its later polls.
    static CACHE: Cell<u32> = const { Cell::new(0) };
}

bugs! {
    /// A `Send` future that relies on state of the thread of its first poll.
    thread_local_state("pattern: a cache of the thread", [ThreadBound]): |fixed| check(move || {
        let mut is_first = true;
        let mut sleep = dormouse::sleep(Duration::from_millis(2));
        poll_fn(move |context| {
            if std::mem::take(&mut is_first) {
                CACHE.set(CACHE.get() + 1);
            } else {
                assert!(fixed || CACHE.get() > 0, "the first poll was on another thread");
            }
            Pin::new(&mut sleep).poll(context)
        })
    });

    /// Polled again after its completion, it locks a lock that it holds.
    ready_then_hangs("pattern: a deadlock in a poll after completion", [HangsAfterReady]): |fixed| check(move || {
        let lock = Arc::new(Mutex::new(()));
        let mut done = false;
        poll_fn(move |_| {
            if std::mem::replace(&mut done, true) && !fixed {
                let held = lock.lock().unwrap();
                let again = lock.lock();
                drop((again, held));
            }
            Poll::Ready(())
        })
    }).time_limit(Duration::from_secs(5));

    /// A stream that yields items after its end.
    yields_after_the_end("pattern: a stream that is not fused", [AfterReady]): |fixed| check_stream(move || {
        let mut polls = 0;
        futures::stream::poll_fn(move |_| {
            polls += 1;
            Poll::Ready(if polls == 2 || fixed { None } else { Some(polls) })
        })
    });

    /// One event wakes the task a thousand times.
    wakes_a_thousand_times("pattern: a thousand wake-ups for one event", [BusyWake, WakesAfterDrop]): |fixed| {
        check(move || {
            let signal = Arc::new(Signal::default());
            let other = signal.clone();
            event(move || {
                let waker = {
                    let mut state = other.lock();
                    state.set = true;
                    state.waker.take()
                };
                let Some(waker) = waker else { return };
                for _ in 0..if fixed { 1 } else { 1000 } {
                    waker.wake_by_ref();
                }
            });
            waiting_for(signal, |signal, context| signal.poll(context))
        })
    };

    /// A timer wakes the task each millisecond to look at a flag.
    polls_a_flag("pattern: a loop that sleeps and looks at a flag", [BusyWake]): |fixed| check(move || {
        let flag = Arc::new(AtomicBool::new(false));
        let signal = Arc::new(Signal::default());
        let (set, other) = (flag.clone(), signal.clone());
        event(move || {
            set.store(true, SeqCst);
            other.set();
        });
        let mut wait = waiting_for(signal, |signal, context| signal.poll(context));
        async move {
            if fixed {
                return poll_fn(move |context| Pin::new(&mut wait).poll(context)).await;
            }
            while !flag.load(SeqCst) {
                dormouse::sleep(Duration::from_millis(1)).await;
            }
        }
    });
}
