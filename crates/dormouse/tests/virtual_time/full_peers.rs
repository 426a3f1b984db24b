//! Sends and connects that wait for room in their peer: they retry in real time, and hold virtual time back.

use super::{HOUR, MINUTE, SECOND};
use crate::common::{MS, within_time};
use dormouse::net::{UnixDatagram, UnixListener, UnixStream};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};
use futures::FutureExt;
use futures::future::join;
use rustix::net::listen;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn address() -> SocketAddr {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("dormouse-full-{}-{number}", std::process::id());
    SocketAddr::from_abstract_name(name).unwrap()
}

/// A receiver with a full queue of `len` datagrams, and a sender that is not connected to it.
struct Full {
    receiver: UnixDatagram,
    sender: UnixDatagram,
    address: SocketAddr,
    len: usize,
}

impl Full {
    fn new() -> Full {
        let address = address();
        let receiver = UnixDatagram::bind_addr(&address).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        let send = |_: &usize| sender.as_ref().send_to_addr(b"x", &address).is_ok();
        let len = (0..).take_while(send).count();
        Full { receiver, sender, address, len }
    }

    async fn send(&self) {
        self.sender.send_to_addr(b"y", &self.address).await.unwrap();
    }

    async fn receive_all(&self) {
        for _ in 0..self.len {
            self.receiver.recv(&mut [0]).await.unwrap();
        }
    }
}

#[test]
fn a_send_in_a_scope_completes_when_there_is_room_although_time_stands_still() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let scope = time.scope(async {
            let full = Full::new();
            join(full.send(), full.receive_all()).await;
        });
        futures::executor::block_on(scope);
        assert_eq!(time.now(), start);
    });
}

/// Runs an operation that waits for a peer, which makes room on another thread after 20 ms of real time.
fn waits_for_peer(operation: impl AsyncFnOnce(), make_room: impl FnOnce() + Send) {
    let time = VirtualTime::new();
    let start = time.now();
    let real = std::time::Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(20 * MS);
            make_room();
        });
        let in_time = time.block_on(async { timeout(MINUTE, operation()).await }).is_ok();
        // Time stands still for a second. If the other thread was not run for so long, it may advance.
        let is_slow = real.elapsed() >= SECOND;
        assert!(is_slow || in_time && time.now() == start, "{in_time}, {:?}", time.now() - start);
    });
}

#[test]
fn block_on_does_not_advance_while_a_send_waits_for_a_peer_in_real_time() {
    within_time(|| {
        let full = Full::new();
        let make_room = || {
            for _ in 0..full.len {
                full.receiver.as_ref().recv(&mut [0]).unwrap();
            }
        };
        waits_for_peer(async || full.send().await, make_room);
    });
}

#[test]
fn block_on_does_not_advance_while_a_connect_waits_for_room_in_the_backlog() {
    within_time(|| {
        let address = address();
        let listener = UnixListener::bind_addr(&address).unwrap();
        listen(&listener, 0).unwrap();
        let _first = std::os::unix::net::UnixStream::connect_addr(&address).unwrap();
        let accept = || drop(listener.as_ref().accept().unwrap());
        waits_for_peer(async || drop(UnixStream::connect_addr(&address).await.unwrap()), accept);
    });
}

#[test]
#[cfg(not(dormouse_portable))]
fn block_on_does_not_advance_while_a_seqpacket_connect_waits_for_room_in_the_backlog() {
    use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
    within_time(|| {
        let address = address();
        let listener = UnixSeqpacketListener::bind_addr(&address).unwrap();
        listen(&listener, 0).unwrap();
        let _first = dormouse::block_on(UnixSeqpacket::connect_addr(&address)).unwrap();
        let accept = || drop(dormouse::block_on(listener.accept()).unwrap());
        waits_for_peer(async || drop(UnixSeqpacket::connect_addr(&address).await.unwrap()), accept);
    });
}

#[test]
fn a_send_to_a_peer_that_stays_full_times_out() {
    within_time(|| {
        for grace in [Duration::ZERO, 20 * MS] {
            let time = VirtualTime::builder().grace(grace).build();
            let start = time.now();
            time.block_on(async {
                let full = Full::new();
                assert!(timeout(HOUR, full.send()).await.is_err());
            });
            assert_eq!(time.now() - start, HOUR);
        }
    });
}

/// Returns when the send completed.
async fn send_to_a_peer_that_makes_room_after(late: Duration) -> Duration {
    let start = Instant::now();
    let full = Full::new();
    let receive = async {
        sleep(late).await;
        full.receive_all().await;
    };
    let send = async {
        timeout(2 * late, full.send()).await.expect("there is room at the deadline");
        start.elapsed()
    };
    join(send, receive).await.0
}

#[test]
fn a_send_notices_room_that_was_made_at_a_deadline_before_time_advances_further() {
    within_time(|| {
        let time = VirtualTime::new();
        let sent = time.block_on(async {
            let ticks = async {
                loop {
                    sleep(SECOND).await;
                }
            };
            let mut send = std::pin::pin!(send_to_a_peer_that_makes_room_after(MINUTE).fuse());
            let mut ticks = std::pin::pin!(ticks.fuse());
            futures::select! { sent = send => sent, () = ticks => unreachable!() }
        });
        assert_eq!(sent, MINUTE);
        // The same on an executor.
        let task = time.scope(async { send_to_a_peer_that_makes_room_after(MINUTE).await });
        let advance = time.advance(HOUR);
        assert_eq!(futures::executor::block_on(join(task, advance)).0, MINUTE);
    });
}

#[test]
fn a_send_that_is_dropped_does_not_hold_time_back() {
    within_time(|| {
        let real = std::time::Instant::now();
        let time = VirtualTime::new();
        for _ in 0..20 {
            time.block_on(async {
                let full = Full::new();
                assert!(full.send().now_or_never().is_none());
                sleep(HOUR).await;
            });
        }
        // Each that is held back takes a second.
        assert!(real.elapsed() < 10 * SECOND, "{:?}", real.elapsed());
    });
}

#[tokio::test]
async fn a_send_without_a_scope_notices_room_that_was_made_at_a_deadline() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let sent = tokio::spawn(send_to_a_peer_that_makes_room_after(MINUTE));
    time.advance(HOUR).await;
    assert_eq!(sent.await.unwrap(), MINUTE);
}

#[test]
fn a_send_that_is_no_longer_polled_delays_time_only_briefly() {
    within_time(|| {
        let real = std::time::Instant::now();
        VirtualTime::new().block_on(async {
            let full = Full::new();
            let mut send = Box::pin(full.send());
            assert!((&mut send).now_or_never().is_none());
            for _ in 0..100 {
                sleep(HOUR).await;
            }
        });
        // The first wait for it takes a second.
        assert!(real.elapsed() < 20 * SECOND, "{:?}", real.elapsed());
    });
}
