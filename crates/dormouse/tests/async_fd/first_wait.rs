//! The first wait for an interest: it registers what the constructor has not registered, and reports what is ready already.

use crate::common::ports::refused_udp;
use crate::common::sockets::{tcp_pair, wait_for_flags};
use crate::common::{BOTH, Count, LIMIT, MS, poll, strict_timeout};
use crate::given_each_reactor;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use dormouse::{sleep, timeout};
use futures::{FutureExt, join};
use rustix::event::PollFlags;
use rustix::net::{SendFlags, send};
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;

given_each_reactor! {
    a_wait_for_room_registers_an_fd_that_was_wrapped_for_reading
    a_wait_for_data_registers_an_fd_that_was_wrapped_for_writing
    a_wait_for_errors_moves_the_fd_to_the_builtin_reactor
    waits_that_are_pending_when_the_fd_moves_still_end
    a_first_wait_for_what_is_ready_completes_in_its_first_poll
    a_first_wait_after_the_event_loses_nothing
    async_io_tries_first
    try_io_tries_first
}

#[cfg(not(dormouse_portable))]
given_each_reactor! { a_wait_for_priority_moves_the_fd_to_the_builtin_reactor }

async fn a_wait_for_room_registers_an_fd_that_was_wrapped_for_reading(reactor: Reactor) {
    for joint in [false, true] {
        let (local, mut peer) = UnixStream::pair().unwrap();
        let local = AsyncFd::new_on(&reactor, local, Interest::READABLE).unwrap();
        while local.get_ref().write(&[0; 4096]).is_ok() {}
        let interest = if joint { BOTH } else { Interest::WRITABLE };
        let (guard, ()) = join!(strict_timeout(LIMIT, local.ready(interest)), async {
            sleep(2 * MS).await;
            peer.set_nonblocking(true).unwrap();
            while peer.read(&mut [0; 4096]).is_ok() {}
        });
        assert!(guard.expect("the room was not reported").unwrap().ready().is_writable());
        while local.get_ref().write(&[0; 4096]).is_ok() {}
        let write = local.async_io(interest, |mut fd| fd.write(b"x"));
        let (written, ()) = join!(strict_timeout(LIMIT, write), async {
            sleep(2 * MS).await;
            while peer.read(&mut [0; 4096]).is_ok() {}
        });
        assert_eq!(written.expect("the room was not reported").unwrap(), 1);
    }
}

async fn a_wait_for_data_registers_an_fd_that_was_wrapped_for_writing(reactor: Reactor) {
    for joint in [false, true] {
        let (local, mut peer) = UnixStream::pair().unwrap();
        let local = AsyncFd::new_on(&reactor, local, Interest::WRITABLE).unwrap();
        while local.get_ref().write(&[0; 4096]).is_ok() {}
        let interest = if joint { BOTH } else { Interest::READABLE };
        for byte in 0..3 {
            let read = local.async_io(interest, |mut fd| {
                let mut got = [0];
                fd.read_exact(&mut got).map(|()| got[0])
            });
            let (got, ()) = join!(strict_timeout(LIMIT, read), async {
                sleep(2 * MS).await;
                peer.write_all(&[byte]).unwrap();
            });
            assert_eq!(got.expect("the data was not reported").unwrap(), byte);
        }
        let readable = poll_fn(|cx| local.poll_read_ready(cx).map_ok(drop));
        let (readable, ()) = join!(strict_timeout(LIMIT, readable), async {
            sleep(2 * MS).await;
            peer.write_all(b"x").unwrap();
        });
        readable.expect("the data was not reported").unwrap();
    }
}

