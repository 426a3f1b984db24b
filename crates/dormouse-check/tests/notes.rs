//! Findings that are notes by default.

#![allow(missing_docs)]

use dormouse_check::{Check, Finding, Kind, Report, check, event};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct State {
    set: bool,
    waker: Option<Waker>,
}

/// Waits for a flag. `store` stores the waker, and returns whether the flag is set.
fn waiting(store: fn(&Mutex<State>, &mut Context<'_>) -> bool) -> Check<()> {
    check(move || {
        let state: Arc<Mutex<State>> = Arc::default();
        let other = state.clone();
        event(move || {
            let waker = {
                let mut state = other.lock().unwrap();
                state.set = true;
                state.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        });
        let forget = Forget(state.clone());
        poll_fn(
            move |context| {
                if store(&forget.0, context) { Poll::Ready(()) } else { Poll::Pending }
            },
        )
    })
}

/// Drops the waker with no lock held.
struct Forget(Arc<Mutex<State>>);

impl Drop for Forget {
    fn drop(&mut self) {
        let waker = self.0.lock().unwrap().waker.take();
        drop(waker);
    }
}

fn clones_and_drops_under_the_lock(state: &Mutex<State>, context: &mut Context<'_>) -> bool {
    let mut state = state.lock().unwrap();
    state.waker = Some(context.waker().clone());
    state.set
}

fn clones_under_the_lock(state: &Mutex<State>, context: &mut Context<'_>) -> bool {
    let mut state = state.lock().unwrap();
    let old = state.waker.replace(context.waker().clone());
    let set = state.set;
    drop(state);
    drop(old);
    set
}

fn drops_under_the_lock(state: &Mutex<State>, context: &mut Context<'_>) -> bool {
    let waker = context.waker().clone();
    let mut state = state.lock().unwrap();
    state.waker = Some(waker);
    state.set
}

fn clones_and_drops_without_the_lock(state: &Mutex<State>, context: &mut Context<'_>) -> bool {
    let waker = context.waker().clone();
    let mut state = state.lock().unwrap();
    let old = state.waker.replace(waker);
    let set = state.set;
    drop(state);
    drop(old);
    set
}

fn note(report: &Report, kind: Kind) -> Option<&Finding> {
    report.findings().iter().find(|finding| finding.kind() == kind && finding.is_note())
}

#[test]
fn a_waker_that_is_cloned_or_dropped_under_a_lock_is_a_note() {
    type Store = fn(&Mutex<State>, &mut Context<'_>) -> bool;
    let cases: [(Store, &str, &str); 3] = [
        (clones_under_the_lock, "it clones its waker with a lock held", "drops"),
        (drops_under_the_lock, "it drops the waker of an earlier poll with a lock held", "clones"),
        (clones_and_drops_under_the_lock, "it also clones its waker with a lock held", "nothing"),
    ];
    for (store, expected, unexpected) in cases {
        let report = waiting(store).run();
        report.assert();
        let text = report.to_string();
        assert!(note(&report, Kind::WakeUnderLock).is_some(), "{text}");
        assert!(text.contains(expected) && !text.contains(unexpected), "{text}");
        let denied = waiting(store).deny(Kind::WakeUnderLock).run();
        assert_eq!(denied.failures(), [Kind::WakeUnderLock], "{denied}");
    }
    let report = waiting(clones_and_drops_without_the_lock).run();
    assert!(note(&report, Kind::WakeUnderLock).is_none(), "{report}");
    report.assert();
}

#[test]
fn a_large_future_is_a_note() {
    let size = |bytes: &'static [u8]| {
        let report = check(move || async move {
            let buffer = [bytes[0]; 20_000];
            std::future::ready(()).await;
            assert_eq!(buffer[1], 0);
        });
        report.run()
    };
    let report = size(&[0]);
    report.assert();
    let finding = note(&report, Kind::LargeFuture).expect("a note");
    assert!(finding.headline().contains("it has 20"), "{report}");
    let small = check(|| async {}).run();
    assert!(note(&small, Kind::LargeFuture).is_none(), "{small}");
}

#[test]
fn a_first_poll_that_is_not_always_the_same_is_a_note() {
    let created = std::sync::atomic::AtomicU32::new(0);
    let report = check(move || {
        let number = created.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            if number % 2 == 0 {
                dormouse::sleep(std::time::Duration::from_millis(2)).await;
            }
        }
    })
    .run();
    assert!(report.passed() && note(&report, Kind::FirstPollVaries).is_some(), "{report}");

    let same = check(|| async {}).run();
    assert!(note(&same, Kind::FirstPollVaries).is_none(), "{same}");
}
