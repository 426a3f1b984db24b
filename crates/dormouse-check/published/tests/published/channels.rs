//! Channels: receiving, sending into a full channel, and the end.

use crate::published;
use dormouse_check::{check, check_local, event, local_event};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use futures::{SinkExt, StreamExt};
use postage::prelude::{Sink as _, Stream as _};
use std::sync::Arc;

/// Sends two messages into a channel of one, of which an event receives the first.
macro_rules! full {
    ($channel:expr, $try_send:ident, $try_recv:ident) => {
        check(|| {
            #[allow(unused_mut)]
            let (mut sender, mut receiver) = $channel;
            let _ = sender.$try_send(1);
            let (keep, kept) = std::sync::mpsc::channel();
            event(move || {
                let _ = receiver.$try_recv();
                let _ = keep.send(receiver);
            });
            async move {
                let sent = sender.send(2).await.is_ok();
                drop(kept);
                sent
            }
        })
    };
}

/// Receives a message that an event sends.
macro_rules! receive {
    ($channel:expr, $send:ident, $recv:ident) => {
        check(|| {
            #[allow(unused_mut)]
            let (mut sender, mut receiver) = $channel;
            event(move || {
                let _ = sender.$send(7);
            });
            async move { receiver.$recv().await }
        })
    };
}

/// Receives from a channel whose sender an event drops.
macro_rules! receive_end {
    ($channel:expr, $recv:ident) => {
        check(|| {
            #[allow(unused_mut)]
            let (sender, mut receiver) = $channel;
            event(move || drop(sender));
            async move {
                let _ = receiver.$recv().await;
            }
        })
    };
}

