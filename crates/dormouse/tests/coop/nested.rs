//! Executors inside a poll: the operations in them make progress, whatever budget the poll around them has.

use super::{
    BUDGET, MANY, assert_times_out, exchange, exchange_forever, exchange_many, pair, spend_budget,
};
use crate::common::{current_thread, within_time};
use dormouse::timeout;
use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use std::time::Duration;

crate::on_every_reactor! {
    another_block_on_inside_a_poll_makes_progress
    another_block_on_inside_the_poll_of_a_timeout_makes_progress
    a_timeout_in_another_block_on_ends
    block_on_has_a_budget_of_its_own
}

async fn another_block_on_inside_a_poll_makes_progress() {
    spend_budget();
    futures::executor::block_on(exchange_many());
    smol::block_on(exchange_many());
    futures::executor::block_on(timeout(Duration::MAX, exchange_many())).unwrap();
    let unordered: FuturesUnordered<_> = (0..3).map(|_| exchange_many()).collect();
    futures::executor::block_on(unordered.collect::<Vec<_>>());
    spend_budget();
    dormouse::block_on(async {
        spend_budget();
        futures::executor::block_on(exchange_many());
    });
}

async fn another_block_on_inside_the_poll_of_a_timeout_makes_progress() {
    let nested = async {
        spend_budget();
        futures::executor::block_on(exchange_many());
        futures::executor::block_on(timeout(Duration::MAX, exchange_many())).unwrap();
    };
    timeout(Duration::MAX, nested).await.unwrap();
}

async fn a_timeout_in_another_block_on_ends() {
    spend_budget();
    futures::executor::block_on(assert_times_out(exchange_forever()));
    let around = async { futures::executor::block_on(assert_times_out(exchange_forever())) };
    timeout(Duration::MAX, around).await.unwrap();
}

async fn block_on_has_a_budget_of_its_own() {
    let pair = pair();
    spend_budget();
    for _ in 0..MANY / BUDGET {
        dormouse::block_on(async {
            for _ in 0..BUDGET / 2 {
                assert!(exchange(&pair).now_or_never().is_some());
            }
            assert!(exchange(&pair).now_or_never().is_none());
        });
    }
}

#[test]
fn a_tokio_runtime_in_block_on_makes_progress() {
    within_time(|| {
        let runtime = current_thread();
        dormouse::block_on(async {
            spend_budget();
            runtime.block_on(exchange_many());
            runtime.block_on(runtime.spawn(exchange_many())).unwrap();
            runtime.block_on(assert_times_out(exchange_forever()));
        });
    });
}
