//! Waits and operations that borrow the object mutably.

use crate::common::stream::{Stream, std_pair};
use crate::common::{BOTH, Count, LIMIT, MS, poll, strict_timeout};
use crate::{fill, impl_as_source, on_every_reactor, pair, read, write};
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::{sleep, timeout};
use futures::join;
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};

on_every_reactor! {
    a_mutable_operation_waits_until_the_fd_is_ready
    a_mutable_wait_completes_when_the_fd_is_ready
    a_mutable_poll_completes_when_the_fd_is_ready
    a_mutable_guard_clears_readiness_after_would_block
    a_mutable_guard_clears_a_part_of_the_readiness
    a_mutable_guard_gives_access_to_the_object
    try_io_mut_calls_the_operation_if_the_fd_may_be_ready
    a_mutable_wait_that_is_dropped_loses_no_readiness
}

/// Reads and writes by `&mut self` alone. It is not `Sync`.
struct Device {
    stream: Stream,
    received: Cell<usize>,
}

impl Device {
    fn receive(&mut self) -> io::Result<usize> {
        let read = self.stream.read(&mut [0; 16])?;
        self.received.set(self.received.get() + read);
        Ok(read)
    }
}

impl_as_source! { Device, stream }

fn device() -> (AsyncFd<Device>, AsyncFd<Stream>) {
    let (stream, peer) = std_pair();
    let device = Device { stream, received: Cell::new(0) };
    (AsyncFd::new(device).unwrap(), AsyncFd::new(peer).unwrap())
}

async fn write_later(peer: &AsyncFd<Stream>) {
    sleep(2 * MS).await;
    write(peer, b"x").await.unwrap();
}

async fn a_mutable_operation_waits_until_the_fd_is_ready() {
    let (mut device, peer) = device();
    for round in 1..4 {
        assert!(timeout(2 * MS, device.async_io_mut(BOTH, Device::receive)).await.is_err());
        let receive = device.async_io_mut(Interest::READABLE, Device::receive);
        let (received, ()) = join!(strict_timeout(LIMIT, receive), write_later(&peer));
        assert_eq!(received.unwrap().unwrap(), 1);
        assert_eq!(device.get_ref().received.get(), round);
    }
}

async fn a_mutable_wait_completes_when_the_fd_is_ready() {
    let (mut local, peer) = pair();
    fill(&local).await;
    assert!(timeout(2 * MS, local.readable_mut()).await.is_err());
    let (guard, ()) = join!(strict_timeout(LIMIT, local.readable_mut()), write_later(&peer));
    assert!(guard.unwrap().unwrap().ready().is_readable());
    let (guard, ()) = join!(strict_timeout(LIMIT, local.writable_mut()), async {
        while timeout(5 * MS, read(&peer)).await.is_ok() {}
    });
    assert!(guard.unwrap().unwrap().ready().is_writable());
    assert!(local.ready_mut(BOTH).await.unwrap().ready().is_readable());
}

async fn a_mutable_poll_completes_when_the_fd_is_ready() {
    let (mut local, peer) = pair();
    fill(&local).await;
    let readable = poll_fn(|cx| local.poll_read_ready_mut(cx).map_ok(|guard| guard.ready()));
    let (ready, ()) = join!(strict_timeout(LIMIT, readable), write_later(&peer));
    assert!(ready.unwrap().unwrap().is_readable());
    let writable = poll_fn(|cx| local.poll_write_ready_mut(cx).map_ok(|guard| guard.ready()));
    let (ready, ()) = join!(strict_timeout(LIMIT, writable), async {
        while timeout(5 * MS, read(&peer)).await.is_ok() {}
    });
    assert!(ready.unwrap().unwrap().is_writable());
}

