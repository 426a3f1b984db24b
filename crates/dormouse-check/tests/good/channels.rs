//! Channels, locks and notifications from several libraries.

use crate::cases;
use dormouse_check::{check, check_local, check_stream, event, local_event};
use futures::StreamExt;
use std::sync::Arc;

// The finding allowed here is a true defect, not a false alarm: event-listener wakes tasks while its list is locked.
use dormouse_check::Kind::WakeUnderLock;

cases! {
    /// futures: the receiver of a oneshot channel.
    oneshot_of_futures: [], check(|| {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || { let _ = sender.send(7); });
        receiver
    }).expect_output(|output| *output == Ok(7));
    /// The sender is dropped.
    oneshot_cancelled: [], check(|| {
        let (sender, receiver) = futures::channel::oneshot::channel::<u32>();
        event(move || drop(sender));
        receiver
    }).expect_output(Result::is_err);
    /// futures: the receiver of an mpsc channel, as a stream.
    mpsc_of_futures: [], check_stream(|| {
        let (sender, receiver) = futures::channel::mpsc::unbounded();
        for n in 0..3 {
            let sender = sender.clone();
            event(move || { let _ = sender.unbounded_send(n); });
        }
        receiver
    });
    /// tokio: the receiver of a oneshot channel.
    oneshot_of_tokio: [], check(|| {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        event(move || { let _ = sender.send(7); });
        receiver
    }).expect_output(|output| *output == Ok(7));
    /// tokio: `recv` on an mpsc channel.
    mpsc_of_tokio: [], check(|| {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
        event(move || { let _ = sender.try_send(7); });
        async move { receiver.recv().await }
    }).expect_output(|output| *output == Some(7));
    /// tokio: `Notified`.
    notify_of_tokio: [], check(|| {
        let notify = Arc::new(tokio::sync::Notify::new());
        let notified = notify.clone().notified_owned();
        event(move || notify.notify_one());
        notified
    });
    /// tokio: a mutex that is locked at first.
    mutex_of_tokio: [], check(|| {
        let mutex = Arc::new(tokio::sync::Mutex::new(7));
        let held = mutex.clone().try_lock_owned().expect("the mutex is unlocked");
        event(move || drop(held));
        async move { *mutex.lock().await }
    }).expect_output(|output| *output == 7);
    /// event-listener: a listener.
    event_listener: [], check(|| {
        let source = event_listener::Event::new();
        let listener = source.listen();
        event(move || { let _ = source.notify(1); });
        listener
    }).allow(WakeUnderLock);
    /// async-channel: `recv`.
    receiver_of_async_channel: [], check(|| {
        let (sender, receiver) = async_channel::bounded(1);
        event(move || { let _ = sender.try_send(7); });
        async move { receiver.recv().await }
    }).expect_output(|output| *output == Ok(7)).allow(WakeUnderLock);
    /// async-channel: `send` on a full channel.
    sender_of_async_channel: [], check(|| {
        let (sender, receiver) = async_channel::bounded(1);
        sender.try_send(1).expect("the channel is empty");
        event(move || {
            let _ = receiver.try_recv();
            std::mem::forget(receiver);
        });
        async move { sender.send(2).await.is_ok() }
    }).expect_output(|sent| *sent).allow(WakeUnderLock);
    /// A future that is not `Send`.
    local_channel: [], check_local(|| {
        let (mut sender, mut receiver) = futures::channel::mpsc::channel(1);
        let number = std::rc::Rc::new(7);
        local_event(move || { let _ = sender.try_send(number); });
        async move { receiver.next().await.map(|number| *number) }
    }).expect_output(|output| *output == Some(7));
}
