//! What has to be tried in a process of its own.

use super::SECOND;
use crate::common::{MS, poll, waker, within_time};
use dormouse::io::AsyncFd;
use dormouse::net::UnixDatagram;
use dormouse::reactor::Reactor;
use dormouse::{VirtualTime, timeout};
use futures::channel::oneshot;
use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;

/// The first jump closes the seat for good.
#[test]
#[ignore = "run by its namesake"]
fn an_event_that_a_thread_in_block_on_has_taken_out_is_waited_for() {
    within_time(|| {
        // Starts the reactor, so that there is a seat.
        let (watched, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let _watched = AsyncFd::new_on(&Reactor::builtin(), watched).unwrap();
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
                // The thread in the seat takes out both events at once, and is busy with the first.
                let busy = waker(|| std::thread::sleep(50 * MS));
                let mut sent = false;
                let answer = poll_fn(|cx| {
                    let answer = quick.as_mut().poll(cx);
                    if !sent {
                        sent = true;
                        assert!(answer.is_pending() && poll(&mut slow, &busy).is_pending());
                        slow_peer.get_ref().send(&[1]).unwrap();
                        quick_peer.get_ref().send(&[1]).unwrap();
                        std::thread::sleep(10 * MS);
                    }
                    answer
                });
                assert_eq!(answer.await.expect("a byte").unwrap(), 1);
            });
            assert_eq!(time.now(), start);
            end.send(()).unwrap();
        });
    });
}
