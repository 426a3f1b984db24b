//! What an AsyncFd promises, on every reactor.

mod common;

use common::{Count, MS, poll, waker};
use dormouse::io::{AsyncFd, Interest, Ready};
use dormouse::sleep;
use dormouse::timeout;
use futures::future::join_all;
use futures::join;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

on_every_reactor! {
    a_read_waits_until_there_is_data
    a_write_waits_until_there_is_room
    readiness_between_would_block_and_the_next_wait_is_not_lost
    many_tasks_wait_on_one_fd_in_both_directions
    of_the_pollers_of_one_direction_the_last_is_woken
    a_hang_up_wakes_both_directions
    a_reset_wakes_both_directions
    each_error_of_a_socket_wakes_its_reader
    an_error_that_stays_is_not_a_busy_loop
    a_guard_does_not_clear_what_came_after_it
    readiness_stays_until_it_is_cleared
    a_blocking_fd_is_set_non_blocking
    a_reused_fd_number_gets_no_stale_event
    the_object_can_be_taken_back_and_wrapped_again
    files_that_have_no_readiness_are_refused_by_name
    the_same_fd_twice_works_or_is_refused_by_name
    a_panicking_waker_harms_no_other_fd
    a_dropped_wait_leaves_nothing_behind
    a_socket_wrapped_before_it_is_connected_works
    the_same_ping_pong_a_thousand_times
    an_idle_fd_wakes_nobody
}

fn pair() -> (AsyncFd<UnixStream>, AsyncFd<UnixStream>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (AsyncFd::new(ours).unwrap(), AsyncFd::new(theirs).unwrap())
}

async fn read(fd: &AsyncFd<UnixStream>) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 4096];
    let n = fd.async_io(Interest::READABLE, |mut fd| fd.read(&mut buffer)).await?;
    Ok(buffer[..n].to_vec())
}

async fn write(fd: &AsyncFd<UnixStream>, data: &[u8]) -> io::Result<usize> {
    fd.async_io(Interest::WRITABLE, |mut fd| fd.write(data)).await
}

/// Writes until it would block.
async fn fill(fd: &AsyncFd<UnixStream>) {
    loop {
        let mut guard = fd.writable().await.unwrap();
        while let Ok(written) = guard.try_io(|fd| fd.get_ref().write(&[0; 4096])) {
            written.unwrap();
        }
        if timeout(5 * MS, fd.writable()).await.is_err() {
            return;
        }
    }
}

async fn a_read_waits_until_there_is_data() {
    let (ours, theirs) = pair();
    assert!(timeout(5 * MS, ours.readable()).await.is_err());
    let (got, _) = join!(read(&ours), async {
        sleep(5 * MS).await;
        write(&theirs, b"x").await.unwrap()
    });
    assert_eq!(got.unwrap(), b"x");
    assert!(timeout(5 * MS, read(&ours)).await.is_err());
}

async fn a_write_waits_until_there_is_room() {
    let (ours, theirs) = pair();
    fill(&ours).await;
    assert!(timeout(5 * MS, write(&ours, b"x")).await.is_err());
    let (written, _) = join!(write(&ours, b"x"), async {
        sleep(2 * MS).await;
        while timeout(5 * MS, read(&theirs)).await.is_ok() {}
    });
    assert_eq!(written.unwrap(), 1);
}

async fn readiness_between_would_block_and_the_next_wait_is_not_lost() {
    let (ours, theirs) = pair();
    let theirs = theirs.into_inner();
    theirs.set_nonblocking(false).unwrap();
    let writer = std::thread::spawn(move || {
        for i in 0..5000u32 {
            (&theirs).write_all(&[i as u8]).unwrap();
            if i % 3 == 0 {
                std::thread::yield_now();
            }
        }
    });
    let mut received = 0;
    loop {
        // By hand: read until WouldBlock, clear, wait.
        let mut guard = ours.readable().await.unwrap();
        let mut byte = [0];
        match guard.try_io(|fd| fd.get_ref().read(&mut byte)) {
            Ok(Ok(0)) => break,
            Ok(n) => {
                n.unwrap();
                assert_eq!(byte[0], received as u8);
                received += 1;
            }
            Err(_would_block) => {}
        }
    }
    assert_eq!(received, 5000);
    writer.join().unwrap();
}

