//! async-rs: what its own tests demand of each of its runtimes.

#[path = "../../examples/async_rs.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::on_every_executor;
use async_rs::traits::{Executor, Reactor};
use dormouse::timeout;
use dormouse_adapters::async_rs_0_8::Dormouse;
use futures::StreamExt;
use std::pin::pin;
use std::time::{Duration, Instant};

on_every_executor! {
    a_generic_library_runs
    a_task_runs_on_without_its_handle
    a_task_that_is_cancelled_has_no_output
    a_panic_of_a_task_continues_in_the_await
    an_interval_ticks_at_once_and_then_after_each_period
}

async fn a_generic_library_runs() {
    example::run().await.unwrap();
}

async fn a_task_runs_on_without_its_handle() {
    let (sender, done) = async_channel::bounded(1);
    drop(Dormouse.spawn(async move { sender.send(7).await }));
    assert_eq!(done.recv().await, Ok(7));
    assert_eq!(Dormouse.spawn_blocking(|| 8).await, 8);
}

async fn a_task_that_is_cancelled_has_no_output() {
    let (sender, dropped) = async_channel::bounded::<()>(1);
    let mut task = Dormouse.spawn(async move {
        let _sender = sender;
        std::future::pending::<()>().await;
    });
    assert_eq!(task.cancel().await, None);
    assert!(dropped.recv().await.is_err());
    let mut task = Dormouse.spawn(async { 7 });
    dormouse::sleep(Duration::from_millis(1)).await;
    assert!(matches!(task.cancel().await, None | Some(7)));
}

async fn a_panic_of_a_task_continues_in_the_await() {
    let task = Dormouse.spawn(async { std::panic::resume_unwind(Box::new("boom")) });
    let outcome = futures::FutureExt::catch_unwind(task).await;
    let panic: Result<(), _> = outcome;
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"boom"));
}

async fn an_interval_ticks_at_once_and_then_after_each_period() {
    let start = Instant::now();
    let mut ticks = pin!(Dormouse.interval(Duration::from_millis(20)));
    let first = ticks.next().await.unwrap();
    let second = ticks.next().await.unwrap();
    assert!(first <= second && start.elapsed() >= Duration::from_millis(20));
    let mut slow = pin!(Dormouse.interval(Duration::from_secs(3600)));
    slow.next().await.unwrap();
    assert!(timeout(Duration::from_millis(5), slow.next()).await.is_err());
}

#[cfg(unix)]
mod registered {
    use super::*;
    use crate::common::the_last_waker_is_woken;
    use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use std::cell::RefCell;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::pin::Pin;

    on_every_executor! {
        a_registered_stream_waits_in_both_directions
        a_registered_stream_wakes_the_last_task_of_each_direction
        a_stream_without_room_has_nothing_to_flush
    }

    async fn a_registered_stream_waits_in_both_directions() {
        const LEN: usize = 4 << 20;
        let (a, b) = UnixStream::pair().unwrap();
        let (mut reader, mut writer) =
            (Dormouse.register(a).unwrap(), Dormouse.register(b).unwrap());
        let write = async {
            writer.write_all(&vec![7; LEN]).await.unwrap();
            writer.close().await.unwrap();
            drop(writer);
        };
        let read = async {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).await.unwrap();
            read.len()
        };
        let ((), read) = futures::join!(write, read);
        assert_eq!(read, LEN);
    }

    async fn a_registered_stream_wakes_the_last_task_of_each_direction() {
        let (stream, mut peer) = UnixStream::pair().unwrap();
        let mut stream = Dormouse.register(stream).unwrap();
        fill(&mut stream).await;
        let stream = RefCell::new(stream);
        let (mut peer_2, mut byte) = (peer.try_clone().unwrap(), [0]);
        let write = the_last_waker_is_woken(
            |cx| Pin::new(&mut *stream.borrow_mut()).poll_write(cx, b"!"),
            || peer.read(&mut vec![0; 8 << 20]).unwrap(),
        );
        let read = the_last_waker_is_woken(
            |cx| Pin::new(&mut *stream.borrow_mut()).poll_read(cx, &mut byte),
            || peer_2.write_all(b"!").unwrap(),
        );
        let (written, read) = futures::join!(write, read);
        assert_eq!((written.unwrap(), read.unwrap()), (1, 1));
    }

    async fn a_stream_without_room_has_nothing_to_flush() {
        let (stream, _peer) = UnixStream::pair().unwrap();
        let mut stream = Dormouse.register(stream).unwrap();
        fill(&mut stream).await;
        // The peer reads nothing.
        stream.flush().await.unwrap();
        stream.close().await.unwrap();
    }

    /// Writes until there is no room for a while: a reactor can report the first readiness late.
    async fn fill(stream: &mut (impl AsyncWrite + Unpin)) {
        while timeout(Duration::from_millis(20), stream.write(&[0; 4096])).await.is_ok() {}
    }
}
