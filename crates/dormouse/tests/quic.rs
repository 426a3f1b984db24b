//! QUIC over dormouse's sockets and timers: quinn, on an executor and without one.

mod common;

#[path = "../examples/quic.rs"]
#[allow(dead_code, reason = "it has a main of its own")]
mod quic;

use std::sync::{Mutex, PoisonError};

const LEN: usize = 64 << 20;
const SUM: u64 = (LEN as u64 / 256) * (255 * 256 / 2);

/// One at a time: each takes seconds of CPU time in a debug build, and its time is bounded.
fn within_time(test: impl FnOnce() + Send) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    common::within_time(test);
}

#[test]
fn quinn_transfers_64_mib_on_smol() {
    within_time(|| {
        let spawn = |task: quic::Task| smol::spawn(task).detach();
        let received = smol::block_on(quic::transfer(spawn, LEN));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}

#[test]
fn quinn_transfers_64_mib_without_a_runtime() {
    static TASKS: smol::Executor<'static> = smol::Executor::new();
    within_time(|| {
        let spawn = |task: quic::Task| TASKS.spawn(task).detach();
        let received = dormouse::block_on(TASKS.run(quic::transfer(spawn, LEN)));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}

#[test]
#[cfg(feature = "tokio")]
fn quinn_transfers_64_mib_on_tokio_without_its_own_support() {
    within_time(|| {
        let spawn = |task: quic::Task| drop(tokio::spawn(task));
        let received = common::multi_thread().block_on(quic::transfer(spawn, LEN));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}
