//! Outside of tokio and of the polls by `block_on`, `Timeout` and `Scope`, there is no budget.

use super::{BUDGET, MANY, exchange, pair, spend_budget};
use crate::common::within_time;
use dormouse::timeout;
use futures::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Checks that a first poll of a socket that is ready is always ready.
fn assert_no_budget() {
    let pair = pair();
    for _ in 0..MANY {
        assert!(exchange(&pair).now_or_never().is_some());
    }
}

#[test]
fn without_an_executor_a_first_poll_of_a_ready_socket_is_always_ready() {
    within_time(assert_no_budget);
}

#[test]
fn on_other_executors_a_first_poll_of_a_ready_socket_is_always_ready() {
    within_time(|| {
        smol::block_on(async { assert_no_budget() });
        async_std::task::block_on(async_std::task::spawn(async { assert_no_budget() }));
        futures::executor::block_on(async { assert_no_budget() });
    });
}

#[test]
fn a_budget_ends_with_the_poll() {
    within_time(|| {
        timeout(Duration::MAX, async { spend_budget() }).now_or_never().unwrap().unwrap();
        assert_no_budget();
        dormouse::block_on(async { spend_budget() });
        assert_no_budget();
        let panicking = async {
            spend_budget();
            panic!("expected");
        };
        catch_unwind(AssertUnwindSafe(|| timeout(Duration::MAX, panicking).now_or_never()))
            .unwrap_err();
        assert_no_budget();
    });
}

#[test]
fn each_poll_of_a_timeout_begins_with_a_new_budget() {
    within_time(|| {
        let pair = pair();
        for _ in 0..100 {
            let in_one_poll = async {
                for _ in 0..BUDGET / 2 {
                    exchange(&pair).await;
                }
            };
            assert!(timeout(Duration::MAX, in_one_poll).now_or_never().is_some());
        }
        let more = async {
            for _ in 0..=BUDGET / 2 {
                exchange(&pair).await;
            }
        };
        assert!(timeout(Duration::MAX, more).now_or_never().is_none());
    });
}
