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
        join: check(|| futures::future::join(after(1), after(3)));
        join_all: check(|| futures::future::join_all((1..4).map(after)));
        join_all_of_40: check(|| futures::future::join_all((0..40).map(|n| after(n % 4))));
        try_join: check(|| futures::future::try_join(after_ok(1), after_ok(3)));
        try_join_all: check(|| futures::future::try_join_all((1..4).map(after_ok)));
        select: check(|| futures::future::select(after(2), after(4)).map(|either| either.factor_first().0));
        select_all: check(|| futures::future::select_all((2..5).map(after)).map(|(first, ..)| first));
        select_ok: check(|| futures::future::select_ok((2..5).map(after_ok)).map(|first| first.is_ok()));
        shared: check(|| after(3).shared());
        shared_by_two: check(|| {
            let shared = after(3).shared();
            futures::future::join(shared.clone(), shared)
        });
        abortable: check(|| {
            let (future, handle) = futures::future::abortable(futures::future::pending::<()>());
            event(move || handle.abort());
            future
        });
        remote_handle: check(|| {
            let (remote, handle) = after(1).remote_handle();
            event(move || futures::executor::block_on(remote));
            std::panic::AssertUnwindSafe(handle).catch_unwind().map(|result| result.is_ok())
        });
        catch_unwind: check(|| std::panic::AssertUnwindSafe(after(2)).catch_unwind().map(|result| result.is_ok()));
        fuse: check(|| after(2).fuse());
        then: check(|| after(1).then(|_| after(2)));
        flatten: check(|| after(1).map(|_| after(2)).flatten());
        maybe_done: check(|| futures::future::maybe_done(after(2)));
    }
    "futures-lite" {
        or: check(|| futures_lite::future::or(after(2), after(4)));
        race: check(|| futures_lite::future::race(after(2), after(4)));
        zip: check(|| futures_lite::future::zip(after(1), after(3)));
        try_zip: check(|| futures_lite::future::try_zip(after_ok(1), after_ok(3)));
        yield_now: check(futures_lite::future::yield_now);
    }
    "futures-concurrency" {
        join: check(|| futures_concurrency::future::Join::join((after(1), after(3))));
        join_of_vec: check(|| futures_concurrency::future::Join::join(vec![after(1), after(3)]));
        try_join: check(|| futures_concurrency::future::TryJoin::try_join((after_ok(1), after_ok(3))));
        race: check(|| futures_concurrency::future::Race::race((after(2), after(4))));
        race_ok: check(|| {
            futures_concurrency::future::RaceOk::race_ok((after_ok(2), after_ok(4))).map(|first| first.is_ok())
        });
    }
    "futures-buffered" {
        join_all: check(|| futures_buffered::join_all((1..4).map(after)));
        try_join_all: check(|| futures_buffered::try_join_all((1..4).map(after_ok)));
    }
    "tokio" {
        join_macro: check(|| async { tokio::join!(after(1), after(3)) });
        select_macro: check(|| async {
            tokio::select! { first = after(2) => first, second = after(4) => second }
        });
        yield_now: check(tokio::task::yield_now);
    }
    "async-std" {
        join: check(|| async_std::future::ready(1).then(|_| after(2)));
    }
}
