//! The waker of the reentrant-wake probe.

use crate::instance::{Factory, Instance, LocalInstance, SendInstance};
use crate::panics;
use crate::pollable::Pollable;
use crate::probes::context::ProbeContext;
use crate::process;
use crate::sync::lock;
use crate::task::{OnWake, Task, TaskWaker};
use crate::timeline::PollResult;
use crate::watchdog::{self, Around};
use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What the waker does inside `wake`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Poll,
    Drop,
    Create,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Poll => "polls the future",
            Operation::Drop => "drops the future",
            Operation::Create => "creates another future, polls it and drops it",
        })
    }
}

thread_local! {
    /// The instance of this thread, while it is not being polled.
    pub(super) static LOCAL_INSTANCE: RefCell<Option<LocalInstance>> = const { RefCell::new(None) };
}

/// What the waker and the probe share.
pub(super) struct Shared {
    pub(super) factory: Factory,
    around: Around,
    /// The instance, while it is not being polled; `None` if it is not `Send`.
    pub(super) instance: Mutex<Option<SendInstance>>,
    /// How many calls of the waker are running.
    pub(super) inside: AtomicU32,
    /// The thread inside the operation.
    pub(super) thread: AtomicU32,
    /// The operation has returned, and needs no further call.
    pub(super) finished: AtomicBool,
    pub(super) panic: Mutex<Option<String>>,
}

pub(super) fn on_wake(operation: Operation, shared: &Arc<Shared>) -> OnWake {
    let shared = Arc::downgrade(shared);
    Some(Box::new(move |waker: &Arc<TaskWaker>| {
        let Some(shared) = shared.upgrade() else { return };
        // Not recursively: a poll inside `wake` may wake again.
        if shared.inside.fetch_add(1, SeqCst) == 0 {
            shared.thread.store(process::current_thread_id().unwrap_or(0), SeqCst);
            let result = panics::catch(|| {
                watchdog::call_inside(&shared.around, || shared.perform(operation, waker))
            });
            match result {
                Ok(finished) => {
                    shared.finished.fetch_or(finished == Some(true), SeqCst);
                }
                Err(panic) => *lock(&shared.panic) = Some(panic),
            }
        }
        shared.inside.fetch_sub(1, SeqCst);
    }))
}

impl Shared {
    pub(super) fn new(context: &ProbeContext) -> Shared {
        Shared {
            factory: context.factory.clone(),
            around: context.settings.around.clone(),
            instance: Mutex::new(None),
            inside: AtomicU32::new(0),
            thread: AtomicU32::new(0),
            finished: AtomicBool::new(false),
            panic: Mutex::new(None),
        }
    }

    /// Returns whether the operation needs no further call.
    fn perform(&self, operation: Operation, waker: &Arc<TaskWaker>) -> bool {
        if operation == Operation::Create {
            if let Err(panic) = create_another(&self.factory) {
                *lock(&self.panic) = Some(panic);
            }
            return true;
        }
        // Neither slot holds the instance while it is being polled.
        let instance = lock(&self.instance).take();
        if let Some(mut instance) = instance {
            let finished = self.poll_or_drop(operation, &mut instance, waker);
            if !finished {
                *lock(&self.instance) = Some(instance);
            }
            return finished;
        }
        let Some(mut instance) = LOCAL_INSTANCE.take() else { return false };
        let finished = self.poll_or_drop(operation, &mut instance, waker);
        if !finished {
            LOCAL_INSTANCE.set(Some(instance));
        }
        finished
    }

    fn poll_or_drop<P: Pollable + ?Sized>(
        &self,
        operation: Operation,
        instance: &mut Instance<P>,
        waker: &Arc<TaskWaker>,
    ) -> bool {
        let panic = if operation == Operation::Drop {
            instance.drop_inner().err()
        } else {
            match instance.poll(waker, false) {
                PollResult::Panicked(panic) => Some(panic),
                PollResult::Pending => return false,
                PollResult::Item | PollResult::Ready | PollResult::WrongOutput => None,
            }
        };
        if panic.is_some() {
            *lock(&self.panic) = panic;
        }
        true
    }
}

/// Creates an instance, polls it and drops it.
pub(in crate::probes) fn create_another(factory: &Factory) -> Result<(), String> {
    let task = Task::without_backtraces();
    let (mut instance, _events) = factory.create(&task)?;
    if let PollResult::Panicked(panic) = instance.poll(&task.waker(), false) {
        return Err(panic);
    }
    instance.drop_inner()
}
