//! Waits that are pending while their runtime shuts down.

use crate::common::{
    Count, MS, current_thread, multi_thread, poll, retry_with_longer_time, strict_timeout,
    within_time,
};
use crate::{FLAVORS, LIMIT, both, drain, fill, pair_on, read};
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::{TcpListener, TcpStream};
use dormouse::{sleep, timeout};
use futures::future::{join_all, lazy};
use futures::join;
use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::task::Poll;

#[test]
fn a_wait_that_is_pending_when_its_runtime_shuts_down_ends_with_the_next_event() {
    type Wait<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;
    type Start = fn(&AsyncFd<UnixStream>) -> Wait<'_>;
    let readers: [Start; 4] = [
        |fd| Box::pin(async { fd.readable().await.map(drop) }),
        |fd| Box::pin(poll_fn(|cx| fd.poll_read_ready(cx).map_ok(drop))),
        |fd| Box::pin(fd.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1]).map(drop))),
        |fd| Box::pin(async { fd.ready(both()).await.map(drop) }),
    ];
    let writers: [Start; 4] = [
        |fd| Box::pin(async { fd.writable().await.map(drop) }),
        |fd| Box::pin(poll_fn(|cx| fd.poll_write_ready(cx).map_ok(drop))),
        |fd| Box::pin(fd.async_io(Interest::WRITABLE, |mut fd| fd.write(&[0]).map(drop))),
        |fd| Box::pin(async { fd.ready(both()).await.map(drop) }),
    ];
    for runtime in FLAVORS {
        for (index, start) in readers.into_iter().chain(writers).enumerate() {
            within_time(|| {
                let runtime = runtime();
                let (local, mut peer) = pair_on(&runtime);
                fill(&local);
                std::thread::scope(|scope| {
                    let wait =
                        scope.spawn(|| dormouse::block_on(strict_timeout(LIMIT, start(&local))));
                    std::thread::sleep(5 * MS);
                    drop(runtime);
                    std::thread::sleep(5 * MS);
                    assert!(!wait.is_finished(), "nothing has happened on this fd");
                    if index < readers.len() {
                        peer.write_all(b"x").unwrap();
                    } else {
                        drain(&peer);
                    }
                    wait.join().unwrap().expect("the event was lost").unwrap();
                });
            });
        }
    }
}

#[test]
fn an_event_between_the_shutdown_and_the_next_poll_is_not_lost() {
    for runtime in FLAVORS {
        for (before, joint) in [(true, false), (false, false), (true, true), (false, true)] {
            within_time(|| {
                let runtime = runtime();
                let (local, mut peer) = pair_on(&runtime);
                fill(&local);
                let (count, waker) = Count::new();
                let interest = if joint { both() } else { Interest::READABLE };
                let mut wait = pin!(local.ready(interest));
                assert!(runtime.block_on(lazy(|_| poll(&mut wait, &waker))).is_pending());
                if before {
                    // Of a runtime with one thread, none delivers this event.
                    peer.write_all(b"x").unwrap();
                }
                drop(runtime);
                assert!(count.get() >= 1, "the shutdown wakes the wait");
                peer.write_all(b"x").unwrap();
                let guard =
                    dormouse::block_on(strict_timeout(LIMIT, wait)).expect("the event was lost");
                assert!(guard.unwrap().ready().is_readable());
            });
        }
    }
}

#[test]
fn every_wait_is_woken_and_goes_on_when_its_runtime_shuts_down() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (local, mut peer) = pair_on(&runtime);
            fill(&local);
            let readers = || join_all((0..20).map(|_| async { local.readable().await.map(drop) }));
            let writers = || join_all((0..20).map(|_| async { local.writable().await.map(drop) }));
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..3)
                    .map(|_| {
                        scope.spawn(|| {
                            let all = async { join!(readers(), writers()) };
                            dormouse::block_on(strict_timeout(LIMIT, all))
                        })
                    })
                    .collect();
                std::thread::sleep(10 * MS);
                drop(runtime);
                std::thread::sleep(5 * MS);
                peer.write_all(b"x").unwrap();
                drain(&peer);
                for thread in threads {
                    let (read, written) = thread.join().unwrap().expect("an event was lost");
                    assert!(read.into_iter().chain(written).all(|result| result.is_ok()));
                }
            });
        });
    }
}

