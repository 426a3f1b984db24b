//! noq: transfers over loopback, and timers in virtual time.

#[path = "../../examples/noq.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{on_every_executor, the_last_waker_is_woken, within_time};
use dormouse::VirtualTime;
use dormouse::time::Instant;
use dormouse_adapters::noq_1::DormouseRuntime;
use noq::Runtime;
use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::time::Duration;

const LEN: usize = 4 << 20;
const SUM: u64 = (LEN as u64 / 256) * (255 * 256 / 2);

on_every_executor! {
    noq_transfers_4_mib
    a_datagram_wakes_the_last_task_that_receives
}

async fn noq_transfers_4_mib() {
    assert_eq!(example::transfer(LEN).await.unwrap(), (LEN, SUM));
}

#[test]
fn the_idle_timeout_of_a_connection_expires_in_virtual_time() {
    within_time(|| {
        let real = std::time::Instant::now();
        VirtualTime::new().block_on(async {
            let (server, client) = example::endpoints().unwrap();
            let connecting = client.connect(server.local_addr().unwrap(), "localhost").unwrap();
            let accept = async { server.accept().await.unwrap().await.unwrap() };
            let (connection, _accepted) =
                futures::join!(async { connecting.await.unwrap() }, accept);
            let start = Instant::now();
            assert_eq!(connection.closed().await, noq::ConnectionError::TimedOut);
            // 30 s are the default of noq.
            assert!(start.elapsed() >= Duration::from_secs(25), "{:?}", start.elapsed());
        });
        assert!(real.elapsed() < Duration::from_secs(25));
    });
}

async fn a_datagram_wakes_the_last_task_that_receives() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (peer, address) = (UdpSocket::bind("127.0.0.1:0").unwrap(), socket.local_addr().unwrap());
    let mut socket = DormouseRuntime::new().wrap_udp_socket(socket).unwrap();
    let (mut data, mut meta) = ([0; 2048], [noq::udp::RecvMeta::default()]);
    let received = the_last_waker_is_woken(
        |cx| socket.poll_recv(cx, &mut [IoSliceMut::new(&mut data)], &mut meta),
        || peer.send_to(b"dream", address).unwrap(),
    );
    assert_eq!(received.await.unwrap(), 1);
    assert_eq!((meta[0].len, &data[..5]), (5, &b"dream"[..]));
}

#[cfg(all(feature = "netlink_sys_0_9", target_os = "linux"))]
mod full {
    use super::*;
    use crate::common::{drop_waiting_datagrams, socket_to_no_neighbour};
    use std::task::{Context, Waker};

    on_every_executor!(each_sender_waits_for_a_full_socket);

    async fn each_sender_waits_for_a_full_socket() {
        let Some((socket, destination)) = socket_to_no_neighbour().await else { return };
        let socket = DormouseRuntime::new().wrap_udp_socket(socket).unwrap();
        let [mut one, mut other] = [(); 2].map(|()| socket.create_sender());
        let contents = [0; 500];
        let datagram = noq::udp::Transmit {
            destination,
            ecn: None,
            contents: &contents,
            segment_size: None,
            src_ip: None,
        };
        // A reactor can report the first readiness late.
        let mut pending = 0;
        while pending < 20 {
            let sent = one.as_mut().poll_send(&datagram, &mut Context::from_waker(Waker::noop()));
            if sent.is_pending() {
                pending += 1;
                dormouse::sleep(Duration::from_millis(1)).await;
            }
        }
        let send_again = async {
            dormouse::sleep(Duration::from_millis(20)).await;
            drop_waiting_datagrams().await;
        };
        let (one, other, ()) = futures::join!(
            the_last_waker_is_woken(|cx| one.as_mut().poll_send(&datagram, cx), || ()),
            the_last_waker_is_woken(|cx| other.as_mut().poll_send(&datagram, cx), || ()),
            send_again,
        );
        assert!(one.is_ok() && other.is_ok());
    }
}