#[cfg(not(dormouse_portable))]
async fn a_wait_for_priority_moves_the_fd_to_the_builtin_reactor(reactor: Reactor) {
    for constructed in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let (local, peer) = tcp_pair();
        let local = AsyncFd::new_on(&reactor, local, constructed).unwrap();
        assert_eq!(local.reactor().name(), reactor.name());
        let (guard, ()) = join!(strict_timeout(LIMIT, local.ready(Interest::PRIORITY)), async {
            sleep(2 * MS).await;
            send(&peer, b"!", SendFlags::OOB).unwrap();
        });
        assert!(guard.expect("urgent data was not reported").unwrap().ready().is_priority());
        assert_eq!(local.reactor().name(), "builtin");
    }
}

async fn a_wait_for_errors_moves_the_fd_to_the_builtin_reactor(reactor: Reactor) {
    for constructed in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let (socket, _holder) = refused_udp();
        let socket = AsyncFd::new_on(&reactor, socket, constructed).unwrap();
        assert_eq!(socket.reactor().name(), reactor.name());
        let (guard, ()) = join!(strict_timeout(LIMIT, socket.ready(Interest::ERROR)), async {
            sleep(2 * MS).await;
            socket.get_ref().send(b"x").unwrap();
        });
        assert!(guard.expect("the error was not reported").unwrap().ready().is_error());
        assert_eq!(socket.reactor().name(), "builtin");
        let error = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16])).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}

async fn waits_that_are_pending_when_the_fd_moves_still_end(reactor: Reactor) {
    for interest in [
        #[cfg(not(dormouse_portable))]
        Interest::PRIORITY,
        Interest::ERROR,
        Interest::READABLE | Interest::ERROR,
    ] {
        let (local, mut peer) = tcp_pair();
        let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
        let (moves, waker) = Count::new();
        let mut mover = pin!(local.ready(interest));
        let readers = async { join!(local.readable(), local.ready(BOTH), local.readable()) };
        let poll_reader = poll_fn(|cx| local.poll_read_ready(cx).map_ok(drop));
        let readers = async { join!(readers, poll_reader) };
        let (ended, ()) = join!(strict_timeout(LIMIT, readers), async {
            sleep(2 * MS).await;
            assert!(poll(&mut mover, &waker).is_pending());
            assert_eq!(local.reactor().name(), "builtin");
            sleep(2 * MS).await;
            peer.write_all(b"x").unwrap();
        });
        let (readers, poll_reader) = ended.expect("a wait was lost when the fd moved");
        assert!(readers.0.unwrap().ready().is_readable());
        drop((readers.1.unwrap(), readers.2.unwrap()));
        poll_reader.unwrap();
        if !interest.is_readable() {
            assert_eq!(moves.get(), 0, "data is neither an error nor urgent");
        }
    }
}

/// So wait-then-try is as cheap as try-then-wait: it needs no trip through the reactor.
async fn a_first_wait_for_what_is_ready_completes_in_its_first_poll(reactor: Reactor) {
    for constructed in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let (local, mut peer) = tcp_pair();
        peer.write_all(b"x").unwrap();
        send(&peer, b"!", SendFlags::OOB).unwrap();
        wait_for_flags(&local, PollFlags::IN | PollFlags::PRI);
        let wrap = || AsyncFd::new_on(&reactor, local.try_clone().unwrap(), constructed).unwrap();
        for interest in [
            Interest::READABLE,
            Interest::WRITABLE,
            BOTH,
            BOTH | Interest::ERROR,
            #[cfg(not(dormouse_portable))]
            Interest::PRIORITY,
            #[cfg(not(dormouse_portable))]
            (BOTH | Interest::PRIORITY | Interest::ERROR),
        ] {
            let fd = wrap();
            let guard = fd.ready(interest).now_or_never();
            let guard = guard.unwrap_or_else(|| panic!("{interest:?} of {constructed:?}"));
            let ready = guard.unwrap().ready();
            assert_eq!(ready.is_readable(), interest.is_readable(), "{interest:?}: {ready:?}");
            assert_eq!(ready.is_writable(), interest.is_writable(), "{interest:?}: {ready:?}");
            #[cfg(not(dormouse_portable))]
            assert_eq!(ready.is_priority(), interest.is_priority(), "{interest:?}: {ready:?}");
            assert!(!ready.is_error());
        }
        let fd = wrap();
        assert!(fd.readable().now_or_never().is_some() && fd.writable().now_or_never().is_some());
        let fd = wrap();
        let read = poll_fn(|cx| fd.poll_read_ready(cx).map_ok(drop)).now_or_never();
        let write = poll_fn(|cx| fd.poll_write_ready(cx).map_ok(drop)).now_or_never();
        assert!(read.is_some() && write.is_some());

        let (socket, _holder) = refused_udp();
        socket.send(b"x").unwrap();
        wait_for_flags(&socket, PollFlags::ERR);
        let socket = AsyncFd::new_on(&reactor, socket, constructed).unwrap();
        let guard = socket.ready(Interest::ERROR).now_or_never();
        assert!(guard.expect("the error is there").unwrap().ready().is_error());
    }
}

