//! Combinators that mistreat their children, and futures with a wrong result.

use crate::bugs;
use crate::parts::{waiting, work};
use dormouse_check::{check, check_stream, event};
use futures::future::{BoxFuture, join, maybe_done, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, Stream, StreamExt};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Polls two streams in turn. With the defect, it polls a stream again that has ended.
struct Merge<S> {
    streams: [S; 2],
    ended: [bool; 2],
    fixed: bool,
}

impl<S: Stream<Item = u32> + Unpin> Stream for Merge<S> {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        for index in 0..2 {
            if self.fixed && self.ended[index] {
                continue;
            }
            match self.streams[index].poll_next_unpin(context) {
                Poll::Ready(Some(item)) => return Poll::Ready(Some(item)),
                Poll::Ready(None) => self.ended[index] = true,
                Poll::Pending => {}
            }
        }
        if self.ended == [true; 2] { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// A stream that must not be polled after its end.
fn count_to(last: u32) -> impl Stream<Item = u32> + Unpin + Send {
    Box::pin(futures::stream::unfold(1, move |n| async move {
        dormouse::sleep(Duration::from_millis(1)).await;
        (n <= last).then_some((n, n + 1))
    }))
}

/// Which waker the child of a `Shared` gets, and what happens to clones that are polled meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notifies {
    /// The clone that was polled last.
    Last,
    /// All clones that were registered when the child called its waker.
    AllBefore,
    /// Those, and the clones that registered until the poll of the child ended.
    All,
}

/// A future that several clones wait for.
struct Inner {
    child: Mutex<Option<BoxFuture<'static, ()>>>,
    done: AtomicBool,
    polling: AtomicBool,
    woken: AtomicBool,
    wakers: Mutex<[Option<Waker>; 2]>,
}

impl Inner {
    fn wake_all(&self) {
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap());
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, SeqCst);
        self.wake_all();
    }
}

/// One of two clones.
struct Shared {
    inner: Arc<Inner>,
    number: usize,
    notifies: Notifies,
}

fn shared(child: BoxFuture<'static, ()>, notifies: Notifies) -> [Shared; 2] {
    let inner = Arc::new(Inner {
        child: Mutex::new(Some(child)),
        done: AtomicBool::new(false),
        polling: AtomicBool::new(false),
        woken: AtomicBool::new(false),
        wakers: Mutex::default(),
    });
    [0, 1].map(|number| Shared { inner: inner.clone(), number, notifies })
}

impl Future for Shared {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let inner = &self.inner;
        let waker = context.waker().clone();
        let old = inner.wakers.lock().unwrap()[self.number].replace(waker);
        drop(old);
        if inner.done.load(SeqCst) {
            return Poll::Ready(());
        }
        if inner.polling.swap(true, SeqCst) {
            return Poll::Pending;
        }
        inner.woken.store(false, SeqCst);
        let all = Waker::from(inner.clone());
        let waker = if self.notifies == Notifies::Last { context.waker() } else { &all };
        let mut child = inner.child.lock().unwrap().take();
        let polled = match &mut child {
            Some(child) => child.as_mut().poll(&mut Context::from_waker(waker)),
            None => Poll::Ready(()),
        };
        if polled.is_ready() {
            child = None;
            inner.done.store(true, SeqCst);
        }
        *inner.child.lock().unwrap() = child;
        inner.polling.store(false, SeqCst);
        let woken = inner.woken.load(SeqCst) && self.notifies == Notifies::All;
        if polled.is_ready() || woken {
            inner.wake_all();
        }
        polled
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let waker = self.inner.wakers.lock().unwrap()[self.number].take();
        drop(waker);
    }
}

