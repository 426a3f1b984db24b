//! Tracks the pending awaits of a test, so that a test that hangs can report them.
//!
//! The attribute `every_executor` wraps the future of each `.await` in the source of a test with [`awaited`]. While
//! such a future is pending, it has an entry in the [`Awaits`] of its test. The parent of an entry is the await that
//! most recently polled it.
//!
//! # Invariants
//! - Tracking does not change behaviour: each poll is forwarded with the executor's waker.
//! - An await has an entry from its first poll until its future is dropped, which `.await` does as soon as it is ready.

use crate::sync::lock;
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

thread_local! {
    /// The innermost await that is being polled on this thread.
    static POLLING: RefCell<Option<Entry>> = const { RefCell::new(None) };
}

/// The position and text of an `.await` in the source of a test.
#[derive(Clone, Copy, Debug)]
pub struct AwaitPoint {
    at: &'static Location<'static>,
    text: &'static str,
}

impl fmt::Display for AwaitPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}.await`", self.at, self.text)
    }
}

#[derive(Debug)]
struct PendingAwait {
    /// `None` for the body of the test.
    point: Option<AwaitPoint>,
    /// The id of the enclosing await, or 0 for the body of the test.
    parent: usize,
    since: Instant,
    polls: u64,
    last_poll: Instant,
    in_poll: bool,
}

/// The pending awaits of one test.
#[derive(Debug, Default)]
pub(crate) struct Awaits {
    last_id: AtomicUsize,
    pending: Mutex<BTreeMap<usize, PendingAwait>>,
    last_completed: Mutex<Option<AwaitPoint>>,
}

impl Awaits {
    /// Tracks the body of the test, the root of its awaits.
    pub(crate) fn track<F: Future>(self: &Arc<Awaits>, body: F) -> Awaited<F> {
        let entry = Entry::new(self.clone(), None, 0);
        Awaited { future: body, point: None, entry: EntryGuard(Some(entry)) }
    }

    /// Describes where the test hangs.
    pub(crate) fn describe(&self, executor: &str, limit: Duration) -> String {
        let now = Instant::now();
        let pending = lock(&self.pending);
        let mut text = format!("on `{executor}`, the test exceeded its time limit of {limit:?}.");
        let Some((&root, body)) = pending.iter().find(|(_, pending)| pending.parent == 0) else {
            text.push_str(
                " Its future has completed, but the executor does not shut down: a tokio runtime waits for closures \
                 that run in `spawn_blocking`.",
            );
            return text;
        };
        if body.polls == 0 {
            text.push_str(" It was never polled.");
            return text;
        }
        let awaits = list(&pending, root, 1, now);
        if !awaits.is_empty() {
            let _ = write!(text, " It hangs at{awaits}");
        } else {
            let state = body.state(now);
            text.push_str(match body.in_poll {
                true => " It hangs outside any await",
                false => " It hangs in an await hidden inside a macro",
            });
            let _ = write!(text, " ({state}). ");
            let _ = match *lock(&self.last_completed) {
                Some(point) => write!(text, "The last completed await is\n  {point}"),
                None => write!(text, "No await has completed."),
            };
        }
        if !body.in_poll {
            text.push_str(
                "\nAn await that is not polled was not woken, or another task is blocking its thread.",
            );
        }
        text
    }
}

/// The pending awaits below `parent`, one line each.
fn list(
    pending: &BTreeMap<usize, PendingAwait>,
    parent: usize,
    depth: usize,
    now: Instant,
) -> String {
    let mut text = String::new();
    for (&id, entry) in pending.iter().filter(|(_, entry)| entry.parent == parent) {
        if let Some(point) = entry.point {
            let indent = 2 * depth;
            let _ = write!(text, "\n{:indent$}{point} ({})", "", entry.state(now));
        }
        text.push_str(&list(pending, id, depth + 1, now));
    }
    text
}

impl PendingAwait {
    fn state(&self, now: Instant) -> String {
        let ago = |then| format!("{:.2} s", now.saturating_duration_since(then).as_secs_f64());
        let (since, last_poll) = (ago(self.since), ago(self.last_poll));
        let times = match self.polls {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            more => format!("{more} times"),
        };
        match self.in_poll {
            true => {
                format!(
                    "pending for {since}, in a poll that has been blocking the thread for {last_poll}"
                )
            }
            false => format!("pending for {since}, polled {times}, last {last_poll} ago"),
        }
    }
}

/// A reference to a [`PendingAwait`] in the list of its test.
#[derive(Clone, Debug)]
struct Entry {
    awaits: Arc<Awaits>,
    id: usize,
}

impl Entry {
    fn new(awaits: Arc<Awaits>, point: Option<AwaitPoint>, parent: usize) -> Entry {
        let id = awaits.last_id.fetch_add(1, SeqCst) + 1;
        let now = Instant::now();
        let pending =
            PendingAwait { point, parent, since: now, polls: 0, last_poll: now, in_poll: false };
        lock(&awaits.pending).insert(id, pending);
        Entry { awaits, id }
    }

    fn update(&self, update: impl FnOnce(&mut PendingAwait)) {
        if let Some(pending) = lock(&self.awaits.pending).get_mut(&self.id) {
            update(pending);
        }
    }
}

/// Removes an entry when it is dropped.
#[derive(Debug, Default)]
struct EntryGuard(Option<Entry>);

impl Drop for EntryGuard {
    fn drop(&mut self) {
        if let Some(Entry { awaits, id }) = &self.0 {
            lock(&awaits.pending).remove(id);
        }
    }
}

/// Marks an await as being polled on this thread until it is dropped.
struct PollGuard {
    entry: Entry,
    outer: Option<Entry>,
}

impl PollGuard {
    fn new(entry: Entry) -> PollGuard {
        entry.update(|pending| {
            pending.polls += 1;
            pending.last_poll = Instant::now();
            pending.in_poll = true;
        });
        let outer = POLLING.replace(Some(entry.clone()));
        PollGuard { entry, outer }
    }
}

impl Drop for PollGuard {
    fn drop(&mut self) {
        self.entry.update(|pending| pending.in_poll = false);
        POLLING.set(self.outer.take());
    }
}

pin_project! {
    /// A future that has an entry in the [`Awaits`] of its test while it is pending.
    #[derive(Debug)]
    pub struct Awaited<F> {
        #[pin]
        future: F,
        point: Option<AwaitPoint>,
        entry: EntryGuard,
    }
}

/// The attribute rewrites `future.await` to `awaited(future, await_point("future")).await`.
pub fn awaited<F: IntoFuture>(future: F, point: AwaitPoint) -> Awaited<F::IntoFuture> {
    Awaited { future: future.into_future(), point: Some(point), entry: EntryGuard::default() }
}

/// The caller's position, where the future with this source text is awaited.
#[track_caller]
pub fn await_point(text: &'static str) -> AwaitPoint {
    AwaitPoint { at: Location::caller(), text }
}

impl<F: Future> Future for Awaited<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let outer = POLLING.with_borrow(Clone::clone);
        match (&this.entry.0, outer) {
            (Some(entry), Some(outer)) => entry.update(|pending| pending.parent = outer.id),
            (None, Some(outer)) => {
                this.entry.0 = Some(Entry::new(outer.awaits, *this.point, outer.id));
            }
            (_, None) => {}
        }
        // Without an entry, the await is not polled by a tracked test: it is in a spawned task, for example.
        let Some(entry) = &this.entry.0 else { return this.future.poll(context) };
        let guard = PollGuard::new(entry.clone());
        let polled = this.future.poll(context);
        drop(guard);
        if let (Poll::Ready(_), Some(entry), Some(point)) = (&polled, &this.entry.0, *this.point) {
            *lock(&entry.awaits.last_completed) = Some(point);
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::future::pending;

    /// Polls the body of a test `polls` times and returns the description of where it hangs.
    fn describe_hang(polls: usize, body: impl Future<Output = ()>) -> String {
        let awaits = Arc::new(Awaits::default());
        let mut test = Box::pin(awaits.track(body));
        for _ in 0..polls {
            assert!(test.as_mut().now_or_never().is_none(), "it hangs");
        }
        awaits.describe("manual", Duration::from_secs(5))
    }

    #[test]
    fn a_pending_await_is_named_and_a_completed_one_is_not() {
        let text = describe_hang(2, async {
            awaited(std::future::ready(()), await_point("completed()")).await;
            awaited(pending::<()>(), await_point("hangs()")).await;
            awaited(pending::<()>(), await_point("later()")).await;
        });
        assert!(text.contains("awaits.rs:") && text.contains("`hangs().await`"), "{text}");
        assert!(text.contains("polled twice"), "{text}");
        assert!(!text.contains("completed()") && !text.contains("later()"), "{text}");
    }

    #[test]
    fn a_nested_await_is_listed_below_its_parent() {
        let text = describe_hang(1, async {
            let inner = async { awaited(pending::<()>(), await_point("inner")).await };
            let beside = async { awaited(pending::<()>(), await_point("beside")).await };
            awaited(futures::future::join(inner, beside), await_point("join(..)")).await;
        });
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        assert!(lines[0].contains("`join(..).await`") && indent(lines[0]) == 2, "{text}");
        assert!(lines[1].contains("`inner.await`") && indent(lines[1]) == 4, "{text}");
        assert!(lines[2].contains("`beside.await`") && indent(lines[2]) == 4, "{text}");
    }

    #[test]
    fn a_dropped_or_suspended_await_is_not_named() {
        let text = describe_hang(1, async {
            let mut suspended =
                Box::pin(async { awaited(pending::<()>(), await_point("suspended")).await });
            awaited(
                std::future::poll_fn(|context| {
                    assert!(suspended.as_mut().poll(context).is_pending(), "it is pending");
                    assert!(
                        awaited(pending::<()>(), await_point("dropped")).now_or_never().is_none(),
                        "it is pending, too"
                    );
                    Poll::Ready(())
                }),
                await_point("completed"),
            )
            .await;
            awaited(pending::<()>(), await_point("hangs")).await;
        });
        assert!(text.contains("`hangs.await`"), "{text}");
        assert!(
            !text.contains("suspended")
                && !text.contains("dropped")
                && !text.contains("completed.await"),
            "{text}"
        );
    }

    #[test]
    fn a_future_that_moves_to_another_await_is_listed_below_it() {
        let text = describe_hang(1, async {
            let mut inner =
                Box::pin(async { awaited(pending::<()>(), await_point("inner")).await });
            let once = std::future::poll_fn(|context| {
                assert!(inner.as_mut().poll(context).is_pending(), "it is pending");
                Poll::Ready(())
            });
            awaited(once, await_point("once")).await;
            awaited(inner, await_point("again")).await;
        });
        assert!(text.contains("`again.await`") && text.contains("`inner.await`"), "{text}");
    }

    #[test]
    fn an_await_hidden_in_a_macro_is_located_by_the_last_completed_one() {
        let text = describe_hang(1, async {
            awaited(std::future::ready(()), await_point("before")).await;
            pending::<()>().await;
        });
        assert!(
            text.contains("hidden inside a macro") && text.contains("`before.await`"),
            "{text}"
        );
    }
}
