//! Two waiters of one thing: the first is woken, and dropped before it is polled. The second must get the thing.

use crate::published;
use dormouse_check::{check_pair, event};
use std::sync::Arc;

/// Two receivers of a channel with cloneable receivers, on which an event sends one message.
macro_rules! receivers {
    ($channel:expr, $send:ident, $recv:ident) => {
        check_pair(|| {
            let (sender, receiver) = $channel;
            event(move || {
                let _ = sender.$send(7);
                std::mem::forget(sender);
            });
            let other = receiver.clone();
            (async move { receiver.$recv().await }, async move { other.$recv().await })
        })
    };
}

/// Two waiters of a shared object, which an event changes.
macro_rules! waiters {
    ($object:expr, $wait:ident($($argument:expr)?), |$other:ident| $change:expr) => {
        check_pair(|| {
            let object = Arc::new($object);
            let $other = object.clone();
            event(move || {
                let _ = $change;
            });
            let first = object.clone();
            (
                async move { let _ = first.$wait($($argument)?).await; },
                async move { let _ = object.$wait($($argument)?).await; },
            )
        })
    };
}

published! {
    "tokio" {
        tokio_pair_notified: waiters!(tokio::sync::Notify::new(), notified(), |notify| notify.notify_one());
        tokio_pair_acquire: waiters!(tokio::sync::Semaphore::new(0), acquire(), |semaphore| semaphore.add_permits(1));
    }
    "async-channel" {
        async_channel_pair_recv: receivers!(async_channel::bounded::<u32>(1), try_send, recv);
    }
    "flume" {
        flume_pair_recv_async: receivers!(flume::bounded::<u32>(1), try_send, recv_async);
    }
    "kanal" {
        kanal_pair_recv: receivers!(kanal::bounded_async::<u32>(1), try_send, recv);
    }
    "crossfire" {
        crossfire_pair_recv: receivers!(crossfire::mpmc::bounded_async::<u32>(1), try_send, recv);
    }
    "async-event" {
        async_event_pair_wait: check_pair(|| {
            let shared = Arc::new((std::sync::atomic::AtomicUsize::new(0), async_event::Event::new()));
            let other = shared.clone();
            event(move || {
                other.0.store(1, std::sync::atomic::Ordering::SeqCst);
                other.1.notify_one();
            });
            let wait = |shared: Arc<(std::sync::atomic::AtomicUsize, async_event::Event)>| async move {
                shared.1.wait_until(|| (shared.0.swap(0, std::sync::atomic::Ordering::SeqCst) == 1).then_some(())).await
            };
            (wait(shared.clone()), wait(shared))
        });
    }
    "async-notify" {
        async_notify_pair_notified: waiters!(async_notify::Notify::new(), notified(), |notify| notify.notify());
    }
    "maitake-sync" {
        maitake_sync_pair_wait: waiters!(maitake_sync::WaitQueue::new(), wait(), |queue| queue.wake());
        maitake_sync_pair_acquire: waiters!(maitake_sync::Semaphore::new(0), acquire(1), |semaphore| semaphore.add_permits(1));
    }
    "asyncband" {
        asyncband_pair_acquire: waiters!(asyncband::semaphore::Semaphore::new(0), acquire(1), |semaphore| semaphore.release(1));
        asyncband_pair_wait: waiters!(asyncband::event::AutoResetEvent::new(), wait(), |source| source.set());
    }
    "futures-intrusive" {
        futures_intrusive_pair_acquire: waiters!(futures_intrusive::sync::Semaphore::new(true, 0), acquire(1), |semaphore| semaphore.release(1));
    }
    "deadpool" {
        deadpool_pair_get: check_pair(|| {
            let pool = deadpool::unmanaged::Pool::from(vec![7]);
            let held = pool.try_get();
            event(move || drop(held));
            let other = pool.clone();
            (async move { pool.get().await.is_ok() }, async move { other.get().await.is_ok() })
        });
    }
}
