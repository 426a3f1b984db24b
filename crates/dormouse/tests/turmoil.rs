//! turmoil simulates hosts and their network. Each host runs in a tokio runtime whose clock is paused.
#![cfg(unix)]

use dormouse::time::Instant;
use dormouse::{interval, timeout};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use turmoil::net::UdpSocket;

const LEASE: Duration = Duration::from_secs(600);
/// How long the network works.
const RENEWED: Duration = Duration::from_secs(300);
const PORT: u16 = 9;

/// Grants a lease to each request.
async fn server() -> turmoil::Result {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let mut buffer = [0; 16];
    loop {
        let (_, client) = socket.recv_from(&mut buffer).await?;
        socket.send_to(b"granted", client).await?;
    }
}

/// Renews its lease every 10 s. When the lease has run out, returns the time since the last renewal.
async fn hold_a_lease() -> std::io::Result<Duration> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).await?;
    let mut buffer = [0; 16];
    let mut renewals = interval(Duration::from_secs(10));
    let mut granted = Instant::now();
    loop {
        renewals.tick().await;
        socket.send_to(b"renew", ("server", PORT)).await?;
        let left = LEASE.saturating_sub(granted.elapsed());
        let reply = timeout(left.min(Duration::from_secs(5)), socket.recv_from(&mut buffer));
        match reply.await {
            Ok(reply) => {
                reply?;
                granted = Instant::now();
            }
            Err(_) if granted.elapsed() >= LEASE => return Ok(granted.elapsed()),
            Err(_) => {}
        }
    }
}

#[test]
fn a_lease_runs_out_across_a_partition() {
    let real_start = std::time::Instant::now();
    let mut simulation = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(3600))
        .tick_duration(Duration::from_millis(500))
        .build();
    simulation.host("server", server);
    let held = Rc::new(RefCell::new(None));
    let result = held.clone();
    simulation.client("client", async move {
        let start = Instant::now();
        let without_renewal = hold_a_lease().await?;
        *result.borrow_mut() = Some((start.elapsed(), without_renewal));
        Ok(())
    });
    simulation.client("network", async {
        dormouse::sleep(RENEWED).await;
        turmoil::partition("client", "server");
        Ok(())
    });
    simulation.run().unwrap();
    let (total, without_renewal) = held.borrow_mut().take().unwrap();
    let slack = Duration::from_secs(20);
    assert!((LEASE..LEASE + slack).contains(&without_renewal), "{without_renewal:?}");
    assert!(total.abs_diff(RENEWED + LEASE) < slack, "{total:?}");
    assert!(real_start.elapsed() < LEASE, "the simulation took real time");
}
