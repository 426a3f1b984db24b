//! Cases that need their own process: `main.rs` runs each in a child.

use super::SECOND;
use crate::common::{BOTH, MS, poll, waker, within_time};
use dormouse::io::AsyncFd;
use dormouse::net::UnixDatagram;
use dormouse::reactor::Reactor;
use dormouse::{VirtualTime, timeout};
use futures::channel::oneshot;
use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;

/// Needs its own process: the first jump disables the poller role permanently.
#[test]
#[ignore = "run in a child process by the test of the same name"]
fn an_event_drained_by_the_poller_is_delivered_before_a_jump() {
    within_time(|| {
        // Starts the builtin reactor, so that the thread in `block_on` can become the poller.
        let (watched, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let _watched = AsyncFd::new_on(&Reactor::builtin(), watched, BOTH).unwrap();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| dormouse::block_on(ended));
            std::thread::sleep(20 * MS);
            let time = VirtualTime::new();
            let start = time.now();
            time.block_on(async {
                let (slow, slow_peer) = UnixDatagram::pair().unwrap();
                let (quick, quick_peer) = UnixDatagram::pair().unwrap();
                let (mut slow_byte, mut quick_byte) = ([0], [0]);
                let mut slow = pin!(slow.recv(&mut slow_byte));
                let mut quick = pin!(timeout(SECOND, quick.recv(&mut quick_byte)));
                // The poller drains both events at once, and the first waker that it calls takes 50 ms.
                let busy = waker(|| std::thread::sleep(50 * MS));
                let mut sent = false;
                let received = poll_fn(|cx| {
                    let received = quick.as_mut().poll(cx);
                    if !sent {
                        sent = true;
                        assert!(received.is_pending() && poll(&mut slow, &busy).is_pending());
                        slow_peer.as_ref().send(&[1]).unwrap();
                        quick_peer.as_ref().send(&[1]).unwrap();
                        std::thread::sleep(10 * MS);
                    }
                    received
                });
                assert_eq!(received.await.expect("a byte").unwrap(), 1);
            });
            assert_eq!(time.now(), start);
            end.send(()).unwrap();
        });
    });
}