bugs! {
    /// `try_join` polls both of its futures until both are ready, also the one that has completed.
    futures_concurrency_135("futures-concurrency#135", [Panics]): |fixed| check(move || {
        let mut first = async {}.boxed();
        let mut second = async { dormouse::sleep(Duration::from_millis(4)).await }.boxed();
        async move {
            if fixed {
                let mut first = maybe_done(first);
                return poll_fn(move |context| {
                    let first = first.poll_unpin(context);
                    let second = second.as_mut().poll(context);
                    if first.is_ready() { second } else { Poll::Pending }
                })
                .await;
            }
            poll_fn(move |context| {
                let first = first.as_mut().poll(context);
                let second = second.as_mut().poll(context);
                if first.is_ready() { second } else { Poll::Pending }
            })
            .await
        }
    });

    /// `merge` polls a stream again after its end.
    futures_concurrency_120("futures-concurrency#120", [Panics]): |fixed| check_stream(move || {
        Merge { streams: [count_to(1), count_to(3)].map(Box::new), ended: [false; 2], fixed }
    }).items(8);

    /// The worker of a buffer takes a service that is not ready yet for one that is closed.
    tower_132("tower#132", [WrongOutput]): |fixed| check(move || {
        let mut wait = waiting(|service, context| service.poll(context));
        poll_fn(move |context| match Pin::new(&mut wait).poll(context) {
            Poll::Ready(()) => Poll::Ready("served"),
            Poll::Pending if fixed => Poll::Pending,
            Poll::Pending => Poll::Ready("closed"),
        })
    }).expect_output(|output| *output == "served");

    /// A wait takes any second poll for its wake-up.
    mycelium_449("mycelium#449", [SpuriousPoll]): |fixed| check(move || {
        let mut registered = false;
        waiting(move |cell, context| {
            let polled = cell.poll(context);
            let is_second = std::mem::replace(&mut registered, true);
            if is_second && !fixed { Poll::Ready(()) } else { polled }
        })
    });

    /// Two clones of a shared future. The child has the waker of the clone that was polled last. When that clone is
    /// dropped, the other one is not woken.
    futures_339("futures#339", [LostWakeUp, StaleWaker, NeverReady]): |fixed| check(move || {
        let notifies = if fixed { Notifies::All } else { Notifies::Last };
        let [kept, dropped] = shared(dormouse::sleep(Duration::from_millis(4)).boxed(), notifies);
        let short = dormouse::sleep(Duration::from_millis(1));
        let dropped = async move { drop(select(dropped, short).await) }.boxed();
        let tasks: FuturesUnordered<_> = [kept.boxed(), dropped].into_iter().collect();
        async move { tasks.collect::<Vec<_>>().await.len() }
    });

    /// Two clones of a shared future. One registers while the other polls the child, after the child has called its
    /// waker. When the other clone is dropped, the first is not woken.
    futures_2706("futures#2706", [LostWakeUp, WakeUpRace, NeverReady]): |fixed| check(move || {
        let mut yielded = false;
        let child = poll_fn(move |context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            work();
            Poll::Pending
        });
        let notifies = if fixed { Notifies::All } else { Notifies::AllBefore };
        let [first, mut second] = shared(child.boxed(), notifies);
        event(move || {
            let _ = Pin::new(&mut second).poll(&mut Context::from_waker(Waker::noop()));
        });
        first
    });

    /// A join that stops to poll its second child when the first has completed, and polls it again at the end.
    select_starves("pattern: a select that never registers its second child", [LostWakeUp]): |fixed| check(move || {
        let far = dormouse::sleep(Duration::from_secs(60));
        let near = dormouse::sleep(Duration::from_millis(3));
        let (mut far, mut near) = (far, near);
        let mut polled = false;
        poll_fn(move |context| {
            if Pin::new(&mut far).poll(context).is_ready() {
                return Poll::Ready(1);
            }
            if !fixed && !std::mem::replace(&mut polled, true) {
                return Poll::Pending;
            }
            Pin::new(&mut near).poll(context).map(|()| 2)
        })
    });

    /// The children of a join are polled with the waker of the join's first poll.
    join_keeps_waker("pattern: a join that polls its children with an old waker", [StaleWaker]): |fixed| check(move || {
        let child = |millis| dormouse::sleep(Duration::from_millis(millis));
        let mut children = join(child(1), child(4));
        let mut first: Option<Waker> = None;
        poll_fn(move |context| {
            let waker = first.get_or_insert_with(|| context.waker().clone());
            let waker = if fixed { context.waker() } else { &*waker };
            children.poll_unpin(&mut Context::from_waker(waker))
        })
    });
}
