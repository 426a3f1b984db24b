//! Futures with which a panicking waker aborts the process. The process of the check must survive.
//!
//! In a test, the probe runs in a child process, where the abort is a finding. On a thread that does not have the name of a
//! test, it runs in the process of the check, and does nothing that is known to abort a process.

#![allow(missing_docs)]

use dormouse_check::{Kind, Report, check, event};
use futures::channel::oneshot;
use std::future::{pending, poll_fn};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

#[derive(Default)]
struct State {
    set: bool,
    waker: Option<Waker>,
}

impl State {
    fn set(state: &Mutex<State>) {
        let waker = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.set = true;
            state.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Waits until the state is set.
fn waiting(state: Arc<Mutex<State>>) -> impl Future<Output = ()> + Send {
    poll_fn(move |context| {
        let waker = context.waker().clone();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(waker);
        Poll::Pending
    })
}

/// async-task aborts the process if a waker panics on its thread.
fn a_task_of_async_task() -> Report {
    check(|| {
        blocking::unblock(|| {
            thread::sleep(Duration::from_millis(3));
            7
        })
    })
    .expect_output(|output| *output == 7)
    .run()
}

/// tokio does so if it is built with debug assertions.
fn a_task_of_tokio() -> Report {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let report =
        check(move || handle.spawn(async { tokio::time::sleep(Duration::from_millis(3)).await }))
            .run();
    runtime.shutdown_background();
    report
}

/// Wakes, and wakes again in its destructor, while the thread unwinds.
fn a_destructor_that_wakes_again() -> Report {
    struct Sender(Arc<Mutex<State>>);

    impl Drop for Sender {
        fn drop(&mut self) {
            State::set(&self.0);
        }
    }

    check(|| {
        let state: Arc<Mutex<State>> = Arc::default();
        let sender = Sender(state.clone());
        event(move || State::set(&sender.0));
        waiting(state)
    })
    .run()
}

/// Wakes with the lock held. The destructor of the sender unwraps it.
fn a_lock_that_a_panic_would_poison() -> Report {
    struct Sender(Arc<Mutex<State>>);

    impl Sender {
        fn send(&self) {
            let mut state = self.0.lock().unwrap();
            state.set = true;
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        }
    }

    impl Drop for Sender {
        fn drop(&mut self) {
            self.0.lock().unwrap().set = true;
        }
    }

    check(|| {
        let state: Arc<Mutex<State>> = Arc::default();
        let sender = Sender(state.clone());
        event(move || sender.send());
        waiting(state)
    })
    .allow(Kind::WakeUnderLock)
    .run()
}

/// A worker thread that ends the process if it panics.
fn a_worker_that_aborts() -> Report {
    struct AbortOnDrop;

    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            std::process::abort();
        }
    }

    let (requests, receiver) = mpsc::channel::<oneshot::Sender<u32>>();
    thread::spawn(move || {
        for request in receiver {
            let guard = AbortOnDrop;
            thread::sleep(Duration::from_millis(2));
            let _ = request.send(7);
            std::mem::forget(guard);
        }
    });
    let requests = Mutex::new(requests);
    check(move || {
        let (sender, receiver) = oneshot::channel();
        requests.lock().unwrap().send(sender).unwrap();
        receiver
    })
    .run()
}

extern "C" fn called_from_c(sender: &mut Option<oneshot::Sender<u32>>) {
    let _ = sender.take().unwrap().send(7);
}

/// A panic cannot unwind through a function that is called from C.
fn a_callback_of_c() -> Report {
    check(|| {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        event(move || called_from_c(&mut sender));
        receiver
    })
    .run()
}

/// Runs a check on a thread that has no name, so that no child process can repeat it.
fn in_this_process(check: fn() -> Report) -> Report {
    thread::spawn(check).join().unwrap()
}

#[test]
fn a_runtime_that_aborts_by_design_is_no_finding() {
    for check in [a_task_of_async_task, a_task_of_tokio] {
        check().assert();
        in_this_process(check).assert();
    }
}

#[test]
fn a_waker_does_not_panic_while_its_thread_unwinds() {
    a_destructor_that_wakes_again().assert();
    in_this_process(a_destructor_that_wakes_again).assert();
}

#[test]
fn a_waker_does_not_panic_under_a_lock_that_is_allowed() {
    a_lock_that_a_panic_would_poison().assert();
    in_this_process(a_lock_that_a_panic_would_poison).assert();
}

fn assert_abort_is_found(report: &Report) {
    assert_eq!(report.failures(), [Kind::BrokenByPanic], "{report}");
    let headline = report.findings()[0].headline();
    assert_eq!(headline, "the process is aborted if a waker panics", "{report}");
}

#[test]
fn an_abort_by_a_worker_is_a_finding() {
    assert_abort_is_found(&a_worker_that_aborts());
}

#[test]
fn an_abort_in_a_callback_of_c_is_a_finding() {
    assert_abort_is_found(&a_callback_of_c());
}

#[test]
fn an_abort_is_a_finding_though_the_test_depends_on_an_earlier_check() {
    let earlier = check(pending::<()>).time_limit(Duration::from_millis(100)).run();
    assert_eq!(earlier.failures(), [Kind::NeverReady]);
    assert_abort_is_found(&a_callback_of_c());
}

#[test]
#[ignore = "aborts its process; run by a test below"]
fn aborts_with_a_callback_of_c() {
    let _ = in_this_process(a_callback_of_c);
}

#[test]
#[ignore = "aborts its process; run by a test below"]
fn aborts_with_a_worker() {
    let _ = in_this_process(a_worker_that_aborts);
}

#[cfg(unix)]
#[test]
fn an_abort_of_the_process_of_the_check_has_a_name() {
    use std::os::unix::process::ExitStatusExt;

    for test in ["aborts_with_a_callback_of_c", "aborts_with_a_worker"] {
        let program = std::env::current_exe().unwrap();
        // The output of a test is captured here, and lost in an abort.
        let child = Command::new(program).args(["--exact", test, "--ignored"]).output().unwrap();
        let errors = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.signal().is_some(), "{test}: {}\n{errors}", child.status);
        assert!(errors.contains("add `.allow(Kind::BrokenByPanic)` to the check"), "{errors}");
    }
}