/// The reactor has reported an event before the first wait for it, or reports it now: both are the same to the wait.
async fn a_first_wait_after_the_event_loses_nothing(reactor: Reactor) {
    for _ in 0..50 {
        let (local, mut peer) = UnixStream::pair().unwrap();
        let local = AsyncFd::new_on(&reactor, local, BOTH).unwrap();
        let (_, waker) = Count::new();
        let mut reader = pin!(local.readable());
        assert!(poll(&mut reader, &waker).is_pending());
        let writer = std::thread::spawn(move || {
            peer.write_all(b"x").unwrap();
            peer
        });
        let joint = async {
            loop {
                let mut guard = local.ready(BOTH).await.unwrap();
                if guard.ready().is_readable() {
                    return;
                }
                guard.clear_ready();
            }
        };
        strict_timeout(LIMIT, joint).await.expect("the data was lost");
        let error = timeout(5 * MS, local.ready(Interest::ERROR)).await;
        assert!(error.is_err());
        drop(strict_timeout(LIMIT, reader).await.expect("the data was lost").unwrap());
        drop(writer.join().unwrap());
    }
}

async fn async_io_tries_first(reactor: Reactor) {
    for constructed in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let (local, mut peer) = UnixStream::pair().unwrap();
        peer.write_all(b"x").unwrap();
        let local = AsyncFd::new_on(&reactor, local, constructed).unwrap();
        let (mut reads, mut writes) = (0, 0);
        let write = local.async_io(Interest::WRITABLE, |mut fd| {
            writes += 1;
            fd.write(b"x")
        });
        assert_eq!(write.now_or_never().expect("there is room").unwrap(), 1);
        let read = local.async_io(Interest::READABLE, |mut fd| {
            reads += 1;
            fd.read(&mut [0; 16])
        });
        assert_eq!(read.now_or_never().expect("there is data").unwrap(), 1);
        assert_eq!((reads, writes), (1, 1));
        let read = local.async_io(Interest::READABLE, |mut fd| {
            reads += 1;
            fd.read(&mut [0; 16])
        });
        assert!(read.now_or_never().is_none());
        assert!((2..=3).contains(&reads), "{reads}");
    }
}

async fn try_io_tries_first(reactor: Reactor) {
    for constructed in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let (local, mut peer) = UnixStream::pair().unwrap();
        peer.write_all(b"x").unwrap();
        let local = AsyncFd::new_on(&reactor, local, constructed).unwrap();
        assert_eq!(local.try_io(Interest::WRITABLE, |mut fd| fd.write(b"x")).unwrap(), 1);
        assert_eq!(local.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16])).unwrap(), 1);
        let nothing = local.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16]));
        assert_eq!(nothing.unwrap_err().kind(), ErrorKind::WouldBlock);
        // The error is that of the operation, also for interests that were not registered.
        let mut tried = false;
        let nothing = local.try_io(Interest::ERROR, |_| {
            tried = true;
            Err::<(), _>(ErrorKind::WouldBlock.into())
        });
        assert!(nothing.is_err() && tried);
    }
}
