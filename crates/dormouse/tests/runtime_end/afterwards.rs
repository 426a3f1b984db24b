//! Fds that are used, created or unwrapped after their runtime has shut down.

use crate::common::{Count, MS, current_thread, multi_thread, poll, strict_timeout, within_time};
use crate::{FLAVORS, LIMIT, pair_on, read};
use dormouse::io::{AsyncFd, Interest};
use dormouse::net::{TcpListener, TcpStream, UdpSocket};
use dormouse::{sleep, timeout};
use futures::future::lazy;
use futures::join;
use std::io::{ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

#[test]
fn a_socket_made_in_one_runtime_works_in_the_next() {
    for runtime in FLAVORS {
        within_time(|| {
            let socket = runtime().block_on(async {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                socket.connect(socket.local_addr().unwrap()).await.unwrap();
                socket.send(b"hello").await.unwrap();
                socket
            });
            let use_it = async || {
                let mut buffer = [0; 8];
                let received = strict_timeout(LIMIT, socket.recv(&mut buffer)).await;
                assert_eq!(received.expect("a datagram was lost").unwrap(), 5);
                assert!(timeout(2 * MS, socket.recv(&mut [0; 8])).await.is_err());
                let receive = strict_timeout(LIMIT, socket.recv(&mut buffer));
                let (received, ()) = join!(receive, async {
                    sleep(2 * MS).await;
                    socket.send(b"hello").await.unwrap();
                });
                assert_eq!(received.expect("a datagram was lost").unwrap(), 5);
                socket.send(b"hello").await.unwrap();
            };
            for next in [current_thread, multi_thread, runtime] {
                next().block_on(use_it());
                assert_eq!(socket.reactor().name(), "tokio");
            }
            dormouse::block_on(use_it());
            assert_ne!(socket.reactor().name(), "tokio");
            smol::block_on(use_it());
            futures::executor::block_on(use_it());
            runtime().block_on(use_it());
        });
    }
}

#[test]
fn a_connection_that_has_not_waited_works_after_its_runtime() {
    async fn use_it(server: &TcpStream, mut client: &std::net::TcpStream) {
        let mut buffer = [0; 8];
        let (read, ()) = join!(strict_timeout(LIMIT, server.read(&mut buffer)), async {
            sleep(2 * MS).await;
            client.write_all(b"hello").unwrap();
        });
        assert_eq!(read.expect("an event was lost").unwrap(), 5);
        server.writable().await.unwrap();
    }
    for runtime in FLAVORS {
        for ended in [true, false] {
            within_time(|| {
                let accept = || {
                    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                    let client = std::net::TcpStream::connect(listener.local_addr().unwrap());
                    let former = multi_thread();
                    let (server, _) = former.block_on(async {
                        TcpListener::from_std(listener).unwrap().accept().await.unwrap()
                    });
                    assert_eq!(server.reactor().name(), "tokio");
                    let former = if ended { None } else { Some(former) };
                    (server, client.unwrap(), former)
                };
                let (server, client, former) = accept();
                runtime().block_on(use_it(&server, &client));
                assert_eq!(server.reactor().name(), "tokio");
                drop(former);
                runtime().block_on(use_it(&server, &client));
                let (server, client, _former) = accept();
                dormouse::block_on(use_it(&server, &client));
                assert_eq!(server.reactor().name(), if ended { "builtin" } else { "tokio" });
                let (server, client, _former) = accept();
                smol::block_on(use_it(&server, &client));
                let (server, client, _former) = accept();
                futures::executor::block_on(use_it(&server, &client));
            });
        }
    }
}

#[test]
fn a_new_fd_in_the_context_of_a_runtime_that_is_gone_uses_the_next_reactor() {
    within_time(|| {
        let (result, results) = mpsc::channel();
        let runtime = multi_thread();
        let handle = runtime.handle().clone();
        let in_runtime = runtime.handle().clone();
        // The shutdown of the runtime wakes this wait.
        let (local, _peer) = pair_on(&runtime);
        let (count, waker) = Count::new();
        let mut wait = pin!(local.readable());
        assert!(runtime.block_on(lazy(|_| poll(&mut wait, &waker))).is_pending());
        // As in tokio 4862: a blocking task outlives its runtime.
        runtime.spawn_blocking(move || {
            in_runtime.block_on(async {
                count.wait_for(1);
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                exchange(&socket).await;
                result.send(()).unwrap();
            });
        });
        runtime.shutdown_background();
        results.recv_timeout(LIMIT).unwrap();
        // A runtime that was dropped before, in a thread that has entered its context.
        let _context = handle.enter();
        let bind = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let socket = futures::executor::block_on(bind).unwrap();
        futures::executor::block_on(exchange(&socket));
        futures::executor::block_on(async {
            let (local, mut peer) = UnixStream::pair().unwrap();
            let local = AsyncFd::with_interest(local, Interest::READABLE).unwrap();
            let (read, ()) = join!(read(&local), async {
                sleep(2 * MS).await;
                peer.write_all(b"x").unwrap();
            });
            assert_eq!(read.unwrap(), 1);
        });
    });
}

/// Sends a datagram to the socket itself.
async fn exchange(socket: &UdpSocket) {
    assert_ne!(socket.reactor().name(), "tokio");
    let address = socket.local_addr().unwrap();
    let mut buffer = [0; 8];
    let (received, ()) = join!(strict_timeout(LIMIT, socket.recv_from(&mut buffer)), async {
        sleep(2 * MS).await;
        socket.send_to(b"hello", address).await.unwrap();
    });
    assert_eq!(received.expect("a datagram was lost").unwrap().0, 5);
}

#[test]
fn an_operation_that_does_not_wait_works_after_the_shutdown() {
    for runtime in FLAVORS {
        within_time(|| {
            let runtime = runtime();
            let (local, mut peer) = pair_on(&runtime);
            // Waits have registered both directions, and have left their readiness behind.
            peer.write_all(b"x").unwrap();
            runtime.block_on(async {
                drop(local.writable().await.unwrap());
                drop(local.readable().await.unwrap());
            });
            drop(runtime);
            let write = || local.try_io(Interest::WRITABLE, |mut fd| fd.write(b"x"));
            let read = || local.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16]));
            assert_eq!(write().unwrap(), 1);
            assert_eq!(read().unwrap(), 1);
            assert_eq!(read().unwrap_err().kind(), ErrorKind::WouldBlock);
            // After an attempt that would block, a wait has to report new data.
            dormouse::block_on(async {
                let (guard, ()) = join!(strict_timeout(LIMIT, local.readable()), async {
                    sleep(2 * MS).await;
                    peer.write_all(b"x").unwrap();
                });
                drop(guard.expect("the data was lost").unwrap());
            });
            assert_eq!(read().unwrap(), 1);
        });
    }
}

