//! The ways in which a future can break the contract: what each is called, what the contract says about it,
//! and how it is mended.

use std::fmt;

/// A way in which a future breaks the contract of `poll` and `Waker`, or at least the hopes of its users.
///
/// Each is a failure, unless it was [allowed](crate::Check::allow); [`AfterReady`](Kind::AfterReady) and
/// [`ExecutorDependence`](Kind::ExecutorDependence) are notes, unless they were
/// [denied](crate::Check::deny).
///
/// ```
/// use dormouse_check::Kind;
///
/// assert_eq!(Kind::StaleWaker.to_string(), "stale waker");
/// assert!(Kind::StaleWaker.contract().contains("most recent call"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// It panics when it is made or polled.
    Panics,
    /// It does not become ready within the time limit, however often it is polled.
    NeverReady,
    /// The output is not the expected one.
    WrongOutput,
    /// It wakes itself inside `poll`, again and again.
    BusyWake,
    /// It returns `Pending`, and nobody ever wakes the task.
    LostWakeUp,
    /// A wake-up that comes in the middle of `poll` is lost.
    WakeUpRace,
    /// It wakes the task before it can be ready, and not again.
    WakeBeforeReady,
    /// The wake-up goes to the waker of an earlier poll.
    StaleWaker,
    /// A poll holds its thread, asleep or at work.
    BlockingPoll,
    /// A waker that polls, drops or makes a future of the kind waits for ever.
    WakeUnderLock,
    /// Dropping it panics.
    PanicOnDrop,
    /// A thread that it started sleeps on after it was dropped.
    ThreadLeft,
    /// A file descriptor stays open after it was dropped.
    FdLeft,
    /// Somebody keeps its waker after it was dropped.
    WakerLeft,
    /// A task is woken again and again after the future was dropped.
    WakesAfterDrop,
    /// Each poll leaves something behind.
    LeakPerPoll,
    /// A poll without a wake-up makes it panic, or makes the output wrong.
    SpuriousPoll,
    /// Though it is `Send`, it does not work when each poll is on another thread.
    ThreadBound,
    /// After a waker has panicked, the next future of the kind does not work.
    BrokenByPanic,
    /// What happens when it is polled once more after its end.
    AfterReady,
    /// Polled once more after its end, it never returns.
    HangsAfterReady,
    /// It works on some executors only.
    ExecutorDependence,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 22] = [
        Kind::Panics,
        Kind::NeverReady,
        Kind::WrongOutput,
        Kind::BusyWake,
        Kind::LostWakeUp,
        Kind::WakeUpRace,
        Kind::WakeBeforeReady,
        Kind::StaleWaker,
        Kind::BlockingPoll,
        Kind::WakeUnderLock,
        Kind::PanicOnDrop,
        Kind::ThreadLeft,
        Kind::FdLeft,
        Kind::WakerLeft,
        Kind::WakesAfterDrop,
        Kind::LeakPerPoll,
        Kind::SpuriousPoll,
        Kind::ThreadBound,
        Kind::BrokenByPanic,
        Kind::AfterReady,
        Kind::HangsAfterReady,
        Kind::ExecutorDependence,
    ];

    /// Whether it is a note, where nobody says otherwise.
    pub(crate) fn is_note(self) -> bool {
        matches!(self, Kind::AfterReady | Kind::ExecutorDependence)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Panics => "panic",
            Kind::NeverReady => "never ready",
            Kind::WrongOutput => "wrong output",
            Kind::BusyWake => "busy wake",
            Kind::LostWakeUp => "lost wake-up",
            Kind::WakeUpRace => "wake-up race",
            Kind::WakeBeforeReady => "wake before ready",
            Kind::StaleWaker => "stale waker",
            Kind::BlockingPoll => "blocking poll",
            Kind::WakeUnderLock => "wake under lock",
            Kind::PanicOnDrop => "panic on drop",
            Kind::ThreadLeft => "thread left behind",
            Kind::FdLeft => "file descriptor left behind",
            Kind::WakerLeft => "waker left behind",
            Kind::WakesAfterDrop => "wakes after drop",
            Kind::LeakPerPoll => "leak at each poll",
            Kind::SpuriousPoll => "spurious poll",
            Kind::ThreadBound => "bound to a thread",
            Kind::BrokenByPanic => "broken by a panic",
            Kind::AfterReady => "poll after ready",
            Kind::HangsAfterReady => "hangs after ready",
            Kind::ExecutorDependence => "executor dependence",
        }
    }

    /// What the contract says about it; words in quotation marks are from the documentation of std.
    pub fn contract(self) -> &'static str {
        match self {
            Kind::Panics => {
                "A future is ready, or it returns Pending. Whoever polls it cannot handle a panic."
            }
            Kind::NeverReady => {
                "A check has to see the future become ready. This one did not within the time limit."
            }
            Kind::WrongOutput => {
                "The output is what `expect_output` asks for, in whatever way it is polled."
            }
            Kind::BusyWake => {
                "\"Since futures alone are inert ... `poll` should not be called in a tight loop\": a waker is for \
                 when progress can be made. A task that wakes itself each time it is polled uses a whole core."
            }
            Kind::LostWakeUp => {
                "\"When a future is not ready yet, poll returns Poll::Pending and stores a clone of the Waker ... \
                 This Waker is then woken once the future can make progress.\" A task that nobody wakes is \
                 never polled again."
            }
            Kind::WakeUpRace => {
                "The waker \"is then woken once the future can make progress\", also if that happens in the \
                 middle of a poll. After a poll has returned Pending, no event may pass unnoticed."
            }
            Kind::WakeBeforeReady => {
                "The waker is woken \"once the future can make progress\", not before. An executor polls as soon \
                 as it is woken, on another thread or inside of `wake` itself, and goes to sleep if that \
                 returns Pending."
            }
            Kind::StaleWaker => {
                "\"On multiple calls to poll, only the Waker from the Context passed to the most recent call \
                 should be scheduled to receive a wakeup.\" A future moves from task to task: out of a \
                 `select!`, into a `join!`, through a channel."
            }
            Kind::BlockingPoll => {
                "\"An implementation of poll should strive to return quickly, and should not block.\" While it \
                 holds the thread, no other task on it runs."
            }
            Kind::WakeUnderLock => {
                "A waker is a stranger's code. An executor may poll, drop and make futures inside of `wake`; \
                 whoever holds a lock there that these need waits for himself."
            }
            Kind::PanicOnDrop => {
                "A future can be dropped at any await: by `select!`, a timeout, the shutdown of a runtime. A \
                 destructor that panics aborts the process if another panic is under way."
            }
            Kind::ThreadLeft => {
                "Dropping a future cancels it. A thread that sleeps on for each of them is paid for by a \
                 program that makes many futures and drops most, as timeouts are."
            }
            Kind::FdLeft => {
                "Dropping a future gives back what it holds. A process has 1,024 descriptors or so."
            }
            Kind::WakerLeft => {
                "Dropping a future gives back its waker. A waker keeps its task alive, and with it all that the \
                 task owns."
            }
            Kind::WakesAfterDrop => {
                "Dropping a future ends what it started. Its task may live on, and is polled for nothing at \
                 each wake-up."
            }
            Kind::LeakPerPoll => {
                "A future is polled as often as its task is woken, for whatever reason. What it keeps must not \
                 grow with that."
            }
            Kind::SpuriousPoll => {
                "A future may be polled when nobody has woken it: the task has other things to wait for. It \
                 returns Pending then, and nothing else changes."
            }
            Kind::ThreadBound => {
                "A future that is `Send` may be polled on another thread each time, as executors that steal \
                 work do."
            }
            Kind::BrokenByPanic => {
                "A waker is a stranger's code, and may panic. That may cost the task that it belongs to, and \
                 no other."
            }
            Kind::AfterReady => {
                "\"Once a future has completed ... calling its poll method again may panic, block forever, or \
                 cause other kinds of problems; the Future trait places no requirements on the effects of such \
                 a call.\""
            }
            Kind::HangsAfterReady => {
                "Polling a completed future \"may panic, block forever, or cause other kinds of problems\". It is \
                 allowed, but somebody will do it, in a `select!` in a loop; a panic tells him, a hang does not."
            }
            Kind::ExecutorDependence => {
                "A future that needs the executor it was written for works for those users only. It says so in \
                 its documentation, or it brings what it needs."
            }
        }
    }

    /// How it is mended.
    pub fn mend(self) -> &'static str {
        match self {
            Kind::Panics => {
                "If it wants a runtime around it, as tokio's futures do, enter one: see `Check::around`. \
                 Otherwise return an error as the output."
            }
            Kind::NeverReady => {
                "If something has to happen first, say what, with `dormouse_check::event` in the closure. If it \
                 takes longer, raise `time_limit`."
            }
            Kind::WrongOutput => {
                "Look at the time line for the order of polls and events that leads to it."
            }
            Kind::BusyWake => {
                "Wait for something: give the waker to whoever knows when there is progress. To leave the \
                 thread to others for once, wake yourself once, and do a piece of work at each poll."
            }
            Kind::LostWakeUp => {
                "Before each `return Poll::Pending`, store `cx.waker().clone()` where the one who makes progress \
                 finds it, or poll something that does. Whoever makes progress takes it out and calls `wake`."
            }
            Kind::WakeUpRace => {
                "Look and register under one lock; or register first, and look again afterwards."
            }
            Kind::WakeBeforeReady => "First write down that it is ready, then call `wake`.",
            Kind::StaleWaker => {
                "Store the waker at every poll that returns Pending, not only at the first: `if \
                 !stored.will_wake(cx.waker()) { stored.clone_from(cx.waker()) }`."
            }
            Kind::BlockingPoll => {
                "Wait with a waker instead of with the thread. What has to block goes to a thread of its own \
                 (`spawn_blocking`, `unblock`); long work is done in pieces, a poll for each."
            }
            Kind::WakeUnderLock => {
                "Take the waker out under the lock, unlock, then call `wake`: `let waker = \
                 state.lock().waker.take(); if let Some(waker) = waker { waker.wake() }`. The guard of a lock \
                 in the head of an `if let` or `match` lives as long as its body."
            }
            Kind::PanicOnDrop => {
                "Leave out the `unwrap` in `Drop`: what it asks for may not be there yet."
            }
            Kind::ThreadLeft => {
                "Tell the thread to end in `Drop`, and wake it up for that; better, let one thread serve all \
                 futures, and take them out of its list."
            }
            Kind::FdLeft => {
                "Keep the descriptor in an `OwnedFd` or what wraps one, and let the future own it."
            }
            Kind::WakerLeft => {
                "In `Drop`, take the waker out of wherever `poll` has put it: the list, the shared state, the \
                 thread."
            }
            Kind::WakesAfterDrop => {
                "In `Drop`, stop the source of the wake-ups and take the waker out of it."
            }
            Kind::LeakPerPoll => {
                "Replace what an earlier poll has registered instead of adding to it; start a thread once, not \
                 at each poll."
            }
            Kind::SpuriousPoll => {
                "Do not take being polled for being woken: look whether what you wait for has happened."
            }
            Kind::ThreadBound => {
                "Keep the state in the future, not in a `thread_local!`; or make the future `!Send`."
            }
            Kind::BrokenByPanic => {
                "Call wakers with no lock held, and inside of `catch_unwind` where a thread serves many tasks."
            }
            Kind::AfterReady | Kind::HangsAfterReady => {
                "Implement `FusedFuture` if it goes on being ready or pending; otherwise panic, with a message \
                 that says so. (An `async fn` panics.)"
            }
            Kind::ExecutorDependence => {
                "Build on what asks for no executor (dormouse, or threads and channels), or let the user hand \
                 in what is needed."
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_kinds_share_a_name() {
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