async fn a_mutable_guard_clears_readiness_after_would_block() {
    let (mut device, peer) = device();
    write(&peer, b"x").await.unwrap();
    let mut guard = device.readable_mut().await.unwrap();
    assert_eq!(guard.try_io(|fd| fd.get_mut().receive()).unwrap().unwrap(), 1);
    guard.retain_ready();
    assert!(guard.ready().is_readable());
    assert!(guard.try_io(|fd| fd.get_mut().receive()).is_err());
    assert!(guard.ready().is_empty());
    // The event of the byte may have been delivered after the first wait found the fd readable.
    while let Ok(guard) = timeout(2 * MS, device.readable_mut()).await {
        assert!(guard.unwrap().try_io(|fd| fd.get_mut().receive()).is_err());
    }
    let (guard, ()) = join!(strict_timeout(LIMIT, device.readable_mut()), write_later(&peer));
    // Other errors clear nothing.
    let mut guard = guard.unwrap().unwrap();
    let refused = guard.try_io(|_| io::Result::<()>::Err(ErrorKind::NotConnected.into()));
    assert_eq!(refused.unwrap().unwrap_err().kind(), ErrorKind::NotConnected);
    strict_timeout(LIMIT, device.readable_mut()).await.unwrap().unwrap().retain_ready();
}

async fn a_mutable_guard_clears_a_part_of_the_readiness() {
    let (mut local, peer) = pair();
    write(&peer, b"x").await.unwrap();
    let mut guard = local.ready_mut(BOTH).await.unwrap();
    guard.clear_ready_matching(Ready::READABLE);
    assert!(!guard.ready().is_readable());
    guard.clear_ready();
    assert!(guard.ready().is_empty());
}

async fn a_mutable_guard_gives_access_to_the_object() {
    let (mut device, peer) = device();
    write(&peer, b"x").await.unwrap();
    let mut guard = device.readable_mut().await.unwrap();
    guard.get_inner_mut().receive().unwrap();
    assert_eq!(guard.get_inner().received.get(), 1);
    guard.get_mut().get_mut().received.set(5);
    assert_eq!(guard.get_ref().get_ref().received.get(), 5);
}

async fn try_io_mut_calls_the_operation_if_the_fd_may_be_ready() {
    let (mut device, peer) = device();
    let receive = |device: &mut AsyncFd<Device>| {
        device.try_io_mut(Interest::READABLE, Device::receive).map_err(|err| err.kind())
    };
    assert_eq!(receive(&mut device), Err(ErrorKind::WouldBlock));
    write(&peer, b"x").await.unwrap();
    device.readable_mut().await.unwrap().retain_ready();
    assert_eq!(receive(&mut device), Ok(1));
    assert_eq!(receive(&mut device), Err(ErrorKind::WouldBlock));
    while timeout(2 * MS, device.readable_mut()).await.is_ok() {
        assert_eq!(receive(&mut device), Err(ErrorKind::WouldBlock));
    }
}

async fn a_mutable_wait_that_is_dropped_loses_no_readiness() {
    let (mut device, peer) = device();
    let (count, waker) = Count::new();
    for _ in 0..100 {
        assert!(poll(&mut Box::pin(device.readable_mut()), &waker).is_pending());
        let receive = device.async_io_mut(Interest::READABLE, Device::receive);
        assert!(poll(&mut Box::pin(receive), &waker).is_pending());
    }
    assert_eq!(std::sync::Arc::strong_count(&count), 2, "a waker is still stored");
    {
        // This wait has been woken when it is dropped.
        let mut wait = Box::pin(device.readable_mut());
        assert!(poll(&mut wait, &waker).is_pending());
        write(&peer, b"x").await.unwrap();
        count.wait_for_async(1).await;
    }
    let receive = device.async_io_mut(Interest::READABLE, Device::receive);
    assert_eq!(strict_timeout(LIMIT, receive).await.unwrap().unwrap(), 1);
}

#[test]
fn mutable_waits_are_send_for_an_object_that_is_not_sync() {
    fn assert_send<T: Send>(_: T) {}
    let (mut device, _peer) = device();
    assert_send(device.readable_mut());
    assert_send(device.writable_mut());
    assert_send(device.async_io_mut(Interest::READABLE, Device::receive));
    assert_send(async {
        let mut guard = device.ready_mut(BOTH).await?;
        sleep(MS).await;
        guard.clear_ready();
        io::Result::Ok(())
    });
}

#[test]
fn an_error_of_the_object_ends_a_mutable_operation() {
    let (mut local, _peer) = pair();
    local.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    let write = local.async_io_mut(Interest::WRITABLE, |fd| fd.write(b"x"));
    let error = dormouse::block_on(write).unwrap_err();
    // Windows has an error for this that std knows no kind for.
    assert!(cfg!(windows) || error.kind() == ErrorKind::BrokenPipe, "{error}");
}