#[test]
fn an_object_can_be_taken_back_after_the_shutdown_and_wrapped_again() {
    for runtime in FLAVORS {
        within_time(|| {
            let first = runtime();
            let (local, mut peer) = pair_on(&first);
            let (_, waker) = Count::new();
            assert!(
                first.block_on(lazy(|_| poll(&mut pin!(local.readable()), &waker))).is_pending()
            );
            drop(first);
            let local = local.into_inner();
            let next = runtime();
            next.block_on(async {
                let local = AsyncFd::new(local).unwrap();
                assert_eq!(local.reactor().name(), "tokio");
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
fn fds_that_are_created_while_a_runtime_shuts_down_work() {
    for runtime in FLAVORS {
        within_time(|| {
            for _ in 0..10 {
                let runtime = runtime();
                let handle = runtime.handle().clone();
                let go_on = AtomicBool::new(true);
                std::thread::scope(|scope| {
                    for _ in 0..3 {
                        scope.spawn(|| {
                            let _context = handle.enter();
                            while go_on.load(Ordering::Relaxed) {
                                let (local, mut peer) = UnixStream::pair().unwrap();
                                let local = AsyncFd::new(local).unwrap();
                                let (_, waker) = Count::new();
                                // A waiting task, which may have registered the fd with either reactor.
                                assert!(poll(&mut pin!(local.readable()), &waker).is_pending());
                                peer.write_all(b"x").unwrap();
                                assert_eq!(dormouse::block_on(read(&local)).unwrap(), 1);
                            }
                        });
                    }
                    std::thread::sleep(3 * MS);
                    drop(runtime);
                    std::thread::sleep(3 * MS);
                    go_on.store(false, Ordering::Relaxed);
                });
            }
        });
    }
}
