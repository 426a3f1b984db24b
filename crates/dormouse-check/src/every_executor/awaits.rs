//! Which awaits of a test are pending, for the case that it hangs.
//!
//! The attribute `every_executor` wraps the future of each `.await` that it sees into [`awaited`]. While such a future
//! is pending, it is listed in the [`Awaits`] of its test, below the await inside of which it was polled last.
//!
//! # Invariants
//! - Polling is passed on as it is, with the waker that the executor gave: what is watched behaves as if it were not.
//! - An await is listed from its first poll until its future is dropped, which `.await` does as soon as it is ready.

use crate::task::lock;
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

thread_local! {
    /// The await that is being polled on this thread.
    static POLLING: RefCell<Option<Entry>> = const { RefCell::new(None) };
}

/// An await in the source of a test.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    at: &'static Location<'static>,
    text: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}.await`", self.at, self.text)
    }
}

#[derive(Debug)]
struct Pending {
    place: Option<Place>,
    parent: u64,
    since: Instant,
    polls: u64,
    last_poll: Instant,
    in_poll: bool,
}

/// The awaits of one test.
#[derive(Debug, Default)]
pub(crate) struct Awaits {
    numbers: AtomicU64,
    pending: Mutex<BTreeMap<u64, Pending>>,
    last_over: Mutex<Option<Place>>,
}

impl Awaits {
    /// The body of the test itself.
    pub(crate) fn watch<F: Future>(self: &Arc<Awaits>, body: F) -> Awaited<F> {
        let entry = Entry::new(self.clone(), None, 0);
        Awaited { future: body, place: None, listed: Listed(Some(entry)) }
    }

    /// Says where the test hangs.
    pub(crate) fn describe(&self, executor: &str, limit: Duration) -> String {
        let now = Instant::now();
        let pending = lock(&self.pending);
        let mut text =
            format!("on `{executor}`, the test is not over after its time limit of {limit:?}.");
        let Some((&root, body)) = pending.iter().find(|(_, pending)| pending.parent == 0) else {
            text.push_str(
                " Its future is over, and the executor does not end: a runtime of tokio waits for all that was given \
                 to `spawn_blocking`.",
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
                true => " It hangs outside of any await",
                false => " It hangs in an await that a macro hides",
            });
            let _ = write!(text, " ({state}). ");
            let _ = match *lock(&self.last_over) {
                Some(place) => write!(text, "The last await that was over is\n  {place}"),
                None => write!(text, "No await was over before."),
            };
        }
        if !body.in_poll {
            text.push_str(
                "\nWhat is not polled has not been woken, or another task holds its thread.",
            );
        }
        text
    }
}

/// What hangs inside of an await, one line each.
fn list(pending: &BTreeMap<u64, Pending>, parent: u64, depth: usize, now: Instant) -> String {
    let mut text = String::new();
    for (&number, entry) in pending.iter().filter(|(_, entry)| entry.parent == parent) {
        if let Some(place) = entry.place {
            let indent = 2 * depth;
            let _ = write!(text, "\n{:indent$}{place} ({})", "", entry.state(now));
        }
        text.push_str(&list(pending, number, depth + 1, now));
    }
    text
}

impl Pending {
    fn state(&self, now: Instant) -> String {
        let ago = |then| format!("{:.2} s", now.saturating_duration_since(then).as_secs_f64());
        let (since, last_poll) = (ago(self.since), ago(self.last_poll));
        let times = match self.polls {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            more => format!("{more} times"),
        };
        match self.in_poll {
            true => format!(
                "pending for {since}, inside of a poll that holds the thread for {last_poll}"
            ),
            false => format!("pending for {since}, polled {times}, last {last_poll} ago"),
        }
    }
}

/// An await in the list of its test.
#[derive(Clone, Debug)]
struct Entry {
    awaits: Arc<Awaits>,
    number: u64,
}

impl Entry {
    fn new(awaits: Arc<Awaits>, place: Option<Place>, parent: u64) -> Entry {
        let number = awaits.numbers.fetch_add(1, SeqCst) + 1;
        let now = Instant::now();
        let pending =
            Pending { place, parent, since: now, polls: 0, last_poll: now, in_poll: false };
        lock(&awaits.pending).insert(number, pending);
        Entry { awaits, number }
    }

    fn note(&self, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = lock(&self.awaits.pending).get_mut(&self.number) {
            change(pending);
        }
    }
}

/// Takes an await out of the list when it is dropped.
#[derive(Debug, Default)]
struct Listed(Option<Entry>);

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(Entry { awaits, number }) = &self.0 {
            lock(&awaits.pending).remove(number);
        }
    }
}

/// While it lives, an await is being polled on this thread.
struct Polling {
    entry: Entry,
    outer: Option<Entry>,
}

impl Polling {
    fn begin(entry: Entry) -> Polling {
        entry.note(|pending| {
            pending.polls += 1;
            pending.last_poll = Instant::now();
            pending.in_poll = true;
        });
        let outer = POLLING.replace(Some(entry.clone()));
        Polling { entry, outer }
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.entry.note(|pending| pending.in_poll = false);
        POLLING.set(self.outer.take());
    }
}

pin_project! {
    /// A future that is listed while it is pending.
    #[derive(Debug)]
    pub struct Awaited<F> {
        #[pin]
        future: F,
        place: Option<Place>,
        listed: Listed,
    }
}

/// What `future.await` in a test becomes: `awaited(future, place("future")).await`.
pub fn awaited<F: IntoFuture>(future: F, place: Place) -> Awaited<F::IntoFuture> {
    Awaited { future: future.into_future(), place: Some(place), listed: Listed::default() }
}

/// Here, where the future with this source is awaited.
#[track_caller]
pub fn place(text: &'static str) -> Place {
    Place { at: Location::caller(), text }
}

impl<F: Future> Future for Awaited<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let outer = POLLING.with_borrow(Clone::clone);
        match (&this.listed.0, outer) {
            (Some(entry), Some(outer)) => entry.note(|pending| pending.parent = outer.number),
            (None, Some(outer)) => {
                this.listed.0 = Some(Entry::new(outer.awaits, *this.place, outer.number));
            }
            (_, None) => {}
        }
        // None of a test's, if there is none: one in a task that was spawned, say.
        let Some(entry) = &this.listed.0 else { return this.future.poll(context) };
        let polling = Polling::begin(entry.clone());
        let polled = this.future.poll(context);
        drop(polling);
        if let (Poll::Ready(_), Some(entry), Some(place)) = (&polled, &this.listed.0, *this.place) {
            *lock(&entry.awaits.last_over) = Some(place);
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::future::pending;

    /// Polls the body of a test a few times, and says where it hangs.
    fn where_it_hangs(polls: usize, body: impl Future<Output = ()>) -> String {
        let awaits = Arc::new(Awaits::default());
        let mut test = Box::pin(awaits.watch(body));
        for _ in 0..polls {
            assert!(test.as_mut().now_or_never().is_none(), "it hangs");
        }
        awaits.describe("hand", Duration::from_secs(5))
    }

    #[test]
    fn it_names_the_await_that_is_pending_and_none_that_is_over() {
        let text = where_it_hangs(2, async {
            awaited(std::future::ready(()), place("over()")).await;
            awaited(pending::<()>(), place("hangs()")).await;
            awaited(pending::<()>(), place("later()")).await;
        });
        assert!(text.contains("awaits.rs:") && text.contains("`hangs().await`"), "{text}");
        assert!(text.contains("polled twice"), "{text}");
        assert!(!text.contains("over()") && !text.contains("later()"), "{text}");
    }

    #[test]
    fn an_await_inside_of_another_stands_below_it() {
        let text = where_it_hangs(1, async {
            let inner = async { awaited(pending::<()>(), place("inner")).await };
            let beside = async { awaited(pending::<()>(), place("beside")).await };
            awaited(futures::future::join(inner, beside), place("join(..)")).await;
        });
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        assert!(lines[0].contains("`join(..).await`") && indent(lines[0]) == 2, "{text}");
        assert!(lines[1].contains("`inner.await`") && indent(lines[1]) == 4, "{text}");
        assert!(lines[2].contains("`beside.await`") && indent(lines[2]) == 4, "{text}");
    }

    #[test]
    fn an_await_that_was_dropped_or_put_aside_is_not_named() {
        let text = where_it_hangs(1, async {
            let mut aside = Box::pin(async { awaited(pending::<()>(), place("aside")).await });
            awaited(
                std::future::poll_fn(|context| {
                    assert!(aside.as_mut().poll(context).is_pending(), "it is pending");
                    assert!(
                        awaited(pending::<()>(), place("dropped")).now_or_never().is_none(),
                        "so is this"
                    );
                    Poll::Ready(())
                }),
                place("over"),
            )
            .await;
            awaited(pending::<()>(), place("hangs")).await;
        });
        assert!(text.contains("`hangs.await`"), "{text}");
        assert!(
            !text.contains("aside") && !text.contains("dropped") && !text.contains("over.await"),
            "{text}"
        );
    }

    #[test]
    fn a_future_that_moves_to_another_await_stands_below_that_one() {
        let text = where_it_hangs(1, async {
            let mut inner = Box::pin(async { awaited(pending::<()>(), place("inner")).await });
            let once = std::future::poll_fn(|context| {
                assert!(inner.as_mut().poll(context).is_pending(), "it is pending");
                Poll::Ready(())
            });
            awaited(once, place("once")).await;
            awaited(inner, place("again")).await;
        });
        assert!(text.contains("`again.await`") && text.contains("`inner.await`"), "{text}");
    }

    #[test]
    fn an_await_that_is_hidden_is_told_by_the_one_before() {
        let text = where_it_hangs(1, async {
            awaited(std::future::ready(()), place("before")).await;
            pending::<()>().await;
        });
        assert!(text.contains("that a macro hides") && text.contains("`before.await`"), "{text}");
    }
}
