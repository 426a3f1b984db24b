//! Combinators of futures.

use crate::published;
use dormouse_check::{check, event};
use futures::FutureExt;
use std::pin::Pin;
use std::time::Duration;

/// A future that is ready after some milliseconds.
fn after(millis: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        async_io::Timer::after(Duration::from_millis(millis)).await;
        millis
    })
}

fn after_ok(millis: u64) -> Pin<Box<dyn Future<Output = Result<u64, ()>> + Send>> {
    after(millis).map(Ok).boxed()
}

published! {
    "futures" {
        futures_join: check(|| futures::future::join(after(1), after(3)));
        futures_join_all: check(|| futures::future::join_all((1..4).map(after)));
        futures_join_all_of_40: check(|| futures::future::join_all((0..40).map(|n| after(n % 4))));
        futures_try_join: check(|| futures::future::try_join(after_ok(1), after_ok(3)));
        futures_try_join_all: check(|| futures::future::try_join_all((1..4).map(after_ok)));
        futures_select: check(|| futures::future::select(after(2), after(4)).map(|either| either.factor_first().0));
        futures_select_all: check(|| futures::future::select_all((2..5).map(after)).map(|(first, ..)| first));
        futures_select_ok: check(|| futures::future::select_ok((2..5).map(after_ok)).map(|first| first.is_ok()));
        futures_shared: check(|| after(3).shared());
        futures_shared_by_two: check(|| {
            let shared = after(3).shared();
            futures::future::join(shared.clone(), shared)
        });
        futures_abortable: check(|| {
            let (future, handle) = futures::future::abortable(futures::future::pending::<()>());
            event(move || handle.abort());
            future
        });
        futures_remote_handle: check(|| {
            let (remote, handle) = after(1).remote_handle();
            event(move || futures::executor::block_on(remote));
            std::panic::AssertUnwindSafe(handle).catch_unwind().map(|result| result.is_ok())
        });
        futures_catch_unwind: check(|| std::panic::AssertUnwindSafe(after(2)).catch_unwind().map(|result| result.is_ok()));
        futures_fuse: check(|| after(2).fuse());
        futures_then: check(|| after(1).then(|_| after(2)));
        futures_flatten: check(|| after(1).map(|_| after(2)).flatten());
        futures_maybe_done: check(|| futures::future::maybe_done(after(2)));
    }
    "futures-lite" {
        futures_lite_or: check(|| futures_lite::future::or(after(2), after(4)));
        futures_lite_race: check(|| futures_lite::future::race(after(2), after(4)));
        futures_lite_zip: check(|| futures_lite::future::zip(after(1), after(3)));
        futures_lite_try_zip: check(|| futures_lite::future::try_zip(after_ok(1), after_ok(3)));
        futures_lite_yield_now: check(futures_lite::future::yield_now);
    }
    "futures-concurrency" {
        futures_concurrency_join: check(|| futures_concurrency::future::Join::join((after(1), after(3))));
        futures_concurrency_join_of_vec: check(|| futures_concurrency::future::Join::join(vec![after(1), after(3)]));
        futures_concurrency_try_join: check(|| futures_concurrency::future::TryJoin::try_join((after_ok(1), after_ok(3))));
        futures_concurrency_race: check(|| futures_concurrency::future::Race::race((after(2), after(4))));
        futures_concurrency_race_ok: check(|| {
            futures_concurrency::future::RaceOk::race_ok((after_ok(2), after_ok(4))).map(|first| first.is_ok())
        });
    }
    "futures-buffered" {
        futures_buffered_join_all: check(|| futures_buffered::join_all((1..4).map(after)));
        futures_buffered_try_join_all: check(|| futures_buffered::try_join_all((1..4).map(after_ok)));
    }
    "tokio" {
        tokio_join_macro: check(|| async { tokio::join!(after(1), after(3)) });
        tokio_select_macro: check(|| async {
            tokio::select! { first = after(2) => first, second = after(4) => second }
        });
        tokio_yield_now: check(tokio::task::yield_now);
    }
    "async-std" {
        async_std_join: check(|| async_std::future::ready(1).then(|_| after(2)));
    }
}
