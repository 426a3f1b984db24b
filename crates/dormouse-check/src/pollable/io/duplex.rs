//! A reader and writer under test, of which both directions are in use at the same time, as if by two tasks.
//!
//! Each direction has a waker of its own, and is polled only if that waker was called. So an object that wakes the wrong
//! direction makes no progress.
//!
//! # Invariants
//! - A direction that is not polled has ended, or is pending with a waker that wakes the current task.
//! - A poll of the task without a wake-up of either direction polls both. After an item it does not, because it follows
//!   in any case.

use super::{CheckedRead, CheckedWrite, Failure, ReadTrait, WriteTrait};
use crate::pollable::{Expect, Output, Pollable};
use crate::sync::lock;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker, ready};

/// One direction of the object. The lock is held during a poll of the object, and by nothing else.
pub(crate) struct Half<D>(Arc<Mutex<Pin<Box<D>>>>);

/// The traits of a half, which are those of the object.
pub(crate) struct HalfOf<T>(PhantomData<T>);

impl<T: ReadTrait<D>, D> ReadTrait<Half<D>> for HalfOf<T> {
    fn poll_read(
        half: Pin<&mut Half<D>>,
        context: &mut Context<'_>,
        length: usize,
        vectored: bool,
    ) -> Poll<Result<Vec<u8>, Failure>> {
        T::poll_read(lock(&half.0).as_mut(), context, length, vectored)
    }
}

impl<T: WriteTrait<D>, D> WriteTrait<Half<D>> for HalfOf<T> {
    const CLOSE: &'static str = T::CLOSE;
    const CLOSE_FLUSHES: bool = T::CLOSE_FLUSHES;

    fn poll_write(
        half: Pin<&mut Half<D>>,
        context: &mut Context<'_>,
        data: &[u8],
        vectored: bool,
    ) -> Poll<io::Result<usize>> {
        T::poll_write(lock(&half.0).as_mut(), context, data, vectored)
    }

    fn poll_flush(half: Pin<&mut Half<D>>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        T::poll_flush(lock(&half.0).as_mut(), context)
    }

    fn poll_close(half: Pin<&mut Half<D>>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        T::poll_close(lock(&half.0).as_mut(), context)
    }
}

/// The waker of one direction, which also wakes the task.
struct HalfWaker {
    woken: AtomicBool,
    task: Waker,
}

impl Wake for HalfWaker {
    fn wake(self: Arc<HalfWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<HalfWaker>) {
        self.woken.store(true, SeqCst);
        self.task.wake_by_ref();
    }
}

/// A direction, with the waker of its last poll.
struct Direction<P> {
    half: P,
    waker: Option<Arc<HalfWaker>>,
    pending: bool,
}

impl<P: Pollable + Unpin> Direction<P> {
    fn new(half: P) -> Direction<P> {
        Direction { half, waker: None, pending: false }
    }

    /// Whether it was woken since its last poll, or since the last call.
    fn take_wake(&self) -> bool {
        self.waker.as_ref().is_some_and(|waker| waker.woken.swap(false, SeqCst))
    }

    /// Whether it waits for a wake-up, which wakes this task.
    fn waits(&self, task: &Waker) -> bool {
        self.pending && self.waker.as_ref().is_some_and(|waker| waker.task.will_wake(task))
    }

    fn poll(&mut self, task: &Waker) -> Poll<Output> {
        if self.half.is_terminated() {
            return Poll::Pending;
        }
        let new = || Arc::new(HalfWaker { woken: AtomicBool::new(false), task: task.clone() });
        // Of the same task the same waker, because some objects wake a waker that they replace.
        let waker =
            self.waker.take().filter(|waker| waker.task.will_wake(task)).unwrap_or_else(new);
        waker.woken.store(false, SeqCst);
        let std_waker = Waker::from(waker.clone());
        self.waker = Some(waker);
        let polled = Pin::new(&mut self.half).poll(&mut Context::from_waker(&std_waker));
        self.pending = polled.is_pending();
        polled
    }
}

/// `T` has the traits of the object.
pub(crate) struct CheckedDuplex<T, D> {
    read: Direction<CheckedRead<HalfOf<T>, Half<D>>>,
    write: Direction<CheckedWrite<HalfOf<T>, Half<D>>>,
    /// The last poll has returned an item.
    after_item: bool,
}

impl<T: ReadTrait<D> + WriteTrait<D>, D> CheckedDuplex<T, D> {
    /// Everything must be written without an error. The expectation is about what is read.
    pub(crate) fn new(object: D, data: Arc<[u8]>, expect: Expect<io::Result<Vec<u8>>>) -> Self {
        let object = Arc::new(Mutex::new(Box::pin(object)));
        CheckedDuplex {
            read: Direction::new(CheckedRead::new(Half(object.clone()), expect)),
            write: Direction::new(CheckedWrite::new(Half(object), data, None)),
            after_item: false,
        }
    }

    /// Polls each direction that is woken or does not wait, or both. Returns whether one made progress that had been
    /// pending, or an output that is not the expected one.
    fn poll_directions(&mut self, task: &Waker) -> Result<bool, Output> {
        let woken = [self.read.take_wake(), self.write.take_wake()];
        let both = woken == [false, false] && !std::mem::take(&mut self.after_item);
        let was_pending = [self.read.pending, self.write.pending];
        let mut polls = [Poll::Pending, Poll::Pending];
        if both || woken[0] || !self.read.waits(task) {
            polls[0] = self.read.poll(task);
        }
        if both || woken[1] || !self.write.waits(task) {
            polls[1] = self.write.poll(task);
        }
        for polled in polls {
            if let Poll::Ready(output @ Output { expected: false, .. }) = polled {
                return Err(output);
            }
        }
        self.after_item =
            polls.iter().zip(was_pending).any(|(polled, pending)| pending && polled.is_ready());
        Ok(self.after_item)
    }
}

impl<T: ReadTrait<D> + WriteTrait<D>, D> Pollable for CheckedDuplex<T, D> {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        if self.is_terminated() {
            let output = ready!(Pin::new(&mut self.read.half).poll(context));
            return Poll::Ready(output);
        }
        match self.poll_directions(context.waker()) {
            Err(output) => Poll::Ready(Output { more: false, ..output }),
            Ok(_) if self.is_terminated() => Poll::Ready(Output { more: false, expected: true }),
            Ok(true) => Poll::Ready(Output { more: true, expected: true }),
            Ok(false) => Poll::Pending,
        }
    }

    fn is_terminated(&self) -> bool {
        self.read.half.is_terminated() && self.write.half.is_terminated()
    }

    fn last_operation(&self) -> Option<String> {
        let (read, write) = (self.read.half.last_operation()?, self.write.half.last_operation()?);
        Some(format!("{read}; {write}"))
    }
}
