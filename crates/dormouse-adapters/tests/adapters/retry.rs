//! backon.

#[path = "../../examples/retry.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::on_every_executor;
use backon::{ConstantBuilder, Retryable};
use dormouse::VirtualTime;
use dormouse::clock::Monotonic;
use dormouse_adapters::backon_1::DormouseSleeper;
use std::time::Duration;

on_every_executor!(a_client_that_starts_early_connects);

async fn a_client_that_starts_early_connects() {
    example::run().await.unwrap();
}

#[test]
fn pauses_are_on_the_monotonic_clock_in_virtual_time() {
    let time = VirtualTime::new();
    time.block_on(async {
        let start = Monotonic::now();
        let pauses = ConstantBuilder::default().with_delay(Duration::from_secs(60));
        let attempts =
            (async || Err::<(), _>("busy")).retry(pauses.with_max_times(10)).sleep(DormouseSleeper);
        assert_eq!(attempts.await, Err("busy"));
        assert_eq!(start.elapsed(), Duration::from_secs(600));
    });
}
