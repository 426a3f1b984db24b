//! Combinators with one defect each, which well-behaved children may not show.

use crate::cases;
use dormouse_check::hostile::{self, HostileFuture};
use dormouse_check::{Kind, check, check_stream};
use futures::FutureExt;
use futures_core::Stream;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

type Child = Pin<Box<dyn Future<Output = i32> + Send>>;

fn child(future: impl Future<Output = i32> + Send + 'static) -> Child {
    Box::pin(future)
}

/// Is ready when both children are ready. `poll_both` does one poll.
fn join(
    children: [Child; 2],
    poll_both: fn(&mut [Child; 2], &mut [Option<i32>; 2], &mut Context<'_>),
) -> impl Future<Output = i32> + Send {
    let (mut children, mut outputs) = (children, [None, None]);
    poll_fn(move |context| {
        poll_both(&mut children, &mut outputs, context);
        match outputs {
            [Some(first), Some(second)] => Poll::Ready(first + second),
            _ => Poll::Pending,
        }
    })
}

fn store(output: &mut Option<i32>, polled: Poll<i32>) {
    if let Poll::Ready(value) = polled {
        *output = Some(value);
    }
}

/// Polls both children each time, finished or not.
fn poll_again(
    children: &mut [Child; 2],
    outputs: &mut [Option<i32>; 2],
    context: &mut Context<'_>,
) {
    for (child, output) in children.iter_mut().zip(outputs) {
        store(output, child.as_mut().poll(context));
    }
}

/// Passes its waker to the first child only.
fn forget_the_second(
    children: &mut [Child; 2],
    outputs: &mut [Option<i32>; 2],
    context: &mut Context<'_>,
) {
    let [first, second] = children;
    if outputs[0].is_none() {
        store(&mut outputs[0], first.as_mut().poll(context));
    }
    if outputs[1].is_none() {
        let mut context = Context::from_waker(Waker::noop());
        store(&mut outputs[1], second.as_mut().poll(&mut context));
    }
}

/// Polls one child after the other, but goes on to the second only when it is woken.
fn wait_after_the_first(
    children: &mut [Child; 2],
    outputs: &mut [Option<i32>; 2],
    context: &mut Context<'_>,
) {
    let number = usize::from(outputs[0].is_some());
    store(&mut outputs[number], children[number].as_mut().poll(context));
}

/// Polls each child in a loop.
fn loop_over_each(
    children: &mut [Child; 2],
    outputs: &mut [Option<i32>; 2],
    context: &mut Context<'_>,
) {
    for (child, output) in children.iter_mut().zip(outputs) {
        while output.is_none() {
            store(output, child.as_mut().poll(context));
        }
    }
}

/// Records whether a child is woken, and wakes the task of the combinator.
#[derive(Default)]
struct ChildWaker {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<ChildWaker>) {
        self.woken.store(true, SeqCst);
        let outer = self.outer.lock().unwrap().take();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

/// Polls its child only if the child has been woken.
struct WhenWoken {
    child: Child,
    waker: Arc<ChildWaker>,
    defect: Defect,
    polls: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    /// It marks the child as not woken after its poll instead of before it.
    ClearsLate,
    /// It expects that a child that was woken is ready.
    TrustsWakes,
}

impl WhenWoken {
    fn new(defect: Defect, child: Child) -> WhenWoken {
        let waker = Arc::new(ChildWaker { woken: AtomicBool::new(true), outer: Mutex::default() });
        WhenWoken { child, waker, defect, polls: 0 }
    }
}

impl Future for WhenWoken {
    type Output = i32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<i32> {
        let inner = Waker::from(self.waker.clone());
        let old = self.waker.outer.lock().unwrap().replace(context.waker().clone());
        drop(old);
        let clears_late = self.defect == Defect::ClearsLate;
        let woken = self.waker.woken.load(SeqCst);
        if !clears_late {
            self.waker.woken.store(false, SeqCst);
        }
        if !woken {
            return Poll::Pending;
        }
        self.polls += 1;
        let polled = self.child.as_mut().poll(&mut Context::from_waker(&inner));
        if clears_late {
            self.waker.woken.store(false, SeqCst);
        }
        let trusts_wakes = self.defect == Defect::TrustsWakes && self.polls > 1;
        assert!(!trusts_wakes || polled.is_ready(), "it was woken");
        polled
    }
}

impl Drop for WhenWoken {
    fn drop(&mut self) {
        let outer = self.waker.outer.lock().unwrap().take();
        drop(outer);
    }
}

/// Keeps its child under a lock that its own destructor unwraps.
struct UnderLock(Arc<Mutex<Option<HostileFuture<i32>>>>);

impl Future for UnderLock {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<i32> {
        let mut child = self.0.lock().unwrap();
        Pin::new(child.as_mut().unwrap()).poll(context)
    }
}

impl Drop for UnderLock {
    fn drop(&mut self) {
        self.0.lock().unwrap().take();
    }
}

/// A waker that locks the children, in order to find the one that was woken.
struct Locking {
    children: Mutex<Vec<HostileFuture<i32>>>,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Locking {
    fn wake(self: Arc<Locking>) {
        let number = self.children.lock().unwrap().len();
        let outer = self.outer.lock().unwrap().take();
        if let (Some(outer), true) = (outer, number > 0) {
            outer.wake();
        }
    }
}

/// Drops its children while they are locked.
struct DropsUnderLock(Arc<Locking>);

impl Future for DropsUnderLock {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<i32> {
        let inner = Waker::from(self.0.clone());
        let old = self.0.outer.lock().unwrap().replace(context.waker().clone());
        drop(old);
        // Not under the lock while it is polled.
        let Some(mut child) = self.0.children.lock().unwrap().pop() else { return Poll::Pending };
        let polled = Pin::new(&mut child).poll(&mut Context::from_waker(&inner));
        if polled.is_pending() {
            self.0.children.lock().unwrap().push(child);
        }
        polled
    }
}

impl Drop for DropsUnderLock {
    fn drop(&mut self) {
        self.0.children.lock().unwrap().clear();
    }
}

/// Merges two streams, and polls both until both have ended.
struct Merge<S>([S; 2]);

impl<S: Stream + Unpin> Stream for Merge<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut ended = 0;
        for stream in &mut self.0 {
            match Pin::new(stream).poll_next(context) {
                Poll::Ready(Some(item)) => return Poll::Ready(Some(item)),
                Poll::Ready(None) => ended += 1,
                Poll::Pending => {}
            }
        }
        if ended == 2 { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// Polls the second stream only if the first has an item.
struct Interleave<S>([S; 2]);

impl<S: Stream + Unpin> Stream for Interleave<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let first = Pin::new(&mut self.0[0]).poll_next(context);
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Some(item)) = Pin::new(&mut self.0[1]).poll_next(&mut context) {
            return Poll::Ready(Some(item));
        }
        first
    }
}

cases! {
    /// `ready`: it is polled again while the other child is pending.
    polls_a_finished_child_again: [Kind::Panics], check(|| {
        join([child(hostile::ready(1)), child(hostile::wakes_late(2))], poll_again)
    });
    /// `ready`: the second child is not polled, and so not woken, after the first was ready at once.
    waits_for_a_child_that_it_has_not_polled: [Kind::LostWakeUp], check(|| {
        join([child(hostile::ready(1)), child(hostile::ready(2))], wait_after_the_first)
    });
    /// `wakes_late`: the second child gets no waker.
    forgets_the_waker_of_a_child: [Kind::LostWakeUp], check(|| {
        join([child(hostile::wakes_late(1)), child(hostile::wakes_late(2))], forget_the_second)
    });
    /// `yields`: the loop ends when the child is ready.
    loops_over_a_yielding_child: [Kind::Panics], check(|| {
        join([child(hostile::ready(1)), child(hostile::yields(64, 2))], loop_over_each)
    });
    /// `pending_once`: the wake-up comes while the child is polled.
    misses_a_wake_up_by_the_child_itself: [Kind::NeverReady], check(|| {
        WhenWoken::new(Defect::ClearsLate, child(hostile::pending_once(1)))
    });
    /// `moves_thread`: the same from another thread.
    misses_a_wake_up_during_the_poll_of_a_child: [Kind::NeverReady], check(|| {
        WhenWoken::new(Defect::ClearsLate, child(hostile::moves_thread(1)))
    });
    /// `wakes_spuriously`: a child that is woken need not be ready.
    takes_a_wake_up_for_readiness: [Kind::Panics], check(|| {
        WhenWoken::new(Defect::TrustsWakes, child(hostile::wakes_spuriously(1)))
    });
    /// `panics_on_poll`: the panic of the child poisons a lock.
    cannot_be_dropped_after_a_panic: [Kind::PanicOnDrop], check(|| {
        let under_lock = UnderLock(Arc::new(Mutex::new(Some(hostile::panics_on_poll(2)))));
        AssertUnwindSafe(under_lock).catch_unwind()
    });
    /// `wakes_on_drop`: the destructor of a child needs a lock.
    drops_a_child_under_its_lock: [Kind::BlockingPoll], check(|| {
        let children = Mutex::new(vec![hostile::wakes_on_drop(1)]);
        DropsUnderLock(Arc::new(Locking { children, outer: Mutex::default() }))
    });
    /// `never`: a child that is no longer needed is leaked.
    leaks_the_other_child: [Kind::WakerLeft], check(|| {
        let mut children = Some([hostile::wakes_late(1), hostile::never()]);
        poll_fn(move |context| {
            let [mut first, mut second] = children.take().expect("it is not ready");
            if Pin::new(&mut second).poll(context).is_ready() {
                unreachable!("it is never ready");
            }
            let polled = Pin::new(&mut first).poll(context);
            if polled.is_pending() {
                children = Some([first, second]);
            } else {
                std::mem::forget(second);
            }
            polled
        })
    }).deny(Kind::WakerLeft);
    /// `stream::ready`: it has ended, and is polled again.
    polls_a_stream_after_its_end: [Kind::Panics], check_stream(|| {
        Merge([hostile::stream::ready(vec![1]), hostile::stream::wakes_late(vec![2])])
    });
    /// `stream::wakes_late`: the second stream gets no waker.
    forgets_the_waker_of_a_stream: [Kind::LostWakeUp], check_stream(|| {
        Interleave([hostile::stream::never(vec![1]), hostile::stream::wakes_late(vec![2, 3])])
    });
}
