//! They call a waker with something locked, or before what it wakes for is there.

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

/// Waits for a flag, as it should be done. What is wrong with it is who sets it.
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

/// The guard lives as long as the body of the `if let`.
fn locked_in_the_head(flag: &Flag) {
    flag.lock().unwrap().set = true;
    if let Some(waker) = flag.lock().unwrap().waker.take() {
        waker.wake();
    }
}

fn locked_on_purpose(flag: &Flag) {
    let mut state = flag.lock().unwrap();
    state.set = true;
    if let Some(waker) = &state.waker {
        waker.wake_by_ref();
    }
}

/// The waiting futures of the kind, by number, and which of them are ready.
type List = Arc<Mutex<Vec<(u64, bool, Option<Waker>)>>>;

/// One of those that share a list, which is locked while one of them is woken.
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

/// Borrowed while it wakes.
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

fn wakes_before_it_sets(flag: &Flag) {
    let waker = flag.lock().unwrap().waker.take();
    if let Some(waker) = waker {
        waker.wake();
    }
    flag.lock().unwrap().set = true;
}

/// Woken for nothing at first, and then not again.
fn wakes_before_it_sets_by_a_thread(flag: &Flag) {
    let flag = flag.clone();
    let thread = thread::spawn(move || wakes_before_it_sets(&flag));
    let _ = thread.join();
}

/// One thread that wakes for all of them. A panic ends it.
fn served_by_one_thread() -> Check<()> {
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

/// They wake one after the other: a mark says that somebody does. A panic leaves it set.
fn one_at_a_time() -> Check<()> {
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
    lock_in_the_head_of_an_if_let: [WakeUnderLock], check(|| set_by(locked_in_the_head));
    /// A lock of its own.
    holds_its_lock_while_waking: [WakeUnderLock], check(|| set_by(locked_on_purpose));
    /// A lock that all of them share.
    holds_the_lock_of_all_while_waking: [WakeUnderLock], {
        let list = List::default();
        check(move || Listed::new(list.clone()))
    };
    /// On one thread, the same is a panic.
    borrows_while_waking: [WakeUnderLock], check_local(Borrowed::new);
    /// First wakes, then sets.
    wakes_before_it_sets_its_state: [WakeBeforeReady], check(|| set_by(wakes_before_it_sets));
    /// On a thread of its own.
    wakes_early_on_another_thread: [WakeBeforeReady], check(|| set_by(wakes_before_it_sets_by_a_thread));
    /// One thread serves all, until it is gone.
    server_ends_by_a_panic: [BrokenByPanic], served_by_one_thread();
    /// What a panic leaves as it was.
    panic_leaves_a_flag: [BrokenByPanic], one_at_a_time();
}