async fn many_tasks_wait_on_one_fd_in_both_directions() {
    let (ours, theirs) = pair();
    fill(&ours).await;
    let readers = join_all((0..20).map(|_| async { drop(ours.readable().await.unwrap()) }));
    let writers = join_all((0..20).map(|_| async { drop(ours.writable().await.unwrap()) }));
    let mut both = pin!(async { join!(readers, writers) });
    poll_fn(|cx| {
        assert!(both.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    join!(both, async {
        write(&theirs, b"x").await.unwrap();
        while timeout(5 * MS, read(&theirs)).await.is_ok() {}
    });
}

async fn of_the_pollers_of_one_direction_the_last_is_woken() {
    let (ours, theirs) = pair();
    let (first, first_waker) = Count::new();
    let (last, last_waker) = Count::new();
    for waker in [&first_waker, &last_waker] {
        let mut wait = poll_fn(|cx| ours.poll_read_ready(cx).map(drop));
        assert!(poll(&mut wait, waker).is_pending());
    }
    theirs.get_ref().write_all(b"x").unwrap();
    drop(ours.readable().await.unwrap());
    sleep(MS).await;
    assert_eq!((first.get(), last.get()), (0, 1));
}

async fn a_hang_up_wakes_both_directions() {
    let (ours, theirs) = pair();
    fill(&ours).await;
    let (read_ready, write_ready, ()) = join!(ours.readable(), ours.writable(), async {
        sleep(2 * MS).await;
        drop(theirs);
    });
    assert!(read_ready.unwrap().ready().is_readable());
    assert!(write_ready.unwrap().ready().is_writable());
    assert!(write(&ours, b"x").await.is_err());
}

async fn a_reset_wakes_both_directions() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    let ours = AsyncFd::new(ours).unwrap();
    while timeout(20 * MS, ours.async_io(Interest::WRITABLE, |mut fd| fd.write(&[0; 65536])))
        .await
        .is_ok()
    {}
    // Data that nobody has read makes the close a reset.
    let (read_ready, write_ready, ()) = join!(ours.readable(), ours.writable(), async {
        sleep(2 * MS).await;
        drop(theirs);
    });
    drop((read_ready.unwrap(), write_ready.unwrap()));
    let error = ours.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

async fn each_error_of_a_socket_wakes_its_reader() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    socket.connect(nobody).unwrap();
    let socket = AsyncFd::new(socket).unwrap();
    for round in 0..5 {
        let receive = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16]));
        let (received, ()) = join!(timeout(5000 * MS, receive), async {
            sleep(2 * MS).await;
            let _ = socket.get_ref().send(b"is anybody there?");
        });
        let error = received.unwrap_or_else(|_| panic!("not woken in round {round}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}

#[cfg(target_os = "linux")]
async fn an_error_that_stays_is_not_a_busy_loop() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    socket.connect(nobody).unwrap();
    // Errors go to a queue that nobody reads, and so the error condition stays.
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Ipv4RecvErr, &true).unwrap();
    let socket = AsyncFd::new(socket).unwrap();
    let _ = socket.get_ref().send(b"is anybody there?");
    let mut tries = 0;
    let receive = socket.async_io(Interest::READABLE, |socket| {
        tries += 1;
        match socket.recv(&mut [0; 16]) {
            // The one error that recv tells of.
            Err(err) if err.kind() == ErrorKind::ConnectionRefused => {
                Err(ErrorKind::WouldBlock.into())
            }
            received => received,
        }
    });
    let nothing = timeout(100 * MS, receive).await;
    assert!(nothing.is_err());
    // async-io is level-triggered, and asked again after each.
    let level_triggered = socket.reactor().name() == "async-io";
    assert!(tries < 10 || level_triggered, "{tries} tries in 100 ms");
}

async fn a_guard_does_not_clear_what_came_after_it() {
    let (ours, theirs) = pair();
    write(&theirs, b"x").await.unwrap();
    let mut guard = ours.readable().await.unwrap();
    assert_eq!(read(&ours).await.unwrap(), b"x");
    // A second wait clears by WouldBlock, and then new data comes.
    assert!(timeout(2 * MS, read(&ours)).await.is_err());
    write(&theirs, b"y").await.unwrap();
    drop(ours.readable().await.unwrap());
    guard.clear_ready();
    drop(timeout(1000 * MS, ours.readable()).await.expect("readiness was lost").unwrap());
}

async fn readiness_stays_until_it_is_cleared() {
    let (ours, theirs) = pair();
    write(&theirs, b"x").await.unwrap();
    for _ in 0..3 {
        drop(ours.readable().await.unwrap());
    }
    let mut guard = ours.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
    assert!(guard.ready().is_readable() || guard.ready().is_writable());
    guard.clear_ready_matching(Ready::READABLE);
    assert!(!guard.ready().is_readable());
    assert_eq!(guard.get_inner().as_raw_fd(), ours.as_fd().as_raw_fd());
}

async fn a_blocking_fd_is_set_non_blocking() {
    let (reader, _writer) = UnixStream::pair().unwrap();
    let reader = AsyncFd::new(reader).unwrap();
    let nothing = reader.get_ref().read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

async fn a_reused_fd_number_gets_no_stale_event() {
    for _ in 0..100 {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let number = reader.as_raw_fd();
        let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        writer.write_all(b"x").unwrap();
        drop(reader);
        let (reader, _writer) = UnixStream::pair().unwrap();
        if reader.as_raw_fd() != number {
            // Another test in this process was faster.
            continue;
        }
        let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        let (count, waker) = Count::new();
        assert!(poll(&mut poll_fn(|cx| reader.poll_read_ready(cx).map(drop)), &waker).is_pending());
        sleep(Duration::from_micros(300)).await;
        assert_eq!(count.get(), 0);
    }
}

async fn the_object_can_be_taken_back_and_wrapped_again() {
    let (ours, theirs) = pair();
    let mut ours = ours.into_inner();
    for _ in 0..3 {
        let wrapped = AsyncFd::new(ours).unwrap();
        write(&theirs, b"x").await.unwrap();
        assert_eq!(read(&wrapped).await.unwrap(), b"x");
        ours = wrapped.into_inner();
    }
}

async fn files_that_have_no_readiness_are_refused_by_name() {
    for path in [file!(), "/etc/passwd", "/"] {
        let Ok(file) = std::fs::File::open(path) else { continue };
        let fd = file.as_raw_fd();
        let error = AsyncFd::with_interest(file, Interest::READABLE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let message = error.to_string();
        assert!(message.contains(&format!("fd {fd} ")), "{message}");
        assert!(message.contains("Regular files and directories"), "{message}");
    }
}

async fn the_same_fd_twice_works_or_is_refused_by_name() {
    let (ours, theirs) = pair();
    match AsyncFd::new(ours.as_fd()) {
        Ok(again) => {
            assert_eq!(again.reactor().name(), "async-io");
            write(&theirs, b"x").await.unwrap();
            drop(join!(again.readable(), ours.readable()));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert!(error.to_string().contains("Share the one AsyncFd"), "{error}");
        }
    }
    // The first is none the worse.
    write(&theirs, b"x").await.unwrap();
    assert!(read(&ours).await.is_ok());
    // And a duplicate can be watched.
    let again = AsyncFd::new(OwnedFd::from(ours.get_ref().try_clone().unwrap())).unwrap();
    write(&theirs, b"x").await.unwrap();
    drop(join!(again.readable(), ours.readable()));
}

async fn a_panicking_waker_harms_no_other_fd() {
    let panicking = waker(|| std::panic::resume_unwind(Box::new("a waker that panics")));
    let (ours, theirs) = pair();
    let mut wait = poll_fn(|cx| ours.poll_read_ready(cx).map(drop));
    assert!(poll(&mut wait, &panicking).is_pending());
    let (other_ours, other_theirs) = pair();
    let (got, ()) = join!(read(&other_ours), async {
        write(&theirs, b"x").await.unwrap();
        sleep(MS).await;
        write(&other_theirs, b"y").await.unwrap();
    });
    assert_eq!(got.unwrap(), b"y");
    assert_eq!(read(&ours).await.unwrap(), b"x");
}

async fn a_dropped_wait_leaves_nothing_behind() {
    let (ours, theirs) = pair();
    let (count, waker) = Count::new();
    for _ in 0..100 {
        let mut wait = Box::pin(ours.readable());
        assert!(poll(&mut wait, &waker).is_pending());
    }
    assert_eq!(std::sync::Arc::strong_count(&count), 2, "a waker was kept");
    write(&theirs, b"x").await.unwrap();
    drop(ours.readable().await.unwrap());
    assert_eq!(count.get(), 0);
}

async fn a_socket_wrapped_before_it_is_connected_works() {
    // The kernel reports a socket that is not connected yet as hung up.
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    let socket = AsyncFd::new(socket.unwrap()).unwrap();
    sleep(2 * MS).await;
    let _ = rustix::net::connect(&socket, &listener.local_addr().unwrap());
    drop(socket.writable().await.unwrap());
    let (mut theirs, _) = listener.accept().unwrap();
    let received = socket.async_io(Interest::READABLE, |fd| {
        Ok(rustix::net::recv(fd, &mut [0; 16][..], rustix::net::RecvFlags::empty())?)
    });
    let (received, ()) = join!(timeout(5000 * MS, received), async {
        sleep(5 * MS).await;
        theirs.write_all(b"hello").unwrap();
    });
    assert_eq!(received.expect("readiness was lost").unwrap().0, 5);
    drop(receiver);
}

async fn the_same_ping_pong_a_thousand_times() {
    let (ours, theirs) = pair();
    let ping = async {
        for i in 0..1000u32 {
            write(&ours, &[i as u8]).await.unwrap();
            assert_eq!(read(&ours).await.unwrap(), [i as u8]);
        }
    };
    let pong = async {
        for _ in 0..1000 {
            let byte = read(&theirs).await.unwrap();
            write(&theirs, &byte).await.unwrap();
        }
    };
    join!(ping, pong);
}

async fn an_idle_fd_wakes_nobody() {
    let (ours, _theirs) = pair();
    let (_, polls) = common::count_polls(timeout(50 * MS, ours.readable())).await;
    assert_eq!(polls, 2);
}

#[test]
#[cfg(feature = "tokio")]
fn when_its_runtime_ends_a_wait_ends_with_an_error_that_says_so() {
    for runtime in [common::current_thread, common::multi_thread] {
        common::within_time(|| {
            let runtime = runtime();
            let (ours, theirs) = runtime.block_on(async { pair() });
            assert_eq!(ours.reactor().name(), "tokio");
            let waiting = std::thread::scope(|scope| {
                let wait = scope.spawn(|| dormouse::block_on(ours.readable()).map(drop));
                std::thread::sleep(10 * MS);
                drop(runtime);
                wait.join().unwrap()
            });
            let error = waiting.unwrap_err();
            assert!(error.to_string().contains("shut down"), "{error}");
            assert!(dormouse::block_on(ours.writable()).is_err());
            // The fds are none the worse elsewhere.
            let (ours, theirs) = (ours.into_inner(), theirs.into_inner());
            let (ours, theirs) = (AsyncFd::new(ours).unwrap(), AsyncFd::new(theirs).unwrap());
            dormouse::block_on(async {
                write(&theirs, b"x").await.unwrap();
                assert_eq!(read(&ours).await.unwrap(), b"x");
            });
        });
    }
}

#[test]
#[cfg(feature = "tokio")]
fn a_reactor_of_choice_serves_wherever_the_caller_is() {
    use dormouse::reactor::Reactor;
    common::within_time(|| {
        let runtime = common::multi_thread();
        let reactors = [
            Reactor::builtin(),
            Reactor::tokio(runtime.handle()).unwrap(),
            #[cfg(feature = "smol")]
            Reactor::async_io(),
        ];
        for reactor in &reactors {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let ours = AsyncFd::new_on(reactor, ours).unwrap();
            let theirs = AsyncFd::new_on(reactor, theirs).unwrap();
            assert_eq!(ours.reactor().name(), reactor.name());
            let exchange = async {
                let (got, _) = join!(read(&ours), async {
                    sleep(2 * MS).await;
                    write(&theirs, b"x").await
                });
                assert_eq!(got.unwrap(), b"x");
                assert!(timeout(5 * MS, read(&ours)).await.is_err());
            };
            dormouse::block_on(exchange);
        }
    });
}

#[test]
fn an_async_fd_and_its_futures_may_move_between_threads() {
    fn free<T: Send + Sync + Unpin>(_: &T) {}
    fn sent<T: Send>(_: T) {}
    let (ours, _theirs) = pair();
    free(&ours);
    sent(ours.readable());
    sent(ours.writable());
    sent(ours.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0])));
    sent(dormouse::timeout(MS, ours.readable()));
}
