//! The ways to drive a copy: as an executor does, and as a bad one does.
//!
//! # Invariants
//! - A poll follows a wake-up of the last poll's waker, or it is noted as forced.
//! - "Lost" is said only where no wake-up came for as long as it was waited, every event was over, and a
//!   forced poll went on then. Whether that was long enough is for the probe to say, which tries again.

use crate::patience::{Patience, SLICE};
use crate::run::{Events, Run};
use crate::subject::Subject;
use crate::task::{Task, TaskWaker};
use crate::timeline::Polled;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a drive came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ready,
    Wrong,
    Panicked(String),
    /// Wakes itself inside poll, again and again, that many times in a row.
    Busy(u32),
    /// Nobody woke the waker of the last poll, yet a forced poll went on.
    Lost {
        /// The waker of an earlier poll was woken instead.
        other_woken: bool,
    },
    /// Not even forced polls made it ready.
    Never,
}

/// How to drive a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drive {
    /// How long to wait for a wake-up.
    pub(crate) wake: Patience,
    /// How many self-wakes in a row are fine.
    pub(crate) yields: u32,
    /// How many polls follow one another, each with another waker, before a wake-up is waited for.
    pub(crate) wakers: Wakers,
    /// Poll as soon as it is woken, though the event that wakes may not be over.
    pub(crate) prompt: bool,
}

/// With which wakers a copy is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wakers {
    /// The same one all the time.
    One,
    /// A, then at once B.
    Two,
    /// A, B, and A again.
    ThereAndBack,
}

/// What can be driven: a copy, or one that is polled in some special way.
pub(crate) trait Drivable {
    fn task(&self) -> &Arc<Task>;

    /// Polls once, and takes it down. `forced`, if nobody has woken the waker.
    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled;

    /// A fresh waker.
    fn waker(&self) -> Arc<TaskWaker> {
        self.task().waker()
    }

    /// Drives the copy as an executor does: a poll for each wake-up. If none comes, forces it.
    fn drive(&mut self, events: &mut Events, drive: Drive) -> End {
        let task = self.task().clone();
        let first = self.waker();
        let mut busy = 0;
        loop {
            first.reset();
            let (mut last, mut others) = (first.clone(), Vec::new());
            let mut polled = self.poll(&last, false);
            if drive.wakers != Wakers::One && polled == Polled::Pending && !first.woken() {
                let second = self.waker();
                polled = self.poll(&second, true);
                (last, others) = (second.clone(), vec![first.clone()]);
                if drive.wakers == Wakers::ThereAndBack && polled == Polled::Pending {
                    first.reset();
                    polled = self.poll(&first, true);
                    (last, others) = (first.clone(), vec![second]);
                }
            }
            match progress(polled) {
                Some(Progress::Item) => {
                    busy = 0;
                    continue;
                }
                Some(Progress::End(end)) => return end,
                None => {}
            }

            if last.woken() {
                busy = if last.woken_inside_poll() { busy + 1 } else { 0 };
                task.busy(busy);
                if busy > drive.yields {
                    return End::Busy(busy);
                }
                continue;
            }
            busy = 0;
            // An event is due when the copy is idle. If it brings no wake-up, the next one may.
            while !last.woken() && events.fire(drive.wake, || drive.prompt && last.woken()) {
                task.wait(Patience(2), || last.woken());
            }
            if !task.wait(drive.wake, || last.woken()) {
                return self.force(&last, &others, drive.wake);
            }
        }
    }

    /// No wake-up came. Would a poll have gone on?
    fn force(&mut self, last: &TaskWaker, others: &[Arc<TaskWaker>], wake: Patience) -> End {
        let other_woken = others.iter().any(|other| other.woken());
        let waited = wake.duration().as_millis();
        self.task().remark(format!("nothing wakes {} for {waited} ms", last.name));
        let waker = self.task().waker();
        for _ in 0..=wake.0 {
            // A panic or a wrong output came late too, and for want of a wake-up.
            if self.poll(&waker, true).progress() {
                return End::Lost { other_woken };
            }
            std::thread::sleep(SLICE);
        }
        End::Never
    }

    /// Polls up to `polls` times: when it is woken or, if `hasty`, at once. Says whether it has come to an end.
    fn some_polls(
        &mut self,
        waker: &Arc<TaskWaker>,
        events: &mut Events,
        wake: Patience,
        polls: u32,
        hasty: bool,
    ) -> bool {
        let task = self.task().clone();
        let mut pending = false;
        for number in 0..polls {
            let forced = pending && !waker.woken();
            waker.reset();
            pending = true;
            match progress(self.poll(waker, forced)) {
                Some(Progress::End(_)) => return true,
                Some(Progress::Item) => {
                    pending = false;
                    continue;
                }
                None if hasty || number + 1 == polls => continue,
                None => {}
            }
            while !waker.woken() && events.fire(wake, || false) {
                task.wait(Patience(2), || waker.woken());
            }
            task.wait(wake, || waker.woken());
        }
        false
    }

