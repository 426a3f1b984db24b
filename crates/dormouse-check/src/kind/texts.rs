//! What reports say about each [`Kind`]: its name, the contract, and how to fix it.
//!
//! # Invariants
//! - Row `kind as usize` is the row of that kind.
//! - Words in quotation marks in `contract` are quoted from the documentation of std.

use super::Kind;

/// What reports say about one kind.
pub(super) struct Texts {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) contract: &'static str,
    pub(super) mend: &'static str,
}

pub(super) static TEXTS: [Texts; Kind::ALL.len()] = [
    Texts {
        kind: Kind::Panics,
        name: "panic",
        contract: "A poll returns Ready or Pending. The executor that polls the future cannot handle a panic.",
        mend: "If the future needs a runtime context, as tokio's futures do, enter one: see `Check::around`. \
               Otherwise return an error as the output.",
    },
    Texts {
        kind: Kind::NeverReady,
        name: "never ready",
        contract: "A check has to see the future become ready. This one did not within the time limit.",
        mend: "If something has to happen first, register it with `dormouse_check::event` in the closure. If \
               the future takes longer, raise `time_limit`: the future has half of it. A runtime that `around` \
               enters has to run by itself: tokio's `current_thread` runs only inside `block_on`, so use `multi_thread`.",
    },
    Texts {
        kind: Kind::WrongOutput,
        name: "wrong output",
        contract: "The output satisfies `expect_output`, in whatever way the future is polled. The operations of a \
                   sink, a reader or a writer succeed, and return what their traits allow.",
        mend: "Look at the timeline for the order of polls and events that leads to it, and for what an operation \
               has returned.",
    },
    Texts {
        kind: Kind::BusyWake,
        name: "busy wake",
        contract: "\"Since futures alone are inert ... `poll` should not be called in a tight loop\": a waker is \
                   called when progress can be made. A task that wakes itself at each poll uses a whole core.",
        mend: "Wait for something: store the waker where the code that makes progress finds it. To yield the \
               thread, wake the task once, and do a piece of work at each poll.",
    },
    Texts {
        kind: Kind::LostWakeUp,
        name: "lost wake-up",
        contract: "\"When a future is not ready yet, poll returns Poll::Pending and stores a clone of the Waker ... \
                   This Waker is then woken once the future can make progress.\" A task that is not woken is \
                   never polled again.",
        mend: "Before each `return Poll::Pending`, store `cx.waker().clone()` where the code that makes progress \
               finds it, or poll a future that does so. The code that makes progress takes the waker out and calls \
               `wake`.",
    },
    Texts {
        kind: Kind::WakeUpRace,
        name: "wake-up race",
        contract: "The waker \"is then woken once the future can make progress\", even if that happens in the \
                   middle of a poll. After a poll has returned Pending, no event may be missed.",
        mend: "Check the state and register the waker under one lock; or register first, and check again afterwards.",
    },
    Texts {
        kind: Kind::WakeBeforeReady,
        name: "wake before ready",
        contract: "The waker is woken \"once the future can make progress\", not before. An executor may poll as \
                   soon as the task is woken, on another thread or inside `wake` itself, and does not poll again if \
                   that poll returns Pending.",
        mend: "Set the state to ready first, then call `wake`.",
    },
    Texts {
        kind: Kind::StaleWaker,
        name: "stale waker",
        contract: "\"On multiple calls to poll, only the Waker from the Context passed to the most recent call \
                   should be scheduled to receive a wakeup.\" A future moves from task to task: out of a \
                   `select!`, into a `join!`, through a channel.",
        mend: "Store the waker at every poll that returns Pending, not only at the first: `if \
               !stored.will_wake(cx.waker()) { stored.clone_from(cx.waker()) }`.",
    },
    Texts {
        kind: Kind::BlockingPoll,
        name: "blocking poll",
        contract: "\"An implementation of poll should strive to return quickly, and should not block.\" While a \
                   poll blocks its thread, no other task on that thread runs.",
        mend: "Wait with a waker instead of blocking the thread. Move blocking calls to a separate thread \
               (`spawn_blocking`, `unblock`), and split long computations into pieces, one per poll.",
    },
    Texts {
        kind: Kind::WakeUnderLock,
        name: "wake under lock",
        contract: "A waker runs foreign code. An executor may poll, drop and create futures inside `wake`. If the \
                   caller of `wake` holds a lock that these need, it deadlocks. The same applies to `clone` and `drop`: \
                   with the last waker, a task is dropped, and all that it holds.",
        mend: "Take the waker out under the lock, unlock, then call `wake`: `let waker = \
               state.lock().waker.take(); if let Some(waker) = waker { waker.wake() }`. A lock guard in the \
               scrutinee of an `if let` or `match` lives until the end of its body. Clone the waker before you lock, \
               and drop a replaced one after you unlock.",
    },
    Texts {
        kind: Kind::PanicOnDrop,
        name: "panic on drop",
        contract: "A future can be dropped at any await: by `select!`, a timeout, the shutdown of a runtime. A \
                   destructor that panics during another panic aborts the process.",
        mend: "Remove the `unwrap` from `Drop`: the value that it expects may not exist yet.",
    },
    Texts {
        kind: Kind::ThreadLeft,
        name: "thread left behind",
        contract: "Dropping a future cancels it. If each future keeps a sleeping thread alive, a program that \
                   creates many futures and drops most of them, such as timeouts, accumulates threads.",
        mend: "In `Drop`, signal the thread to end, and wake it up; or, better, let one thread serve all futures, \
               and remove each future from its list.",
    },
    Texts {
        kind: Kind::FdLeft,
        name: "file descriptor left behind",
        contract: "Dropping a future releases what it holds. By default, a process may open about 1,024.",
        mend: "Keep the descriptor in an `OwnedFd` or a type that wraps one, owned by the future.",
    },
    Texts {
        kind: Kind::WakerLeft,
        name: "waker left behind",
        contract: "Dropping a future drops its waker. A waker keeps its task alive, and with it everything that \
                   the task owns.",
        mend: "In `Drop`, remove the waker from wherever `poll` stored it: the list, the shared state, the thread.",
    },
    Texts {
        kind: Kind::WakesAfterDrop,
        name: "wakes after drop",
        contract: "Dropping a future ends what it started. Its task may live on, and each wake-up polls it for \
                   nothing.",
        mend: "In `Drop`, stop the source of the wake-ups and remove the waker from it.",
    },
    Texts {
        kind: Kind::LeakPerPoll,
        name: "leak at each poll",
        contract: "A future is polled as often as its task is woken, for whatever reason. What the future holds \
                   must not grow with the number of polls.",
        mend: "Replace what an earlier poll has registered instead of adding to it; start a thread once, not \
               at each poll.",
    },
    Texts {
        kind: Kind::SpuriousPoll,
        name: "spurious poll",
        contract: "A future may be polled without having been woken: its task waits for other things, too. Such a \
                   poll returns Pending, and changes nothing else.",
        mend: "Do not treat a poll as a wake-up: check whether the event has happened.",
    },
    Texts {
        kind: Kind::ThreadBound,
        name: "bound to a thread",
        contract: "A future that is `Send` may be polled on another thread each time, as work-stealing executors do.",
        mend: "Keep the state in the future, not in a `thread_local!`; or make the future `!Send`.",
    },
    Texts {
        kind: Kind::BrokenByPanic,
        name: "broken by a panic",
        contract: "A waker runs foreign code, and may panic. The panic may break the task of that waker, and no \
                   other task.",
        mend: "Call wakers with no lock held, and inside `catch_unwind` where a thread serves many tasks.",
    },
    Texts {
        kind: Kind::AfterReady,
        name: "poll after ready",
        contract: "\"Once a future has completed ... calling its poll method again may panic, block forever, or \
                   cause other kinds of problems; the Future trait places no requirements on the effects of such \
                   a call.\"",
        mend: MEND_POLL_AFTER_READY,
    },
    Texts {
        kind: Kind::HangsAfterReady,
        name: "hangs after ready",
        contract: "Polling a completed future \"may panic, block forever, or cause other kinds of problems\". A hang \
                   is allowed, but such polls happen, for example in a `select!` in a loop. A panic shows the \
                   mistake, a hang does not.",
        mend: MEND_POLL_AFTER_READY,
    },
    Texts {
        kind: Kind::ExecutorDependence,
        name: "executor dependence",
        contract: "A future that needs a particular executor works only for users of that executor. It says so in \
                   its documentation, or it brings what it needs.",
        mend: "Build on what needs no executor (dormouse, or threads and channels), or let the user pass in what is \
               needed.",
    },
    Texts {
        kind: Kind::FirstPollVaries,
        name: "first poll varies",
        contract: "All futures that the closure returns have to behave alike. Of those that are ready at once, most probes \
                   learn nothing.",
        mend: "Create all that the future depends on in the closure. If it waits for a point in time, choose a later one.",
    },
    Texts {
        kind: Kind::LargeFuture,
        name: "large future",
        contract: "A future is moved by copying it: into a `join!`, a `Box`, a task. A chain of calls with such futures \
                   can overflow the stack of a thread, which is 2 MiB by default.",
        mend: "Allocate large buffers (`vec![0; size]`), let them end before an `await`, or `Box::pin` the part that is \
               large.",
    },
];

const MEND_POLL_AFTER_READY: &str = "Implement `FusedFuture` if the future stays ready or pending; otherwise panic, \
                                     with a message that says so. (An `async fn` panics.)";
