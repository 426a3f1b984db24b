//! `dormouse::sleep` as the sleep function of the retry crate backon.

use crate::common::ports::closed_tcp_port;
use crate::common::{self, MS};
use backon::{ExponentialBuilder, Retryable};
use std::net::TcpStream;

#[test]
fn backon_retries_a_failing_connect() {
    common::within_time(|| {
        let (socket, address) = closed_tcp_port();
        let mut tries = 0;
        let connect = || {
            tries += 1;
            if tries == 3 {
                socket.listen(1).unwrap();
            }
            async move { TcpStream::connect(address) }
        };
        let pauses = ExponentialBuilder::default().with_min_delay(2 * MS).with_max_times(5);
        let connected = connect.retry(pauses).sleep(dormouse::sleep);
        dormouse::block_on(connected).expect("the third attempt connects");
        assert_eq!(tries, 3);
    });
}
