//! quinn: transfers over loopback, and timers in virtual time.

#[path = "../../examples/quic.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{multi_thread, on_every_executor, the_last_waker_is_woken, within_time};
use dormouse::VirtualTime;
use dormouse::time::Instant;
use dormouse_adapters::quinn_0_11::DormouseRuntime;
use quinn::Runtime;
use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::time::Duration;

const LEN: usize = 4 << 20;
const SUM: u64 = (LEN as u64 / 256) * (255 * 256 / 2);

on_every_executor! {
    quinn_transfers_4_mib
    a_datagram_wakes_the_last_task_that_receives
}

async fn quinn_transfers_4_mib() {
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
            assert_eq!(connection.closed().await, quinn::ConnectionError::TimedOut);
            // 30 s are the default of quinn.
            assert!(start.elapsed() >= Duration::from_secs(25), "{:?}", start.elapsed());
        });
        assert!(real.elapsed() < Duration::from_secs(25));
    });
}

async fn a_datagram_wakes_the_last_task_that_receives() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (peer, address) = (UdpSocket::bind("127.0.0.1:0").unwrap(), socket.local_addr().unwrap());
    let socket = DormouseRuntime::new().wrap_udp_socket(socket).unwrap();
    let (mut data, mut meta) = ([0; 2048], [quinn::udp::RecvMeta::default()]);
    let received = the_last_waker_is_woken(
        |cx| socket.poll_recv(cx, &mut [IoSliceMut::new(&mut data)], &mut meta),
        || peer.send_to(b"dream", address).unwrap(),
    );
    assert_eq!(received.await.unwrap(), 1);
    assert_eq!((meta[0].len, &data[..5]), (5, &b"dream"[..]));
}

#[test]
fn an_endpoint_whose_runtime_has_shut_down_returns_errors() {
    within_time(|| {
        let runtime = multi_thread();
        let (server, client) = runtime.block_on(async { example::endpoints().unwrap() });
        drop(runtime);
        dormouse::block_on(async {
            let address = server.local_addr().unwrap();
            if let Ok(connecting) = client.connect(address, "localhost") {
                connecting.await.unwrap_err();
            }
            assert!(server.accept().await.is_none());
        });
    });
}

#[cfg(all(feature = "netlink_sys_0_9", target_os = "linux"))]
mod full {
    use super::*;
    use crate::common::{drop_waiting_datagrams, socket_to_no_neighbour};
    use std::future::poll_fn;
    use std::io::ErrorKind;

    on_every_executor!(each_poller_waits_for_a_full_socket);

    async fn each_poller_waits_for_a_full_socket() {
        let Some((socket, destination)) = socket_to_no_neighbour().await else { return };
        let socket = DormouseRuntime::new().wrap_udp_socket(socket).unwrap();
        let [mut one, mut other] = [(); 2].map(|()| socket.clone().create_io_poller());
        let contents = [0; 500];
        let datagram = quinn::udp::Transmit {
            destination,
            ecn: None,
            contents: &contents,
            segment_size: None,
            src_ip: None,
        };
        loop {
            poll_fn(|cx| one.as_mut().poll_writable(cx)).await.unwrap();
            match socket.try_send(&datagram) {
                Err(err) if err.kind() == ErrorKind::WouldBlock => break,
                sent => sent.unwrap(),
            }
        }
        let send_again = async {
            dormouse::sleep(Duration::from_millis(20)).await;
            drop_waiting_datagrams().await;
        };
        let (one, other, ()) = futures::join!(
            the_last_waker_is_woken(|cx| one.as_mut().poll_writable(cx), || ()),
            the_last_waker_is_woken(|cx| other.as_mut().poll_writable(cx), || ()),
            send_again,
        );
        assert!(one.is_ok() && other.is_ok());
    }
}
