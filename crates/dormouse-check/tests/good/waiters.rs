//! Several futures that wait for one thing: if one of them is dropped, another one gets it.

use crate::cases;
use dormouse_check::{check, check_pair, event};
use std::sync::Arc;

cases! {
    /// tokio: a semaphore.
    semaphore_of_tokio: [], check_pair(|| {
        let semaphore = Arc::new(tokio::sync::Semaphore::new(0));
        let permits = semaphore.clone();
        event(move || permits.add_permits(1));
        (semaphore.clone().acquire_owned(), semaphore.acquire_owned())
    }).expect_output(Result::is_ok);
    /// tokio: `Notify`.
    notify_of_tokio: [], check_pair(|| {
        let notify = Arc::new(tokio::sync::Notify::new());
        let futures = (notify.clone().notified_owned(), notify.clone().notified_owned());
        event(move || notify.notify_one());
        futures
    });
    /// tokio: `notify_waiters` wakes both.
    notify_waiters_of_tokio: [], check_pair(|| {
        let notify = Arc::new(tokio::sync::Notify::new());
        let futures = (notify.clone().notified_owned(), notify.clone().notified_owned());
        event(move || notify.notify_waiters());
        futures
    });
    /// tokio: permits of a channel.
    permits_of_tokio: [], check_pair(|| {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let _ = sender.try_send(7);
        event(move || {
            let _ = receiver.try_recv();
            std::mem::forget(receiver);
        });
        (sender.clone().reserve_owned(), sender.reserve_owned())
    }).expect_output(Result::is_ok);
    /// futures: a mutex.
    mutex_of_futures: [], check_pair(|| {
        let mutex = Arc::new(futures::lock::Mutex::new(()));
        let held = mutex.try_lock_owned();
        event(move || drop(held));
        (mutex.clone().lock_owned(), mutex.lock_owned())
    });
    /// async-channel: two receivers of one message.
    receivers_of_async_channel: [], check_pair(|| {
        let (sender, receiver) = async_channel::bounded(1);
        event(move || { let _ = sender.try_send(7); });
        let receive = |receiver: async_channel::Receiver<u32>| async move { receiver.recv().await };
        (receive(receiver.clone()), receive(receiver))
    });
    /// event-listener: two listeners, one notification.
    listeners: [], check_pair(|| {
        let source = event_listener::Event::new();
        let pair = (source.listen(), source.listen());
        event(move || { let _ = source.notify(1); });
        pair
    });
    /// All instances share a pool of one permit, which is held until the event.
    shared_pool: [], {
        let pool = Arc::new(tokio::sync::Semaphore::new(1));
        check(move || {
            let held = pool.clone().try_acquire_owned();
            event(move || drop(held));
            pool.clone().acquire_owned()
        })
    }.expect_output(Result::is_ok);
}
