//! Timers and file descriptors.

use crate::{in_tokio, published};
use dormouse_check::{check, check_stream, event};
use futures::AsyncReadExt as _;
use futures::executor::block_on;
use futures_time::future::FutureExt as _;
use futures_time::stream::StreamExt as _;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

const SHORT: Duration = Duration::from_millis(3);
const LONG: Duration = Duration::from_secs(60);

fn pair() -> (UnixStream, UnixStream) {
    let (local, peer) = UnixStream::pair().expect("failed to create a socket pair");
    local.set_nonblocking(true).expect("failed to set O_NONBLOCK");
    (local, peer)
}

published! {
    "tokio" {
        tokio_sleep: in_tokio(check(|| tokio::time::sleep(SHORT)));
        tokio_timeout: in_tokio(check(|| tokio::time::timeout(SHORT, futures::future::pending::<()>())));
        tokio_interval: in_tokio(check_stream(|| {
            tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(Duration::from_millis(1)))
        }));
        tokio_unix_readable: in_tokio(check(|| {
            let (local, mut peer) = pair();
            let local = tokio::net::UnixStream::from_std(local).expect("failed to register the fd");
            event(move || drop(peer.write_all(b"x")));
            async move { local.readable().await.is_ok() }
        }));
        tokio_unix_read: in_tokio(check(|| {
            let (local, mut peer) = pair();
            let mut local = tokio::net::UnixStream::from_std(local).expect("failed to register the fd");
            event(move || drop(peer.write_all(b"x")));
            async move { local.read_u8().await.ok() }
        }));
        tokio_duplex_read: check(|| {
            let (mut local, mut peer) = tokio::io::duplex(16);
            event(move || {
                let _ = block_on(tokio::io::AsyncWriteExt::write_u8(&mut peer, 7));
                std::mem::forget(peer);
            });
            async move { local.read_u8().await.ok() }
        });
    }
    "tokio-util" {
        tokio_util_delay_queue: in_tokio(check(|| {
            let mut queue = tokio_util::time::DelayQueue::new();
            queue.insert(7, SHORT);
            async move { futures::StreamExt::next(&mut queue).await.map(|expired| expired.into_inner()) }
        }));
    }
    "async-io" {
        async_io_timer: check(|| async_io::Timer::after(SHORT));
        async_io_readable: check(|| {
            let (local, mut peer) = pair();
            let local = async_io::Async::new(local).expect("failed to register the fd");
            event(move || drop(peer.write_all(b"x")));
            async move { local.readable().await.is_ok() }
        });
        async_io_read: check(|| {
            let (local, mut peer) = pair();
            let mut local = async_io::Async::new(local).expect("failed to register the fd");
            event(move || drop(peer.write_all(b"x")));
            async move { futures::AsyncReadExt::read(&mut local, &mut [0]).await.ok() }
        });
    }
    "async-std" {
        async_std_sleep: check(|| async_std::task::sleep(SHORT));
        async_std_timeout: check(|| async_std::future::timeout(SHORT, futures::future::pending::<()>()));
    }
    "futures-timer" {
        futures_timer_delay: check(|| futures_timer::Delay::new(SHORT));
        futures_timer_delay_reset: check(|| {
            let mut delay = futures_timer::Delay::new(LONG);
            delay.reset(SHORT);
            delay
        });
    }
    "futures-time" {
        futures_time_sleep: check(|| futures_time::task::sleep(SHORT.into()));
        futures_time_timeout: check(|| {
            futures::future::pending::<()>().timeout(futures_time::time::Duration::from(SHORT))
        });
        futures_time_debounce: check_stream(|| {
            futures::stream::iter([1, 2, 3]).debounce(futures_time::time::Duration::from(SHORT))
        });
    }
    "piper" {
        piper_read: check(|| {
            let (mut reader, mut writer) = piper::pipe(16);
            event(move || {
                let _ = block_on(futures::AsyncWriteExt::write(&mut writer, b"x"));
                std::mem::forget(writer);
            });
            async move { reader.read(&mut [0]).await.ok() }
        });
        piper_write_full: check(|| {
            let (mut reader, mut writer) = piper::pipe(1);
            let _ = block_on(futures::AsyncWriteExt::write(&mut writer, b"x"));
            event(move || {
                let _ = reader.try_drain(&mut [0]);
                std::mem::forget(reader);
            });
            async move { futures::AsyncWriteExt::write(&mut writer, b"y").await.ok() }
        });
    }
}
