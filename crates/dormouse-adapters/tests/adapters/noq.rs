//! noq: transfers over loopback, and timers in virtual time.

#[path = "../../examples/noq.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{on_every_executor, within_time};
use dormouse::VirtualTime;
use dormouse::time::Instant;
use std::time::Duration;

const LEN: usize = 4 << 20;
const SUM: u64 = (LEN as u64 / 256) * (255 * 256 / 2);

on_every_executor!(noq_transfers_4_mib);

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
