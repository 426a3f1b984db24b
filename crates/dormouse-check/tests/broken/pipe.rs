//! A pipe in memory, with one reader and one writer, from which the broken ones are built.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

#[derive(Default)]
pub(crate) struct State {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) closed: bool,
    pub(crate) waker: Option<Waker>,
}

pub(crate) type Pipe = Arc<Mutex<State>>;

/// How many bytes a pipe holds.
pub(crate) const CAPACITY: usize = 4;

/// Appends bytes, and wakes the reader.
pub(crate) fn send(pipe: &Pipe, bytes: &[u8]) {
    change(pipe, |state| state.bytes.extend(bytes));
}

/// Ends the pipe, and wakes the reader.
pub(crate) fn close(pipe: &Pipe) {
    change(pipe, |state| state.closed = true);
}

/// Takes all bytes out, and wakes the writer.
pub(crate) fn drain(pipe: &Pipe) {
    change(pipe, |state| state.bytes.clear());
}

fn change(pipe: &Pipe, change: impl FnOnce(&mut State)) {
    let waker = {
        let mut state = pipe.lock().unwrap();
        change(&mut state);
        state.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Removes the waker, as a destructor should.
pub(crate) fn forget(pipe: &Pipe) {
    let waker = pipe.lock().unwrap().waker.take();
    drop(waker);
}

/// What `operation` returns, or pending with the waker registered.
pub(crate) fn poll<R>(
    pipe: &Pipe,
    waker: &Waker,
    operation: impl FnOnce(&mut State) -> Option<R>,
) -> Poll<R> {
    let waker = waker.clone();
    let (result, _old) = {
        let mut state = pipe.lock().unwrap();
        let result = operation(&mut state);
        let new = result.is_none().then_some(waker);
        (result, std::mem::replace(&mut state.waker, new))
    };
    result.map_or(Poll::Pending, Poll::Ready)
}

/// Takes up to `length` bytes; `None` if there are none yet.
pub(crate) fn take(state: &mut State, length: usize) -> Option<Vec<u8>> {
    if state.bytes.is_empty() && !state.closed {
        return None;
    }
    let length = length.min(state.bytes.len());
    Some(state.bytes.drain(..length).collect())
}
