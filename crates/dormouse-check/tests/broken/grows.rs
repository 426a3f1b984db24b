//! Futures that leak something at each poll.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::{Kind::LeakPerPoll, check, event};
use std::fs::File;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// A list of wakers that grows with each poll.
struct Pushes {
    shared: Arc<Mutex<(bool, Vec<Waker>)>>,
    /// Whether a waker is skipped if it is in the list already.
    compares: bool,
}

impl Pushes {
    fn new(compares: bool) -> Pushes {
        let shared: Arc<Mutex<(bool, Vec<Waker>)>> = Arc::default();
        let other = shared.clone();
        event(move || {
            let wakers = {
                let mut other = other.lock().unwrap();
                other.0 = true;
                std::mem::take(&mut other.1)
            };
            wakers.into_iter().for_each(Waker::wake);
        });
        Pushes { shared, compares }
    }
}

impl Future for Pushes {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.shared.lock().unwrap();
        if shared.0 {
            return Poll::Ready(());
        }
        let known = shared.1.iter().any(|waker| waker.will_wake(context.waker()));
        if !(self.compares && known) {
            shared.1.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Pushes {
    fn drop(&mut self) {
        self.shared.lock().unwrap().1.clear();
    }
}

/// Starts a thread at each poll.
struct Threads(Flag);

impl Future for Threads {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.lock().unwrap().set {
            return Poll::Ready(());
        }
        let (flag, waker) = (self.0.clone(), context.waker().clone());
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            flag.lock().unwrap().set = true;
            waker.wake();
        });
        Poll::Pending
    }
}

/// Opens a file at each poll, and closes all of them on drop.
struct Files {
    flag: Flag,
    files: Vec<File>,
}

impl Future for Files {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.files.extend(File::open("/dev/null"));
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

cases! {
    /// `push` instead of replacing the waker.
    a_waker_for_each_poll: [LeakPerPoll], check(|| Pushes::new(false));
    /// `push`, unless that waker is in the list.
    a_waker_for_each_task: [LeakPerPoll], check(|| Pushes::new(true));
    /// `thread::spawn` in `poll`.
    a_thread_for_each_poll: [LeakPerPoll], check(|| Threads(Flag::default()));
    /// `open` in `poll`.
    a_file_for_each_poll: [LeakPerPoll], check(|| {
        let flag = Flag::default();
        let other = flag.clone();
        event(move || flag::set(&other));
        Files { flag, files: Vec::new() }
    });
}
