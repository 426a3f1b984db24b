//! The budget of sockets that only Unix has.

use crate::{assert_times_out, on_every_reactor};
use dormouse::net::UnixDatagram;

on_every_reactor! { a_timeout_around_datagrams_that_fail_at_once_ends }

async fn a_timeout_around_datagrams_that_fail_at_once_ends() {
    let socket = UnixDatagram::unbound().unwrap();
    assert_times_out(async {
        loop {
            socket.send_to(b"x", "/no/such/socket").await.unwrap_err();
        }
    })
    .await;
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use crate::BUDGET;
    use crate::common::current_thread;
    use crate::tokio::spent_by;
    use dormouse::net::UnixDatagram;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_datagram_that_fails_at_once_spends_one_unit_of_budget() {
        current_thread().block_on(async {
            let socket = UnixDatagram::unbound().unwrap();
            assert_eq!(spent_by(socket.send_to(b"x", "/no/such/socket")).await, 1);
        });
    }

    /// As tokio's test `coop_budget_udp_send_recv`: a task counts how often the sockets yield to it. (Those of tokio yield once
    /// more, because they wait for the event before they receive the first datagram.)
    #[test]
    fn datagram_sockets_yield_as_often_as_those_of_tokio() {
        const PACKETS: usize = 1024;
        current_thread().block_on(async {
            let (sender, receiver) = UnixDatagram::pair().unwrap();
            let yields = Arc::new(AtomicUsize::new(0));
            let counter = yields.clone();
            tokio::task::yield_now().await;
            tokio::spawn(async move {
                loop {
                    counter.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            });
            for _ in 0..PACKETS {
                sender.send(b"Hello, world").await.unwrap();
                assert_eq!(receiver.recv(&mut [0; 12]).await.unwrap(), 12);
            }
            assert_eq!(yields.load(Ordering::SeqCst), (2 * PACKETS - 1) / BUDGET);
        });
    }
}
