//! `dormouse::sleep` as the sleep function of the retry crate backon.

use crate::common::{self, MS};
use backon::{ExponentialBuilder, Retryable};
use std::net::{TcpListener, TcpStream};

#[test]
fn backon_retries_a_failing_connect() {
    common::within_time(|| {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        let mut listener = None;
        let mut tries = 0;
        let connect = || {
            tries += 1;
            if tries == 3 {
                listener = Some(TcpListener::bind(address).unwrap());
            }
            async move { TcpStream::connect(address) }
        };
        let pauses = ExponentialBuilder::default().with_min_delay(2 * MS).with_max_times(5);
        let connected = connect.retry(pauses).sleep(dormouse::sleep);
        dormouse::block_on(connected).expect("the third attempt connects");
        assert_eq!(tries, 3);
    });
}
