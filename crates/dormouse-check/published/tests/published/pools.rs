//! Pools: waiting for a connection that an event returns. And threads for code that blocks.

use crate::{RUNTIME, in_tokio, published};
use dormouse_check::{check, event};
use std::convert::Infallible;
use tower::{Service, ServiceExt};

struct Manager;

impl bb8::ManageConnection for Manager {
    type Connection = u32;
    type Error = Infallible;

    async fn connect(&self) -> Result<u32, Infallible> {
        Ok(7)
    }

    async fn is_valid(&self, _: &mut u32) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _: &mut u32) -> bool {
        false
    }
}

impl deadpool::managed::Manager for Manager {
    type Type = u32;
    type Error = Infallible;

    async fn create(&self) -> Result<u32, Infallible> {
        Ok(7)
    }

    async fn recycle(
        &self,
        _: &mut u32,
        _: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<Infallible> {
        Ok(())
    }
}

#[mobc::async_trait]
impl mobc::Manager for Manager {
    type Connection = u32;
    type Error = Infallible;

    async fn connect(&self) -> Result<u32, Infallible> {
        Ok(7)
    }

    async fn check(&self, connection: u32) -> Result<u32, Infallible> {
        Ok(connection)
    }
}

published! {
    "bb8" {
        bb8_get_when_empty: in_tokio(check(|| {
            let pool = bb8::Pool::builder().max_size(1).build_unchecked(Manager);
            let (held, holds) = tokio::sync::oneshot::channel();
            let owned = pool.clone();
            let connection = futures::executor::block_on(async move { owned.get_owned().await });
            let _ = held.send(connection);
            // Returning the connection spawns a task.
            event(move || {
                let _inside = RUNTIME.enter();
                drop(holds);
            });
            async move { pool.get().await.is_ok() }
        }));
    }
    "deadpool" {
        deadpool_managed_get_when_empty: check(|| {
            let pool = deadpool::managed::Pool::<Manager>::builder(Manager).max_size(1).build();
            let pool = pool.expect("a pool");
            let held = futures::executor::block_on(pool.get());
            event(move || drop(held));
            async move { pool.get().await.is_ok() }
        });
        deadpool_unmanaged_get_when_empty: check(|| {
            let pool = deadpool::unmanaged::Pool::from(vec![7]);
            let held = pool.try_get();
            event(move || drop(held));
            async move { pool.get().await.is_ok() }
        });
    }
    "mobc" {
        mobc_get_when_empty: in_tokio(check(|| {
            let pool = mobc::Pool::builder().max_open(1).build(Manager);
            let held = futures::executor::block_on(pool.get());
            // Returning the connection spawns a task.
            event(move || {
                let _inside = RUNTIME.enter();
                drop(held);
            });
            async move { pool.get().await.is_ok() }
        }));
    }
    "tower" {
        tower_concurrency_limit: check(|| {
            let service = tower::service_fn(|n: u32| async move { Ok::<_, Infallible>(n) });
            let limit = tower::limit::ConcurrencyLimit::new(service, 1);
            let mut held = limit.clone();
            let permit = futures::executor::block_on(held.ready()).map(|service| service.call(1));
            event(move || drop(permit));
            async move { limit.oneshot(7).await.is_ok() }
        });
        tower_buffer: in_tokio(check(|| {
            let service = tower::service_fn(|n: u32| async move { Ok::<_, Infallible>(n) });
            let buffer = tower::buffer::Buffer::new(service, 1);
            async move { buffer.oneshot(7).await.is_ok() }
        }));
    }
    "blocking" {
        blocking_unblock: check(|| blocking::unblock(|| {
            std::thread::sleep(std::time::Duration::from_millis(3));
            7
        }));
    }
    "smol" {
        smol_spawn: check(|| smol::spawn(async {
            smol::Timer::after(std::time::Duration::from_millis(3)).await;
            7
        }));
    }
    "async-std" {
        async_std_spawn: check(|| async_std::task::spawn(async {
            async_std::task::sleep(std::time::Duration::from_millis(3)).await;
            7
        }));
    }
    "tokio" {
        tokio_spawn: in_tokio(check(|| {
            let handle = tokio::spawn(async {
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
                7
            });
            async move { handle.await.is_ok() }
        }));
        tokio_spawn_blocking: in_tokio(check(|| {
            let handle = tokio::task::spawn_blocking(|| {
                std::thread::sleep(std::time::Duration::from_millis(3));
                7
            });
            async move { handle.await.is_ok() }
        }));
        tokio_join_set: in_tokio(check(|| {
            let mut set = tokio::task::JoinSet::new();
            set.spawn(tokio::time::sleep(std::time::Duration::from_millis(3)));
            async move { set.join_next().await.is_some() }
        }));
    }
}