#[test]
fn tasks_of_different_executors_keep_waiting_for_one_fd() {
    within_time(|| {
        let first = multi_thread();
        let (local, mut peer) = pair_on(&first);
        let local = std::sync::Arc::new(local);
        let wait = |local: &std::sync::Arc<AsyncFd<UnixStream>>| {
            let local = local.clone();
            async move { strict_timeout(LIMIT, local.readable()).await.map(|guard| guard.map(drop)) }
        };
        let (second, third) = (multi_thread(), multi_thread());
        let in_second = second.spawn(wait(&local));
        let in_third = third.spawn(wait(&local));
        let here = wait(&local);
        let here = std::thread::spawn(|| dormouse::block_on(here));
        let in_smol = wait(&local);
        let in_smol = std::thread::spawn(|| smol::block_on(in_smol));
        std::thread::sleep(10 * MS);
        // The fd is registered with the reactor of whichever wait is polled first, and possibly moves again.
        drop(first);
        std::thread::sleep(10 * MS);
        drop(second);
        std::thread::sleep(10 * MS);
        peer.write_all(b"x").unwrap();
        third.block_on(in_third).unwrap().expect("the event was lost").unwrap();
        here.join().unwrap().expect("the event was lost").unwrap();
        in_smol.join().unwrap().expect("the event was lost").unwrap();
        drop(in_second);
    });
}

#[test]
fn round_trips_go_on_while_their_runtime_shuts_down() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let pairs: Vec<_> = (0..4)
                .map(|_| {
                    let (local, peer) = pair_on(&runtime);
                    (local, runtime.block_on(async { AsyncFd::new(peer).unwrap() }))
                })
                .collect();
            std::thread::scope(|scope| {
                let threads: Vec<_> = pairs
                    .iter()
                    .map(|(a, b)| scope.spawn(move || dormouse::block_on(round_trips(a, b))))
                    .collect();
                std::thread::sleep(10 * MS);
                drop(runtime);
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            });
        });
    }
}

async fn round_trips(a: &AsyncFd<UnixStream>, b: &AsyncFd<UnixStream>) {
    let send = async |fd: &AsyncFd<UnixStream>| {
        fd.async_io(Interest::WRITABLE, |mut fd| fd.write(b"x")).await.unwrap()
    };
    // The echo takes its time, so the shutdown happens during the exchange.
    let ping = async {
        for _ in 0..40 {
            send(a).await;
            assert_eq!(read(a).await.unwrap(), 1);
        }
    };
    let pong = async {
        for _ in 0..40 {
            assert_eq!(read(b).await.unwrap(), 1);
            sleep(MS / 2).await;
            send(b).await;
        }
    };
    join!(ping, pong);
}

#[test]
fn the_halves_of_a_stream_go_on_in_other_executors() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (local, mut peer) = pair_on(&runtime);
            fill(&local);
            let (read_half, write_half) = local.into_split();
            let reader = std::thread::spawn(move || {
                let next = current_thread();
                let got = next.block_on(async { read(read_half.as_ref()).await.unwrap() });
                (got, read_half)
            });
            let writer = std::thread::spawn(move || {
                let write =
                    write_half.as_ref().async_io(Interest::WRITABLE, |mut fd| fd.write(b"x"));
                let written =
                    dormouse::block_on(strict_timeout(LIMIT, write)).expect("the room was lost");
                (written.unwrap(), write_half)
            });
            std::thread::sleep(5 * MS);
            drop(runtime);
            std::thread::sleep(5 * MS);
            peer.write_all(b"x").unwrap();
            let (got, read_half) = reader.join().unwrap();
            drain(&peer);
            let (written, write_half) = writer.join().unwrap();
            assert_eq!((got, written), (1, 1));
            assert!(read_half.reunite(write_half).is_ok());
        });
    }
}

#[test]
fn an_fd_that_was_wrapped_for_one_direction_goes_on() {
    for runtime in FLAVORS {
        for (registered, awaited) in [
            (Interest::READABLE, Interest::READABLE),
            (Interest::WRITABLE, Interest::WRITABLE),
            (Interest::READABLE, Interest::WRITABLE),
            (Interest::WRITABLE, Interest::READABLE),
        ] {
            within_time(|| {
                let runtime = runtime();
                let (mut local, mut peer) = UnixStream::pair().unwrap();
                // Filled before the registration, which would report the room.
                local.set_nonblocking(true).unwrap();
                while local.write(&[0; 4096]).is_ok() {}
                let local =
                    runtime.block_on(async { AsyncFd::with_interest(local, registered).unwrap() });
                let (count, waker) = Count::new();
                let mut wait = pin!(local.ready(awaited));
                assert!(runtime.block_on(lazy(|_| poll(&mut wait, &waker))).is_pending());
                drop(runtime);
                assert!(count.get() >= 1);
                dormouse::block_on(async {
                    assert!(timeout(5 * MS, &mut wait).await.is_err(), "there was no event");
                    drain(&peer);
                    peer.write_all(b"x").unwrap();
                    drop(strict_timeout(LIMIT, wait).await.expect("the event was lost").unwrap());
                });
            });
        }
    }
}

