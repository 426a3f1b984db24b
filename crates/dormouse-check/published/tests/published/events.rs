//! Notifications: events, wait groups, cancellation tokens.

use crate::published;
use dormouse_check::{check, event};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use futures::StreamExt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Poll;

published! {
    "tokio" {
        tokio_notified_by_notify_one: check(|| {
            let notify = Arc::new(tokio::sync::Notify::new());
            let other = notify.clone();
            event(move || other.notify_one());
            async move { notify.notified().await }
        });
        tokio_notified_by_notify_waiters: check(|| {
            let notify = Arc::new(tokio::sync::Notify::new());
            let notified = notify.clone().notified_owned();
            event(move || notify.notify_waiters());
            notified
        });
    }
    "tokio-util" {
        tokio_util_cancelled: check(|| {
            let token = tokio_util::sync::CancellationToken::new();
            let other = token.clone();
            event(move || other.cancel());
            async move { token.cancelled().await }
        });
        tokio_util_cancelled_owned: check(|| {
            let token = tokio_util::sync::CancellationToken::new();
            let other = token.clone();
            event(move || other.cancel());
            token.cancelled_owned()
        });
        tokio_util_child_cancelled: check(|| {
            let token = tokio_util::sync::CancellationToken::new();
            let child = token.child_token();
            event(move || token.cancel());
            async move { child.cancelled().await }
        });
        tokio_util_task_tracker_wait: check(|| {
            let tracker = tokio_util::task::TaskTracker::new();
            let token = tracker.token();
            tracker.close();
            event(move || drop(token));
            async move { tracker.wait().await }
        });
    }
    "event-listener" {
        event_listener_listen: check(|| {
            let source = event_listener::Event::new();
            let listener = source.listen();
            event(move || { source.notify(1); });
            listener
        });
        event_listener_listen_all: check(|| {
            let source = event_listener::Event::new();
            let listener = source.listen();
            event(move || { source.notify(usize::MAX); });
            listener
        });
    }
    "async-event" {
        async_event_wait_until: check(|| {
            let shared = Arc::new((AtomicBool::new(false), async_event::Event::new()));
            let other = shared.clone();
            event(move || {
                other.0.store(true, SeqCst);
                other.1.notify_one();
            });
            async move { shared.1.wait_until(|| shared.0.load(SeqCst).then_some(())).await }
        });
    }
    "async-notify" {
        async_notify_notified: check(|| {
            let notify = Arc::new(async_notify::Notify::new());
            let other = notify.clone();
            event(move || other.notify());
            async move { notify.notified().await }
        });
        async_notify_notify_stream: check(|| {
            let notify = Arc::new(async_notify::Notify::new());
            let mut stream = async_notify::NotifyStream::new(notify.clone());
            event(move || notify.notify_n(NonZeroUsize::MIN));
            async move { stream.next().await }
        });
    }
    "futures-intrusive" {
        futures_intrusive_manual_reset_event: check(|| {
            let source = Arc::new(futures_intrusive::sync::ManualResetEvent::new(false));
            let other = source.clone();
            event(move || other.set());
            async move { source.wait().await }
        });
    }
    "maitake-sync" {
        maitake_sync_wait_queue: check(|| {
            let queue = Arc::new(maitake_sync::WaitQueue::new());
            let other = queue.clone();
            event(move || other.wake());
            async move { queue.wait().await.is_ok() }
        });
        maitake_sync_wait_cell: check(|| {
            let cell = Arc::new(maitake_sync::WaitCell::new());
            let other = cell.clone();
            event(move || { other.wake(); });
            async move { cell.wait().await.is_ok() }
        });
        maitake_sync_wait_map: check(|| {
            let map = Arc::new(maitake_sync::WaitMap::<u32, u32>::new());
            let other = map.clone();
            event(move || { let _ = other.wake(&1, 7); });
            async move { map.wait(1).await.is_ok() }
        });
    }
    "asyncband" {
        asyncband_manual_reset_event: check(|| {
            let source = Arc::new(asyncband::event::ManualResetEvent::new());
            let other = source.clone();
            event(move || other.set());
            async move { source.wait().await }
        });
        asyncband_auto_reset_event: check(|| {
            let source = Arc::new(asyncband::event::AutoResetEvent::new());
            let other = source.clone();
            event(move || other.set());
            async move { source.wait().await }
        });
    }
    "embassy-sync" {
        embassy_sync_signal_wait: check(|| {
            let signal = Arc::new(embassy_sync::signal::Signal::<CriticalSectionRawMutex, u32>::new());
            let other = signal.clone();
            event(move || other.signal(7));
            async move { signal.wait().await }
        });
    }
    "triggered" {
        triggered_listener: check(|| {
            let (trigger, listener) = triggered::trigger();
            event(move || trigger.trigger());
            listener
        });
    }
    "waitgroup" {
        waitgroup_wait: check(|| {
            let group = waitgroup::WaitGroup::new();
            let worker = group.worker();
            event(move || drop(worker));
            group.wait()
        });
    }
    "awaitgroup" {
        awaitgroup_wait: check(|| {
            let mut group = awaitgroup::WaitGroup::new();
            let worker = group.worker();
            event(move || worker.done());
            async move { group.wait().await }
        });
    }
    "stopper" {
        stopper_stop_future: check(|| {
            let stopper = stopper::Stopper::new();
            let stopped = stopper.stop_future(futures::future::pending::<()>());
            event(move || stopper.stop());
            stopped
        });
        stopper_stop_stream: check(|| {
            let stopper = stopper::Stopper::new();
            let mut stopped = Box::pin(stopper.stop_stream(futures::stream::pending::<()>()));
            event(move || stopper.stop());
            async move { stopped.next().await }
        });
    }
    "swansong" {
        swansong_interrupt: check(|| {
            let swansong = swansong::Swansong::new();
            let interrupted = swansong.interrupt(futures::future::pending::<()>());
            event(move || drop(swansong.shut_down()));
            interrupted
        });
        swansong_completion: check(|| {
            let swansong = swansong::Swansong::new();
            let guard = swansong.guard();
            let completion = swansong.shut_down();
            event(move || drop(guard));
            completion
        });
    }
    "want" {
        want_giver: check(|| {
            let (mut giver, mut taker) = want::new();
            event(move || {
                taker.want();
                std::mem::forget(taker);
            });
            async move { giver.want().await.is_ok() }
        });
        want_giver_closed: check(|| {
            let (mut giver, taker) = want::new();
            event(move || drop(taker));
            async move { giver.want().await.is_err() }
        });
    }
    "atomic-waker" {
        atomic_waker_register_then_check: check(|| {
            let shared = Arc::new((AtomicBool::new(false), atomic_waker::AtomicWaker::new()));
            let other = shared.clone();
            event(move || {
                other.0.store(true, SeqCst);
                other.1.wake();
            });
            std::future::poll_fn(move |context| {
                shared.1.register(context.waker());
                if shared.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
            })
        });
    }
}
