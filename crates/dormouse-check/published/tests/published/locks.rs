//! Locks, semaphores, barriers and cells.

use crate::published;
use dormouse_check::{check, event};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use std::sync::Arc;

/// Locks a mutex that an event unlocks.
macro_rules! lock {
    ($mutex:expr, $try_lock:ident, $lock:ident) => {
        check(|| {
            let mutex = Arc::new($mutex);
            let held = mutex.clone().$try_lock().expect("the mutex is unlocked");
            event(move || drop(held));
            async move {
                let _ = mutex.$lock().await;
            }
        })
    };
}

/// The guard borrows: the event releases it on the thread that holds it.
macro_rules! lock_borrowed {
    ($mutex:expr, $try_lock:ident, $lock:ident) => {
        check(|| {
            let mutex: &'static _ = Box::leak(Box::new($mutex));
            let held = mutex.$try_lock();
            event(move || drop(held));
            async move {
                let _ = mutex.$lock().await;
            }
        })
    };
}

published! {
    "tokio" {
        tokio_mutex_lock: lock!(tokio::sync::Mutex::new(7), try_lock_owned, lock);
        tokio_rwlock_read: lock!(tokio::sync::RwLock::new(7), try_write_owned, read);
        tokio_rwlock_write: lock!(tokio::sync::RwLock::new(7), try_read_owned, write);
        tokio_semaphore_acquire: check(|| {
            let semaphore = Arc::new(tokio::sync::Semaphore::new(0));
            let other = semaphore.clone();
            event(move || other.add_permits(1));
            async move { semaphore.acquire().await.is_ok() }
        });
        tokio_semaphore_acquire_many: check(|| {
            let semaphore = Arc::new(tokio::sync::Semaphore::new(0));
            for _ in 0..2 {
                let other = semaphore.clone();
                event(move || other.add_permits(1));
            }
            async move { semaphore.acquire_many(2).await.is_ok() }
        });
        tokio_barrier_wait: check(|| {
            let barrier = Arc::new(tokio::sync::Barrier::new(2));
            let other = barrier.clone();
            event(move || {
                let _ = futures::FutureExt::now_or_never(async move { other.wait().await });
            });
            async move { barrier.wait().await.is_leader() }
        });
        tokio_once_cell: check(|| {
            let cell = Arc::new(tokio::sync::OnceCell::new());
            let (sender, receiver) = tokio::sync::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            async move { *cell.get_or_init(|| async { receiver.await.unwrap_or(0) }).await }
        });
    }
    "futures" {
        futures_mutex_lock: lock!(futures::lock::Mutex::new(7), try_lock_owned, lock);
    }
    "async-lock" {
        async_lock_mutex_lock: lock!(async_lock::Mutex::new(7), try_lock_arc, lock);
        async_lock_mutex_lock_arc: lock!(async_lock::Mutex::new(7), try_lock_arc, lock_arc);
        async_lock_rwlock_read: lock!(async_lock::RwLock::new(7), try_write_arc, read);
        async_lock_rwlock_write: lock!(async_lock::RwLock::new(7), try_read_arc, write);
        async_lock_rwlock_upgradable: lock!(async_lock::RwLock::new(7), try_write_arc, upgradable_read);
        async_lock_semaphore_acquire: check(|| {
            let semaphore = Arc::new(async_lock::Semaphore::new(1));
            let held = semaphore.try_acquire_arc().expect("there is a permit");
            event(move || drop(held));
            async move { drop(semaphore.acquire().await) }
        });
        async_lock_once_cell_wait: check(|| {
            let cell = Arc::new(async_lock::OnceCell::new());
            let other = cell.clone();
            event(move || { let _ = other.set_blocking(7); });
            async move { *cell.wait().await }
        });
    }
    "futures-intrusive" {
        futures_intrusive_mutex_lock: lock_borrowed!(futures_intrusive::sync::Mutex::new(7, true), try_lock, lock);
        futures_intrusive_semaphore_acquire: check(|| {
            let semaphore = Arc::new(futures_intrusive::sync::Semaphore::new(true, 0));
            let other = semaphore.clone();
            event(move || other.release(1));
            async move { drop(semaphore.acquire(1).await) }
        });
    }
    "maitake-sync" {
        maitake_sync_mutex_lock: lock_borrowed!(maitake_sync::Mutex::new(7), try_lock, lock);
        maitake_sync_semaphore_acquire: check(|| {
            let semaphore = Arc::new(maitake_sync::Semaphore::new(0));
            let other = semaphore.clone();
            event(move || other.add_permits(1));
            async move { semaphore.acquire(1).await.is_ok() }
        });
    }
    "asyncband" {
        asyncband_mutex_lock: lock!(asyncband::mutex::Mutex::new(7), try_lock_owned, lock);
        asyncband_rwlock_read: lock!(asyncband::rwlock::RwLock::new(7), try_write_owned, read);
        asyncband_semaphore_acquire: check(|| {
            let semaphore = Arc::new(asyncband::semaphore::Semaphore::new(0));
            let other = semaphore.clone();
            event(move || other.release(1));
            async move { drop(semaphore.acquire(1).await) }
        });
        asyncband_latch_wait: check(|| {
            let latch = Arc::new(asyncband::latch::Latch::new(1));
            let other = latch.clone();
            event(move || other.count_down());
            async move { latch.wait().await }
        });
    }
    "embassy-sync" {
        embassy_sync_mutex_lock: lock_borrowed!(embassy_sync::mutex::Mutex::<CriticalSectionRawMutex, u32>::new(7), try_lock, lock);
    }
    "async-once-cell" {
        async_once_cell_get_or_init: check(|| {
            let cell = Arc::new(async_once_cell::OnceCell::new());
            let (sender, receiver) = tokio::sync::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            async move { *cell.get_or_init(async { receiver.await.unwrap_or(0) }).await }
        });
    }
    "async_cell" {
        async_cell_get: check(|| {
            let cell = async_cell::sync::AsyncCell::shared();
            let other = cell.clone();
            event(move || other.set(7));
            async move { cell.get().await }
        });
        async_cell_take: check(|| {
            let cell = async_cell::sync::AsyncCell::shared();
            let other = cell.clone();
            event(move || other.set(7));
            cell.take_shared()
        });
    }
    "async-condvar-fair" {
        async_condvar_fair_wait: check(|| {
            let shared = Arc::new((tokio::sync::Mutex::new(false), async_condvar_fair::Condvar::new()));
            let other = shared.clone();
            event(move || {
                *other.0.blocking_lock() = true;
                other.1.notify_all();
            });
            async move {
                let mut locked = shared.0.lock().await;
                while !*locked {
                    locked = shared.1.wait((locked, &shared.0)).await;
                }
            }
        });
    }
    "moka" {
        moka_get_with: check(|| {
            let cache = moka::future::Cache::new(4);
            let (sender, receiver) = tokio::sync::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            async move { cache.get_with(1, async { receiver.await.unwrap_or(0) }).await }
        });
    }
}