#[test]
fn timers_beside_a_wait_still_fire_after_the_shutdown() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (local, mut peer) = pair_on(&runtime);
            let (count, waker) = Count::new();
            let wait = retry_with_longer_time(50 * MS, |time| {
                let mut wait = Box::pin(timeout(time, local.readable()));
                runtime.block_on(lazy(|_| poll(&mut wait, &waker))).is_pending().then_some(wait)
            });
            drop(runtime);
            assert!(count.get() >= 1);
            current_thread().block_on(async {
                assert!(wait.await.is_err(), "there was no event");
                let (read, ()) = join!(read(&local), async {
                    sleep(2 * MS).await;
                    peer.write_all(b"x").unwrap();
                });
                assert_eq!(read.unwrap(), 1);
            });
        });
    }
}

#[test]
#[cfg(all(target_os = "linux", not(dormouse_portable)))]
fn a_wait_for_priority_does_not_depend_on_the_runtime() {
    use rustix::net::{SendFlags, send};
    within_time(|| {
        let runtime = multi_thread();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let local = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let local = runtime.block_on(async { AsyncFd::new(local).unwrap() });
        let (reader, priority) = (Count::new(), Count::new());
        let mut read_wait = pin!(local.readable());
        let mut priority_wait = pin!(local.ready(Interest::PRIORITY));
        runtime.block_on(lazy(|_| {
            assert!(poll(&mut read_wait, &reader.1).is_pending());
            assert!(poll(&mut priority_wait, &priority.1).is_pending());
        }));
        drop(runtime);
        send(&peer, b"!", SendFlags::OOB).unwrap();
        priority.0.wait_for(1);
        let guard = poll(&mut priority_wait, &priority.1);
        let Poll::Ready(Ok(guard)) = guard else { panic!("{guard:?}") };
        assert!(guard.ready().is_priority());
        (&peer).write_all(b"x").unwrap();
        let guard =
            dormouse::block_on(strict_timeout(LIMIT, read_wait)).expect("the data was lost");
        assert!(guard.unwrap().ready().is_readable());
    });
}

#[test]
fn connecting_and_accepting_go_on() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (listener, mut full) = runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                (listener, Vec::new())
            });
            let address = listener.local_addr().unwrap();
            rustix::net::listen(&listener, 1).unwrap();
            // Until the backlog is full.
            let (count, waker) = Count::new();
            let mut connect = loop {
                let mut connect = Box::pin(TcpStream::connect(address));
                let pending = (0..5).all(|_| {
                    let poll = runtime.block_on(async {
                        sleep(2 * MS).await;
                        poll(&mut connect, &waker)
                    });
                    if let Poll::Ready(stream) = poll {
                        full.push(stream.unwrap());
                        return false;
                    }
                    true
                });
                if pending {
                    break connect;
                }
            };
            drop(runtime);
            assert!(count.get() >= 1);
            dormouse::block_on(async {
                let accept = async {
                    for _ in 0..=full.len() {
                        strict_timeout(LIMIT, listener.accept()).await.unwrap().unwrap();
                    }
                };
                let (connected, ()) = join!(strict_timeout(LIMIT, &mut connect), accept);
                connected.expect("the connection was lost").unwrap();
            });
        });
    }
}

#[test]
#[cfg(feature = "futures-io")]
fn reads_and_writes_by_traits_go_on() {
    use futures::io::{AsyncReadExt, AsyncWriteExt};
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (local, mut peer) = pair_on(&runtime);
            fill(&local);
            let (mut reader, mut writer, mut buffer) = (&local, &local, [0; 16]);
            let (count, waker) = Count::new();
            let mut read = AsyncReadExt::read(&mut reader, &mut buffer);
            let mut write = AsyncWriteExt::write(&mut writer, b"x");
            runtime.block_on(lazy(|_| {
                assert!(
                    poll(&mut read, &waker).is_pending() && poll(&mut write, &waker).is_pending()
                );
            }));
            drop(runtime);
            assert!(count.get() >= 2);
            current_thread().block_on(async {
                let (read, written, ()) =
                    join!(strict_timeout(LIMIT, read), strict_timeout(LIMIT, write), async {
                        sleep(2 * MS).await;
                        drain(&peer);
                        peer.write_all(b"hello").unwrap();
                    });
                assert_eq!(read.expect("the data was lost").unwrap(), 5);
                assert_eq!(written.expect("the room was lost").unwrap(), 1);
            });
        });
    }
}
