//! Futures whose waker is called with a lock held, or before they can be ready.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::Kind::{BrokenByPanic, WakeBeforeReady, WakeUnderLock};
use dormouse_check::{Check, check, check_local, event, local_event};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Waits for a flag, correctly. The defect is in the code that sets the flag.
struct Waiting(Flag);

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        flag::forget(&self.0);
    }
}

fn set_by(set: fn(&Flag)) -> Waiting {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || set(&other));
    Waiting(flag)
}

/// The temporary guard lives until the end of the `if let` body.
fn set_with_guard_in_scrutinee(flag: &Flag) {
    flag.lock().unwrap().set = true;
    if let Some(waker) = flag.lock().unwrap().waker.take() {
        waker.wake();
    }
}

fn set_with_lock_held(flag: &Flag) {
    let mut state = flag.lock().unwrap();
    state.set = true;
    if let Some(waker) = &state.waker {
        waker.wake_by_ref();
    }
}

/// The waiters, as (id, ready, waker).
type List = Arc<Mutex<Vec<(u64, bool, Option<Waker>)>>>;

/// One of several futures that share a list of waiters, which is locked during `wake`.
struct Listed {
    list: List,
    id: u64,
}

impl Listed {
    fn new(list: List) -> Listed {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, other) = (NEXT.fetch_add(1, Ordering::Relaxed), list.clone());
        event(move || {
            let mut list = other.lock().unwrap();
            if let Some(entry) = list.iter_mut().find(|entry| entry.0 == id) {
                entry.1 = true;
                if let Some(waker) = entry.2.take() {
                    waker.wake();
                }
            }
        });
        Listed { list, id }
    }
}

impl Future for Listed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut list = self.list.lock().unwrap();
        let waker = Some(context.waker().clone());
        match list.iter_mut().find(|entry| entry.0 == self.id) {
            Some(entry) if entry.1 => return Poll::Ready(()),
            Some(entry) => entry.2 = waker,
            None => list.push((self.id, false, waker)),
        }
        Poll::Pending
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.list.lock().unwrap().retain(|entry| entry.0 != self.id);
    }
}

/// A `RefCell` that is borrowed during `wake`.
struct Borrowed(Rc<RefCell<(bool, Option<Waker>)>>);

impl Borrowed {
    fn new() -> Borrowed {
        let shared: Rc<RefCell<(bool, Option<Waker>)>> = Rc::default();
        let other = shared.clone();
        local_event(move || {
            let mut other = other.borrow_mut();
            other.0 = true;
            if let Some(waker) = other.1.take() {
                waker.wake();
            }
        });
        Borrowed(shared)
    }
}

impl Future for Borrowed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.0.borrow_mut();
        if shared.0 {
            return Poll::Ready(());
        }
        shared.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.0.borrow_mut().1 = None;
    }
}

fn wake_then_set(flag: &Flag) {
    let waker = flag.lock().unwrap().waker.take();
    if let Some(waker) = waker {
        waker.wake();
    }
    flag.lock().unwrap().set = true;
}

/// The same on another thread.
fn wake_then_set_on_a_thread(flag: &Flag) {
    let flag = flag.clone();
    let thread = thread::spawn(move || wake_then_set(&flag));
    let _ = thread.join();
}

/// One worker thread wakes all futures. A panic ends it.
fn woken_by_a_worker_thread() -> Check<()> {
    let (sender, receiver) = mpsc::channel::<Flag>();
    thread::spawn(move || {
        for flag in receiver {
            flag::set(&flag);
        }
    });
    let sender = Arc::new(Mutex::new(sender));
    check(move || {
        let (flag, sender) = (Flag::default(), sender.clone());
        let other = flag.clone();
        event(move || {
            let _ = sender.lock().unwrap().send(other);
        });
        Waiting(flag)
    })
}

/// A flag serializes the wake-ups. A panic leaves it set.
fn woken_one_at_a_time() -> Check<()> {
    let waking = Arc::new(AtomicBool::new(false));
    check(move || {
        let (flag, waking) = (Flag::default(), waking.clone());
        let other = flag.clone();
        event(move || {
            other.lock().unwrap().set = true;
            for _ in 0..1000 {
                if !waking.swap(true, Ordering::SeqCst) {
                    flag::set(&other);
                    waking.store(false, Ordering::SeqCst);
                    return;
                }
                thread::sleep(Duration::from_micros(200));
            }
        });
        Waiting(flag)
    })
}

cases! {
    /// `if let Some(waker) = lock().take() { waker.wake() }`
    holds_a_guard_in_an_if_let_scrutinee: [WakeUnderLock], check(|| set_by(set_with_guard_in_scrutinee));
    /// A lock for each future.
    holds_its_lock_while_waking: [WakeUnderLock], check(|| set_by(set_with_lock_held));
    /// A lock that all futures share.
    holds_a_shared_lock_while_waking: [WakeUnderLock], {
        let list = List::default();
        check(move || Listed::new(list.clone()))
    };
    /// A `RefCell` on one thread, which panics instead.
    borrows_while_waking: [WakeUnderLock], check_local(Borrowed::new);
    /// Calls `wake`, then sets the flag.
    wakes_before_it_sets_its_state: [WakeBeforeReady], check(|| set_by(wake_then_set));
    /// The same on another thread.
    wakes_early_on_another_thread: [WakeBeforeReady], check(|| set_by(wake_then_set_on_a_thread));
    /// A panic ends the worker thread of all futures.
    a_panic_ends_the_worker_thread: [BrokenByPanic], woken_by_a_worker_thread();
    /// A panic leaves a flag set that all futures wait for.
    a_panic_leaves_a_flag_set: [BrokenByPanic], woken_one_at_a_time();
}
