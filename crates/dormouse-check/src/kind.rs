//! The ways in which a future can break the contract of `poll` and `Waker`.

mod texts;

use std::fmt;
use texts::{TEXTS, Texts};

/// A way in which a future breaks the contract of `poll` and `Waker`, or surprises its users.
///
/// Each kind is a failure unless it is [allowed](crate::Check::allow). The exceptions are
/// [`AfterReady`](Kind::AfterReady), [`ExecutorDependence`](Kind::ExecutorDependence), [`FirstPollVaries`](Kind::FirstPollVaries),
/// [`LargeFuture`](Kind::LargeFuture), a [`WakerLeft`](Kind::WakerLeft) of a single waker, and a
/// [`WakeUnderLock`](Kind::WakeUnderLock) that is a clone or a drop of the waker. These are notes unless they are [denied](crate::Check::deny).
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
    /// Creating or polling the future panics.
    Panics,
    /// The future does not become ready within the time limit, however often it is polled.
    NeverReady,
    /// The output is not the expected one.
    WrongOutput,
    /// The future wakes itself inside `poll`, again and again.
    BusyWake,
    /// The future returns `Pending`, and its task is never woken.
    LostWakeUp,
    /// An event in the middle of `poll` causes no wake-up.
    WakeUpRace,
    /// The future wakes its task before it can be ready, and not again.
    WakeBeforeReady,
    /// The wake-up goes to the waker of an earlier poll.
    StaleWaker,
    /// A poll blocks its thread, asleep or computing.
    BlockingPoll,
    /// A waker that polls, drops or creates such a future inside `wake` deadlocks.
    ///
    /// If a waker is cloned or dropped with a lock held, and not called, it is a note.
    WakeUnderLock,
    /// Dropping the future panics.
    PanicOnDrop,
    /// A thread that the future started still sleeps after the future was dropped.
    ThreadLeft,
    /// A file descriptor stays open after the future was dropped.
    FdLeft,
    /// A clone of the waker still exists after the future was dropped.
    ///
    /// This is a failure only if such wakers accumulate. A slot for one waker, which is used again by the next
    /// future or dropped with the other end of a channel, is a note.
    WakerLeft,
    /// The task is woken again and again after the future was dropped.
    WakesAfterDrop,
    /// Each poll leaks something.
    LeakPerPoll,
    /// A poll without a wake-up makes the future panic, or makes its output wrong.
    SpuriousPoll,
    /// The future is `Send`, but does not work when each poll is on another thread.
    ThreadBound,
    /// After a waker has panicked, the next future of the same type does not work.
    BrokenByPanic,
    /// What happens when the future is polled again after it has completed.
    AfterReady,
    /// Polled again after it has completed, the future never returns.
    HangsAfterReady,
    /// The future works on some executors only.
    ExecutorDependence,
    /// Some instances are ready at their first poll, others are pending.
    FirstPollVaries,
    /// The future has more than 16 KiB.
    LargeFuture,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 24] = [
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
        Kind::FirstPollVaries,
        Kind::LargeFuture,
    ];

    /// Whether findings of this kind are notes by default.
    pub(crate) fn is_note(self) -> bool {
        matches!(
            self,
            Kind::AfterReady | Kind::ExecutorDependence | Kind::FirstPollVaries | Kind::LargeFuture
        )
    }

    fn texts(self) -> &'static Texts {
        let texts = &TEXTS[self as usize];
        debug_assert_eq!(texts.kind, self, "the rows are in the order of the kinds");
        texts
    }

    /// The name of the kind in reports.
    pub fn name(self) -> &'static str {
        self.texts().name
    }

    /// What the contract says about it. Words in quotation marks are from the documentation of std.
    pub fn contract(self) -> &'static str {
        self.texts().contract
    }

    /// How to fix it.
    pub fn mend(self) -> &'static str {
        self.texts().mend
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
    fn kind_names_are_unique() {
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn each_kind_has_its_own_row_of_texts() {
        for kind in Kind::ALL {
            assert_eq!(kind.texts().kind, kind);
        }
    }
}
