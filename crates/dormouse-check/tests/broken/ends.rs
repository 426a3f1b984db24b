//! How they end, or do not.

use crate::cases;
use dormouse_check::Kind::{AfterReady, HangsAfterReady, NeverReady, Panics, WrongOutput};
use dormouse_check::check;
use std::future::{pending, poll_fn};
use std::sync::Mutex;
use std::task::Poll;
use std::thread;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

cases! {
    /// Never.
    never_ready: [NeverReady], check(pending::<()>).time_limit(SHORT);
    /// Always.
    panics: [Panics], check(|| async { panic!("not today") });
    /// tokio's, without tokio.
    panics_without_its_runtime: [Panics], check(|| tokio::time::sleep(SHORT));
    /// It comes to 3.
    wrong_output: [WrongOutput], check(|| async { 1 + 2 }).expect_output(|sum| *sum == 4);
    /// Locks what it has locked.
    hangs_after_its_end: [HangsAfterReady], check(|| {
        let (lock, mut over) = (Mutex::new(()), false);
        poll_fn(move |_| {
            if std::mem::replace(&mut over, true) {
                let _guard = lock.lock();
                loop {
                    thread::park();
                }
            }
            Poll::Ready(())
        })
    }).time_limit(SHORT);
    /// An `async fn` panics, if somebody asks.
    panics_after_its_end: [AfterReady], check(|| async {}).deny(AfterReady);
}
