//! Futures that complete incorrectly, or never.

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
    /// `pending()`.
    never_ready: [NeverReady], check(pending::<()>).time_limit(SHORT);
    /// Panics at its first poll.
    panics: [Panics], check(|| async { panic!("not today") });
    /// A tokio sleep outside a tokio runtime.
    panics_without_its_runtime: [Panics], check(|| tokio::time::sleep(SHORT));
    /// The output is 3; the check expects 4.
    wrong_output: [WrongOutput], check(|| async { 1 + 2 }).expect_output(|sum| *sum == 4);
    /// Blocks when it is polled after completion.
    hangs_after_completion: [HangsAfterReady], check(|| {
        let (lock, mut completed) = (Mutex::new(()), false);
        poll_fn(move |_| {
            if std::mem::replace(&mut completed, true) {
                let _guard = lock.lock();
                loop {
                    thread::park();
                }
            }
            Poll::Ready(())
        })
    }).time_limit(Duration::from_secs(2));
    /// An `async` block panics when it is polled after completion.
    panics_after_completion: [AfterReady], check(|| async {}).deny(AfterReady);
}