    /// Polls all the time, woken or not, and lets the events happen in between. Says how long it takes.
    fn peek(&mut self, events: &mut Events, limit: Patience) -> (End, Duration) {
        const PAUSE: Duration = Duration::from_micros(500);
        const PAUSES_A_SLICE: u32 = (SLICE.as_micros() / PAUSE.as_micros()) as u32;
        let started = Instant::now();
        let wakers = [self.task().waker(), self.task().waker()];
        for _ in 0..limit.times(PAUSES_A_SLICE).0 {
            // Twice in a row, and with another waker: neither may make a difference.
            for waker in &wakers {
                if let Some(Progress::End(end)) = progress(self.poll(waker, true)) {
                    return (end, started.elapsed());
                }
            }
            events.fire(limit, || false);
            std::thread::sleep(PAUSE);
        }
        (End::Never, started.elapsed())
    }
}

enum Progress {
    Item,
    End(End),
}

fn progress(polled: Polled) -> Option<Progress> {
    match polled {
        Polled::Pending => None,
        Polled::Item => Some(Progress::Item),
        Polled::Ready => Some(Progress::End(End::Ready)),
        Polled::Wrong => Some(Progress::End(End::Wrong)),
        Polled::Panicked(panic) => Some(Progress::End(End::Panicked(panic))),
    }
}

impl<S: Subject + ?Sized> Drivable for Run<S> {
    fn task(&self) -> &Arc<Task> {
        &self.task
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled {
        Run::poll(self, waker, forced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::event;
    use crate::subject::{Factory, OneOutput};
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::task::{Poll, Waker};

    const DRIVE: Drive = Drive { wake: Patience(3), yields: 5, wakers: Wakers::One, prompt: false };

    fn factory<F: Future + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Factory
    where
        F::Output: 'static,
    {
        let make = Arc::new(move || Box::pin(OneOutput::new(make(), None)) as _);
        Factory { make, make_send: None, copies: Arc::default() }
    }

    fn end<F: Future<Output = ()> + 'static>(
        drive: Drive,
        make: impl Fn() -> F + Send + Sync + 'static,
    ) -> End {
        let task = Task::new();
        let (mut run, mut events) = factory(make).local(&task).expect("it is made");
        run.drive(&mut events, drive)
    }

    /// Waits for an event; registers as `register` says.
    fn waiting(register: fn(&mut Vec<Waker>, &Waker)) -> impl Future<Output = ()> {
        let shared: Arc<(AtomicBool, Mutex<Vec<Waker>>)> = Arc::default();
        let other = shared.clone();
        event(move || {
            other.0.store(true, SeqCst);
            let wakers = std::mem::take(&mut *crate::task::lock(&other.1));
            wakers.into_iter().for_each(Waker::wake);
        });
        poll_fn(move |context| {
            register(&mut crate::task::lock(&shared.1), context.waker());
            if shared.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    #[test]
    fn an_event_happens_when_the_copy_waits_for_it() {
        let all = |wakers: &mut Vec<Waker>, waker: &Waker| wakers.push(waker.clone());
        for wakers in [Wakers::One, Wakers::Two, Wakers::ThereAndBack] {
            assert_eq!(end(Drive { wakers, ..DRIVE }, move || waiting(all)), End::Ready);
        }
    }

    #[test]
    fn one_that_nobody_wakes_is_lost() {
        let none = |_: &mut Vec<Waker>, _: &Waker| ();
        assert_eq!(end(DRIVE, move || waiting(none)), End::Lost { other_woken: false });
    }

    #[test]
    fn whether_another_waker_was_woken_is_told() {
        let first = |wakers: &mut Vec<Waker>, waker: &Waker| {
            if wakers.is_empty() {
                wakers.push(waker.clone());
            }
        };
        let two = Drive { wakers: Wakers::Two, ..DRIVE };
        assert_eq!(end(two, move || waiting(first)), End::Lost { other_woken: true });
    }

    #[test]
    fn some_yields_are_fine_and_more_are_not() {
        let yields = |times: u32| {
            move || {
                let mut left = times;
                poll_fn(move |context| {
                    if left == 0 {
                        return Poll::Ready(());
                    }
                    left -= 1;
                    context.waker().wake_by_ref();
                    Poll::Pending
                })
            }
        };
        assert_eq!(end(DRIVE, yields(5)), End::Ready);
        assert_eq!(end(DRIVE, yields(6)), End::Busy(6));
    }

    #[test]
    fn one_that_is_never_ready_is_not_lost() {
        assert_eq!(end(DRIVE, std::future::pending), End::Never);
    }
}
