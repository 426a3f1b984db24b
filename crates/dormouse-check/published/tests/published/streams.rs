//! Streams and their adapters.

use crate::{in_tokio, published};
use dormouse_check::{Check, check, check_stream, event};
use futures::StreamExt;
use std::pin::Pin;
use std::time::Duration;

/// Three items, each after a millisecond.
fn ticks() -> impl futures::Stream<Item = u32> + Send + Unpin {
    Box::pin(futures::stream::unfold(0, |n| async move {
        async_io::Timer::after(Duration::from_millis(1)).await;
        (n < 3).then_some((n, n + 1))
    }))
}

/// A future that is ready after some milliseconds.
fn after(millis: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        async_io::Timer::after(Duration::from_millis(millis)).await;
        millis
    })
}

/// A stream of two messages that events send.
fn received<S>(make: fn(tokio::sync::mpsc::Receiver<u32>) -> S) -> Check<S::Item>
where
    S: futures::Stream + Send + 'static,
    S::Item: 'static,
{
    check_stream(move || {
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        for n in 0..2 {
            let sender = sender.clone();
            event(move || {
                let _ = sender.try_send(n);
            });
        }
        make(receiver)
    })
}

published! {
    "futures" {
        futures_futures_unordered: check_stream(|| {
            (1..4).map(after).collect::<futures::stream::FuturesUnordered<_>>()
        });
        futures_futures_ordered: check_stream(|| {
            (1..4).map(after).collect::<futures::stream::FuturesOrdered<_>>()
        });
        futures_buffer_unordered: check_stream(|| futures::stream::iter((1..4).map(after)).buffer_unordered(2));
        futures_buffered: check_stream(|| futures::stream::iter((1..4).map(after)).buffered(2));
        futures_select: check_stream(|| futures::stream::select(ticks(), ticks()));
        futures_select_all: check_stream(|| futures::stream::select_all([ticks(), ticks()]));
        futures_zip: check_stream(|| ticks().zip(ticks()));
        futures_chain: check_stream(|| ticks().chain(ticks()));
        futures_chunks: check_stream(|| ticks().chunks(2));
        futures_ready_chunks: check_stream(|| ticks().ready_chunks(2));
        futures_peekable: check_stream(|| ticks().peekable());
        futures_flatten_unordered: check_stream(|| {
            futures::stream::iter([1, 2]).map(|_| ticks()).flatten_unordered(2)
        });
        futures_flat_map: check_stream(|| futures::stream::iter([1, 2]).flat_map(|_| ticks()));
        futures_then: check_stream(|| ticks().then(|_| after(1)));
        futures_take_until: check_stream(|| ticks().take_until(after(2)));
        futures_abortable: check_stream(|| {
            let (stream, handle) = futures::stream::abortable(futures::stream::pending::<()>());
            event(move || handle.abort());
            stream
        });
        futures_forward: check(|| {
            let (sender, receiver) = futures::channel::mpsc::unbounded();
            let forward = ticks().map(Ok).forward(sender);
            async move {
                let _receiver = receiver;
                forward.await.is_ok()
            }
        });
        futures_buffer_of_sink: check(|| {
            let (sender, mut receiver) = futures::channel::mpsc::channel(0);
            let mut sink = futures::SinkExt::buffer(sender, 1);
            event(move || {
                while receiver.try_recv().is_ok() {}
                std::mem::forget(receiver);
            });
            async move {
                let first = futures::SinkExt::feed(&mut sink, 1).await;
                let second = futures::SinkExt::feed(&mut sink, 2).await;
                first.is_ok() && second.is_ok()
            }
        });
        futures_collect: check(|| ticks().collect::<Vec<_>>());
    }
    "tokio-stream" {
        tokio_stream_receiver_stream: received(tokio_stream::wrappers::ReceiverStream::new);
        tokio_stream_broadcast_stream: check_stream(|| {
            let (sender, receiver) = tokio::sync::broadcast::channel(4);
            event(move || { let _ = sender.send(7); });
            tokio_stream::wrappers::BroadcastStream::new(receiver)
        });
        tokio_stream_watch_stream: check_stream(|| {
            let (sender, receiver) = tokio::sync::watch::channel(0);
            event(move || { let _ = sender.send(7); });
            tokio_stream::wrappers::WatchStream::new(receiver)
        });
        tokio_stream_stream_map: check_stream(|| {
            let mut map = tokio_stream::StreamMap::new();
            map.insert(1, ticks());
            map.insert(2, ticks());
            map
        });
        tokio_stream_merge: check_stream(|| tokio_stream::StreamExt::merge(ticks(), ticks()));
        tokio_stream_timeout: in_tokio(check_stream(|| {
            let stream = tokio_stream::StreamExt::timeout(ticks(), Duration::from_secs(60));
            Box::pin(stream)
        }));
        tokio_stream_throttle: in_tokio(check_stream(|| {
            Box::pin(tokio_stream::StreamExt::throttle(ticks(), Duration::from_millis(2)))
        }));
    }
    "tokio-util" {
        tokio_util_poll_sender: check(|| {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            let _ = sender.try_send(1);
            let mut sender = tokio_util::sync::PollSender::new(sender);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { futures::SinkExt::send(&mut sender, 2).await.is_ok() }
        });
    }
    "async-stream" {
        async_stream_stream: check_stream(|| Box::pin(async_stream::stream! {
            for n in 0..3 {
                yield after(n).await;
            }
        }));
    }
    "futures-concurrency" {
        futures_concurrency_merge: check_stream(|| futures_concurrency::stream::Merge::merge((ticks(), ticks())));
        futures_concurrency_zip: check_stream(|| futures_concurrency::stream::Zip::zip((ticks(), ticks())));
        futures_concurrency_chain: check_stream(|| futures_concurrency::stream::Chain::chain((ticks(), ticks())));
        futures_concurrency_stream_group: check_stream(|| {
            [ticks(), ticks()].into_iter().collect::<futures_concurrency::stream::StreamGroup<_>>()
        });
        futures_concurrency_future_group: check_stream(|| {
            [after(1), after(2)].into_iter().collect::<futures_concurrency::future::FutureGroup<_>>()
        });
    }
    "futures-buffered" {
        futures_buffered_futures_unordered_bounded: check_stream(|| {
            (1..4).map(after).collect::<futures_buffered::FuturesUnorderedBounded<_>>()
        });
        futures_buffered_merge_bounded: check_stream(|| {
            [ticks(), ticks()].into_iter().collect::<futures_buffered::MergeBounded<_>>()
        });
        futures_buffered_buffered_unordered: check_stream(|| {
            let futures = futures::stream::iter((1..4).map(after));
            futures_buffered::BufferedStreamExt::buffered_unordered(futures, 2)
        });
    }
    "unicycle" {
        unicycle_futures_unordered: check(|| {
            let mut futures = unicycle::FuturesUnordered::new();
            for n in 1..4 {
                futures.push(after(n));
            }
            async move {
                let mut sum = 0;
                while let Some(n) = futures.next().await {
                    sum += n;
                }
                sum
            }
        });
    }
    "futures-lite" {
        futures_lite_or: check_stream(|| futures_lite::stream::or(ticks(), ticks()));
        futures_lite_race: check_stream(|| futures_lite::stream::race(ticks(), ticks()));
        futures_lite_zip: check_stream(|| futures_lite::StreamExt::zip(ticks(), ticks()));
    }
    "ordered-stream" {
        ordered_stream_join: check_stream(|| {
            use ordered_stream::{FromStreamDirect, OrderedStreamExt};
            let one = || FromStreamDirect::new(ticks(), |n| (n, n));
            ordered_stream::join(one(), one()).into_stream()
        });
    }
}
