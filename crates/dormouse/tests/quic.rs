//! QUIC with the sockets and timers of dormouse: quinn, on an executor and without one.

mod common;

#[path = "../examples/quic.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod quic;

use std::sync::{Mutex, PoisonError};

const LEN: usize = 64 << 20;
const SUM: u64 = (LEN as u64 / 256) * (255 * 256 / 2);

/// Runs one test at a time, because each takes seconds of CPU time in a debug build and has a time limit.
fn within_time(test: impl FnOnce() + Send) {
    static RUNNING: Mutex<()> = Mutex::new(());
    let _running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    common::within_time(test);
}

#[test]
#[cfg_attr(windows, ignore = "wine lacks options of sockets that quinn sets")]
fn quinn_transfers_64_mib_on_smol() {
    within_time(|| {
        let spawn = |task: quic::Task| smol::spawn(task).detach();
        let received = smol::block_on(quic::transfer(spawn, LEN));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}

#[test]
#[cfg_attr(windows, ignore = "wine lacks options of sockets that quinn sets")]
fn quinn_transfers_64_mib_without_a_runtime() {
    static TASKS: smol::Executor<'static> = smol::Executor::new();
    within_time(|| {
        let spawn = |task: quic::Task| TASKS.spawn(task).detach();
        let received = dormouse::block_on(TASKS.run(quic::transfer(spawn, LEN)));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}

#[test]
#[cfg_attr(windows, ignore = "wine lacks options of sockets that quinn sets")]
#[cfg(feature = "tokio")]
fn quinn_transfers_64_mib_on_tokio_without_quinns_tokio_runtime() {
    within_time(|| {
        let spawn = |task: quic::Task| drop(tokio::spawn(task));
        let received = common::multi_thread().block_on(quic::transfer(spawn, LEN));
        assert_eq!(received.unwrap(), (LEN, SUM));
    });
}
