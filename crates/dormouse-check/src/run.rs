//! One copy of the subject, and what has to happen to it.
//!
//! Every poll goes through [`Run::poll`], which takes it down in the task's time line. When it is polled, and
//! with which waker, is for others to decide: see [`crate::drive`].

use crate::event::{self, Event};
use crate::panics;
use crate::patience::Patience;
use crate::process::{Moment, Spent};
use crate::stage;
use crate::subject::{Factory, Step, Subject};
use crate::task::{Task, TaskWaker};
use crate::timeline::{Polled, What};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::time::Instant;

/// A copy of the subject.
pub(crate) struct Run<S: Subject + ?Sized> {
    subject: Option<Pin<Box<S>>>,
    pub(crate) task: Arc<Task>,
    polls: u32,
    /// When the last poll began.
    pub(crate) polled_at: Instant,
    /// How the thread spent each poll, if somebody wants to know.
    spent: Option<Vec<Spent>>,
}

/// A copy that may move between threads.
pub(crate) type SendRun = Run<dyn Subject + Send>;
/// A copy that stays on its thread.
pub(crate) type LocalRun = Run<dyn Subject>;

impl<S: Subject + ?Sized> fmt::Debug for Run<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("polls", &self.polls).finish_non_exhaustive()
    }
}

/// What has to happen to a copy. It stays on the thread that made the copy.
#[derive(Debug)]
pub(crate) struct Events {
    queue: VecDeque<Event>,
    task: Arc<Task>,
    fired: u32,
}

impl Factory {
    /// A fresh copy; `Err` if making it panics.
    pub(crate) fn local(&self, task: &Arc<Task>) -> Result<(LocalRun, Events), String> {
        self.copies.fetch_add(1, SeqCst);
        let (subject, queue) = event::collect(|| panics::catch(|| (self.make)()));
        Ok(copy(subject?, queue, task))
    }

    /// A fresh copy that may move between threads; `None` if there is no such.
    pub(crate) fn send(&self, task: &Arc<Task>) -> Option<Result<(SendRun, Events), String>> {
        let make = self.make_send.as_ref()?;
        self.copies.fetch_add(1, SeqCst);
        let (subject, queue) = event::collect(|| panics::catch(|| make()));
        Some(subject.map(|subject| copy(subject, queue, task)))
    }
}

fn copy<S: Subject + ?Sized>(
    subject: Pin<Box<S>>,
    queue: VecDeque<Event>,
    task: &Arc<Task>,
) -> (Run<S>, Events) {
    let run = Run {
        subject: Some(subject),
        task: task.clone(),
        polls: 0,
        polled_at: Instant::now(),
        spent: None,
    };
    (run, Events { queue, task: task.clone(), fired: 0 })
}

impl Events {
    /// Takes the next one, to let it happen elsewhere.
    pub(crate) fn take(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Lets the next event happen; waits until it is over or `enough`, but not for ever. Says whether there
    /// was one.
    ///
    /// One that may move happens on another thread, as most events do.
    pub(crate) fn fire(&mut self, patience: Patience, enough: impl Fn() -> bool) -> bool {
        let Some(event) = self.take() else { return false };
        self.fired += 1;
        self.task.event_fired(self.fired);
        match event {
            Event::Local(event) => drop(panics::catch(event)),
            Event::Send(event) => {
                let over = Arc::new(AtomicBool::new(false));
                let (task, end) = (self.task.clone(), over.clone());
                let thread = stage::spawn(move || {
                    let _ = panics::catch(event);
                    end.store(true, SeqCst);
                    task.live();
                });
                if thread.is_none() {
                    self.task.remark("no thread could be started for the event");
                }
                patience.until(|| over.load(SeqCst) || enough());
            }
        }
        true
    }
}

impl<S: Subject + ?Sized> Run<S> {
    /// Polls once. An output that was dropped in the middle of a panic is not asked for again.
    pub(crate) fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled {
        self.poll_with(waker, &waker.handle(), forced)
    }

    /// Polls once with a handle of one's own.
    pub(crate) fn poll_with(
        &mut self,
        waker: &Arc<TaskWaker>,
        handle: &Waker,
        forced: bool,
    ) -> Polled {
        self.polls += 1;
        self.polled_at = Instant::now();
        let number = self.polls;
        self.task.note(What::PollBegins { number, waker: waker.name, forced });
        let began = self.spent.is_some().then(Moment::now);
        let how = self.poll_unseen(handle);
        if let (Some(spent), Some(began)) = (&mut self.spent, began) {
            spent.push(began.spent());
        }
        self.task.note(What::PollEnds { number, how: how.clone() });
        how
    }

    /// Polls without taking it down: for probes that need every nanosecond.
    pub(crate) fn poll_unseen(&mut self, waker: &Waker) -> Polled {
        let Some(subject) = &mut self.subject else { return Polled::Pending };
        let polling = self.task.polling();
        let step = panics::catch(|| subject.as_mut().step(&mut Context::from_waker(waker)));
        drop(polling);
        match step {
            Ok(Step::Pending) => Polled::Pending,
            Ok(Step::Ready { right: false, .. }) => Polled::Wrong,
            Ok(Step::Ready { more: true, .. }) => Polled::Item,
            Ok(Step::Ready { more: false, .. }) => Polled::Ready,
            Err(panic) => Polled::Panicked(panic),
        }
    }

    /// From now on, looks how the thread spends each poll.
    pub(crate) fn measure(&mut self) {
        self.spent = Some(Vec::new());
    }

    /// How the thread spent each poll.
    pub(crate) fn spent(&self) -> &[Spent] {
        self.spent.as_deref().unwrap_or_default()
    }

    /// Whether the subject has come to its end by itself.
    pub(crate) fn is_over(&self) -> bool {
        self.subject.as_ref().is_some_and(|subject| subject.is_over())
    }

    /// Drops the copy; `Err` with the message if that panics.
    pub(crate) fn drop_subject(&mut self) -> Result<(), String> {
        let Some(subject) = self.subject.take() else { return Ok(()) };
        let dropped = panics::catch(|| drop(subject));
        self.task.note(What::Dropped);
        dropped
    }
}

impl<S: Subject + ?Sized> Drop for Run<S> {
    fn drop(&mut self) {
        // A panic of the subject's destructor is for the cancel probe to tell.
        let _ = self.drop_subject();
    }
}
