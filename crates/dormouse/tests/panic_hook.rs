//! The panic hook of the program: it is never replaced, and sees one panic for each tokio runtime without I/O.
#![cfg(feature = "tokio")]

mod common;

use common::{MS, assert_not_early, current_thread, within_time, without_io};
use dormouse::sleep;
use futures::executor::block_on;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use tokio::runtime::Builder;

/// Held by each test, because the tests of a file share the hook of their process.
static HOOK: Mutex<()> = Mutex::new(());

/// Runs a test, and returns the messages of the panics meanwhile. The hook calls `in_hook`.
fn panics_of(test: impl FnOnce() + Send, in_hook: fn()) -> Vec<String> {
    let _hook = HOOK.lock().unwrap();
    let messages = Arc::new(Mutex::new(Vec::new()));
    let seen = messages.clone();
    let former = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        seen.lock().unwrap().push(info.to_string());
        in_hook();
    }));
    within_time(test);
    panic::set_hook(former);
    let messages = messages.lock().unwrap();
    messages.clone()
}

#[test]
fn a_runtime_with_io_causes_no_panic() {
    let test = || {
        current_thread().block_on(assert_not_early(sleep(MS)));
        common::multi_thread().block_on(assert_not_early(sleep(MS)));
        drop(dormouse::reactor::Reactor::tokio(current_thread().handle()).unwrap());
    };
    assert_eq!(panics_of(test, || {}), [""; 0]);
}

#[test]
fn a_runtime_without_io_causes_one_panic_that_says_how_to_enable_it() {
    let test = || {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_time().build().unwrap();
        runtime.block_on(async {
            for _ in 0..3 {
                assert_not_early(sleep(MS)).await;
                let on_a_worker = async {
                    assert_ne!(dormouse::reactor::Reactor::current().name(), "tokio");
                    assert_not_early(sleep(MS)).await;
                };
                tokio::spawn(on_a_worker).await.unwrap();
            }
        });
    };
    let messages = panics_of(test, || {});
    assert!(messages.iter().all(|message| message.contains("enable_io")), "{messages:?}");
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[test]
fn a_sleep_in_the_panic_hook_on_a_runtime_without_io_does_not_abort() {
    let sleep_in_hook = || {
        let runtime = without_io();
        let _context = runtime.enter();
        block_on(assert_not_early(sleep(MS)));
    };
    let test = || assert!(panic::catch_unwind(|| panic!("first")).is_err());
    let messages = panics_of(test, sleep_in_hook);
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[test]
fn no_hook_that_the_program_sets_is_lost() {
    const ROUNDS: usize = 10_000;
    let _hook = HOOK.lock().unwrap();
    let former = panic::take_hook();
    let (mut lost, mut unseen) = (0, 0);
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                let runtime = Builder::new_current_thread().enable_io().build().unwrap();
                start.wait();
                runtime.block_on(sleep(MS / 1000));
                end.wait();
            }
        });
        let panics = || drop(panic::catch_unwind(|| panic::panic_any(1)));
        for round in 0..ROUNDS {
            let seen = Arc::new(AtomicBool::new(false));
            let saw = seen.clone();
            let hook = Box::new(move |_: &PanicHookInfo<'_>| saw.store(true, SeqCst));
            start.wait();
            (0..round % 400 * 10).for_each(|_| std::hint::spin_loop());
            panic::set_hook(hook);
            panics();
            unseen += usize::from(!seen.swap(false, SeqCst));
            end.wait();
            panics();
            lost += usize::from(!seen.load(SeqCst));
        }
    });
    panic::set_hook(former);
    assert_eq!((lost, unseen), (0, 0));
}