published! {
    "tokio" {
        tokio_oneshot: check(|| {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            receiver
        });
        tokio_oneshot_closed: check(|| {
            let (mut sender, receiver) = tokio::sync::oneshot::channel::<u32>();
            event(move || drop(receiver));
            async move { sender.closed().await }
        });
        tokio_mpsc_recv: receive!(tokio::sync::mpsc::channel(4), try_send, recv);
        tokio_mpsc_recv_end: receive_end!(tokio::sync::mpsc::channel::<u32>(4), recv);
        tokio_mpsc_send_full: full!(tokio::sync::mpsc::channel(1), try_send, try_recv);
        tokio_mpsc_reserve: check(|| {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            let _ = sender.try_send(1);
            event(move || { receiver.close(); });
            async move { sender.reserve().await.is_err() }
        });
        tokio_mpsc_closed: check(|| {
            let (sender, receiver) = tokio::sync::mpsc::channel::<u32>(1);
            event(move || drop(receiver));
            async move { sender.closed().await }
        });
        tokio_mpsc_unbounded: receive!(tokio::sync::mpsc::unbounded_channel(), send, recv);
        tokio_mpsc_recv_many: check(|| {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
            event(move || { let _ = sender.try_send(7); });
            async move { receiver.recv_many(&mut Vec::new(), 4).await }
        });
        tokio_broadcast_recv: receive!(tokio::sync::broadcast::channel(4), send, recv);
        tokio_broadcast_end: receive_end!(tokio::sync::broadcast::channel::<u32>(4), recv);
        tokio_watch_changed: receive!(tokio::sync::watch::channel(0), send, changed);
        tokio_watch_wait_for: check(|| {
            let (sender, mut receiver) = tokio::sync::watch::channel(0);
            event(move || { let _ = sender.send(7); });
            async move { receiver.wait_for(|value| *value == 7).await.is_ok() }
        });
        tokio_watch_closed: check(|| {
            let (sender, receiver) = tokio::sync::watch::channel(0);
            event(move || drop(receiver));
            async move { sender.closed().await }
        });
    }
    "futures" {
        futures_oneshot: check(|| {
            let (sender, receiver) = futures::channel::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            receiver
        });
        futures_oneshot_cancellation: check(|| {
            let (mut sender, receiver) = futures::channel::oneshot::channel::<u32>();
            event(move || drop(receiver));
            async move { sender.cancellation().await }
        });
        futures_mpsc_next: receive!(futures::channel::mpsc::channel(4), try_send, next);
        futures_mpsc_next_end: receive_end!(futures::channel::mpsc::channel::<u32>(4), next);
        futures_mpsc_unbounded: receive!(futures::channel::mpsc::unbounded(), unbounded_send, next);
        futures_mpsc_send_full: check(|| {
            let (mut sender, mut receiver) = futures::channel::mpsc::channel(0);
            let _ = sender.try_send(1);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { SinkExt::feed(&mut sender, 2).await.is_ok() }
        });
    }
    "async-channel" {
        async_channel_recv: receive!(async_channel::bounded(1), try_send, recv);
        async_channel_recv_end: receive_end!(async_channel::bounded::<u32>(1), recv);
        async_channel_recv_unbounded: receive!(async_channel::unbounded(), try_send, recv);
        async_channel_next: check(|| {
            let (sender, receiver) = async_channel::bounded(1);
            event(move || { let _ = sender.try_send(7); });
            let mut receiver = Box::pin(receiver);
            async move { receiver.next().await }
        });
        async_channel_send_full: full!(async_channel::bounded(1), try_send, try_recv);
        async_channel_closed: check(|| {
            let (sender, receiver) = async_channel::bounded::<u32>(1);
            event(move || drop(receiver));
            async move { sender.closed().await }
        });
    }
    "async-std" {
        async_std_channel_recv: receive!(async_std::channel::bounded(1), try_send, recv);
        async_std_channel_send_full: full!(async_std::channel::bounded(1), try_send, try_recv);
    }
    "async-broadcast" {
        async_broadcast_recv: receive!(async_broadcast::broadcast(4), try_broadcast, recv);
        async_broadcast_recv_end: receive_end!(async_broadcast::broadcast::<u32>(4), recv);
        async_broadcast_next: receive!(async_broadcast::broadcast(4), try_broadcast, next);
        async_broadcast_broadcast_full: check(|| {
            let (sender, mut receiver) = async_broadcast::broadcast(1);
            let _ = sender.try_broadcast(1);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { sender.broadcast(2).await.is_ok() }
        });
    }
    "flume" {
        flume_recv_async: receive!(flume::bounded(1), try_send, recv_async);
        flume_recv_async_end: receive_end!(flume::bounded::<u32>(1), recv_async);
        flume_recv_async_unbounded: receive!(flume::unbounded(), try_send, recv_async);
        flume_stream: check(|| {
            let (sender, receiver) = flume::bounded(1);
            event(move || { let _ = sender.try_send(7); });
            let mut stream = receiver.into_stream();
            async move { stream.next().await }
        });
        flume_send_async_full: check(|| {
            let (sender, receiver) = flume::bounded(1);
            let _ = sender.try_send(1);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { sender.send_async(2).await.is_ok() }
        });
        flume_send_async_rendezvous: check(|| {
            let (sender, receiver) = flume::bounded(0);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { sender.send_async(2).await.is_ok() }
        });
        flume_sink: check(|| {
            let (sender, receiver) = flume::bounded(1);
            let _ = sender.try_send(1);
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            let mut sink = sender.into_sink();
            async move { SinkExt::send(&mut sink, 2).await.is_ok() }
        });
    }
    "kanal" {
        kanal_recv: receive!(kanal::bounded_async(1), try_send, recv);
        kanal_recv_end: receive_end!(kanal::bounded_async::<u32>(1), recv);
        kanal_recv_rendezvous: receive!(kanal::bounded_async(0), try_send, recv);
        kanal_stream: check(|| {
            let (sender, receiver) = kanal::bounded_async(1);
            event(move || { let _ = sender.try_send(7); });
            async move { receiver.stream().next().await }
        });
        kanal_send_full: full!(kanal::bounded_async(1), try_send, try_recv);
        kanal_send_rendezvous: full!(kanal::bounded_async(0), try_send, try_recv);
    }
    "tachyonix" {
        tachyonix_recv: receive!(tachyonix::channel(1), try_send, recv);
        tachyonix_recv_end: receive_end!(tachyonix::channel::<u32>(1), recv);
        tachyonix_next: receive!(tachyonix::channel(1), try_send, next);
        tachyonix_send_full: full!(tachyonix::channel(1), try_send, try_recv);
    }
    "crossfire" {
        crossfire_mpsc_recv: receive!(crossfire::mpsc::bounded_async::<u32>(1), try_send, recv);
        crossfire_mpsc_recv_end: receive_end!(crossfire::mpsc::bounded_async::<u32>(1), recv);
        crossfire_mpsc_send_full: full!(crossfire::mpsc::bounded_async::<u32>(1), try_send, try_recv);
        crossfire_mpmc_recv: receive!(crossfire::mpmc::bounded_async::<u32>(1), try_send, recv);
        crossfire_mpmc_send_full: full!(crossfire::mpmc::bounded_async::<u32>(1), try_send, try_recv);
    }
    "thingbuf" {
        thingbuf_recv: receive!(thingbuf::mpsc::channel(2), try_send, recv);
        thingbuf_recv_end: receive_end!(thingbuf::mpsc::channel::<u32>(2), recv);
        thingbuf_send_full: check(|| {
            let (sender, receiver) = thingbuf::mpsc::channel(1);
            while sender.try_send(1).is_ok() {}
            event(move || {
                let _ = receiver.try_recv();
                std::mem::forget(receiver);
            });
            async move { sender.send(2).await.is_ok() }
        });
    }
    "postage" {
        postage_mpsc_recv: receive!(postage::mpsc::channel(4), try_send, recv);
        postage_mpsc_recv_end: receive_end!(postage::mpsc::channel::<u32>(4), recv);
        postage_oneshot_recv: receive!(postage::oneshot::channel(), try_send, recv);
        postage_oneshot_recv_end: receive_end!(postage::oneshot::channel::<u32>(), recv);
        postage_broadcast_recv: receive!(postage::broadcast::channel(4), try_send, recv);
        postage_dispatch_recv: receive!(postage::dispatch::channel(4), try_send, recv);
        postage_watch_recv: check(|| {
            let (mut sender, mut receiver) = postage::watch::channel_with(0);
            let _ = receiver.try_recv();
            event(move || *sender.borrow_mut() = 7);
            async move { receiver.recv().await }
        });
    }
    "futures-intrusive" {
        futures_intrusive_oneshot: check(|| {
            let (sender, receiver) = futures_intrusive::channel::shared::oneshot_channel();
            event(move || { let _ = sender.send(7); });
            async move { receiver.receive().await }
        });
        futures_intrusive_mpmc_receive: check(|| {
            let (sender, receiver) = futures_intrusive::channel::shared::channel::<u32>(1);
            event(move || { let _ = sender.try_send(7); });
            async move { receiver.receive().await }
        });
        futures_intrusive_mpmc_send_full: check(|| {
            let (sender, receiver) = futures_intrusive::channel::shared::channel::<u32>(1);
            let _ = sender.try_send(1);
            event(move || {
                let _ = receiver.try_receive();
                std::mem::forget(receiver);
            });
            async move { sender.send(2).await.is_ok() }
        });
        futures_intrusive_state_broadcast: check(|| {
            let (sender, receiver) = futures_intrusive::channel::shared::state_broadcast_channel();
            event(move || { let _ = sender.send(7); });
            async move {
                let state = futures_intrusive::channel::StateId::default();
                receiver.receive(state).await.is_some()
            }
        });
    }
    "asyncband" {
        asyncband_mpsc_recv: receive!(asyncband::mpsc::bounded(1), try_send, recv);
        asyncband_mpsc_recv_end: receive_end!(asyncband::mpsc::bounded::<u32>(1), recv);
        asyncband_mpsc_send_full: full!(asyncband::mpsc::bounded(1), try_send, try_recv);
        asyncband_mpsc_unbounded: receive!(asyncband::mpsc::unbounded(), send, recv);
        asyncband_watch_changed: receive!(asyncband::watch::channel(0), send, changed);
        asyncband_oneshot: check(|| {
            let (sender, receiver) = asyncband::oneshot::channel();
            event(move || { let _ = sender.send(7); });
            async move { receiver.await.is_ok() }
        });
    }
    "embassy-sync" {
        embassy_sync_channel_receive: check(|| {
            let channel = Arc::new(embassy_sync::channel::Channel::<CriticalSectionRawMutex, u32, 1>::new());
            let sender = channel.clone();
            event(move || { let _ = sender.try_send(7); });
            async move { channel.receive().await }
        });
        embassy_sync_channel_send_full: check(|| {
            let channel = Arc::new(embassy_sync::channel::Channel::<CriticalSectionRawMutex, u32, 1>::new());
            let _ = channel.try_send(1);
            let receiver = channel.clone();
            event(move || { let _ = receiver.try_receive(); });
            async move { channel.send(2).await }
        });
        embassy_sync_watch_changed: check(|| {
            let watch = Arc::new(embassy_sync::watch::Watch::<CriticalSectionRawMutex, u32, 2>::new());
            let other = watch.clone();
            event(move || other.sender().send(7));
            async move { watch.receiver().expect("room for a receiver").changed().await }
        });
        embassy_sync_pubsub_next: check(|| {
            type Channel = embassy_sync::pubsub::PubSubChannel<CriticalSectionRawMutex, u32, 4, 2, 2>;
            let channel = Arc::new(Channel::new());
            let other = channel.clone();
            event(move || other.immediate_publisher().publish_immediate(7));
            async move { channel.subscriber().expect("room for a subscriber").next_message_pure().await }
        });
    }
    "async-oneshot" {
        async_oneshot_recv: check(|| {
            let (mut sender, receiver) = async_oneshot::oneshot();
            event(move || { let _ = sender.send(7); });
            receiver
        });
        async_oneshot_wait: check(|| {
            let (sender, receiver) = async_oneshot::oneshot::<u32>();
            event(move || drop(receiver));
            async move { sender.wait().await.is_err() }
        });
    }
    "oneshot" {
        oneshot_recv: check(|| {
            let (sender, receiver) = oneshot::async_channel();
            event(move || { let _ = sender.send(7); });
            async move { receiver.await.is_ok() }
        });
        oneshot_recv_end: check(|| {
            let (sender, receiver) = oneshot::async_channel::<u32>();
            event(move || drop(sender));
            async move { receiver.await.is_err() }
        });
    }
    "catty" {
        catty_recv: check(|| {
            let (sender, receiver) = catty::oneshot();
            event(move || { let _ = sender.send(7); });
            receiver
        });
        catty_recv_end: check(|| {
            let (sender, receiver) = catty::oneshot::<u32>();
            event(move || drop(sender));
            receiver
        });
    }
    "local-channel" {
        local_channel_recv: check_local(|| {
            let (sender, mut receiver) = local_channel::mpsc::channel();
            local_event(move || { let _ = sender.send(7); });
            async move { receiver.recv().await }
        });
    }
}
