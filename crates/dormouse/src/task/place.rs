//! Where a task runs.

#[cfg_attr(not(feature = "test-util"), path = "place/block_on/absent.rs")]
mod block_on;

use super::executor::{self, Executor};
use super::tokio::{self, Runtime};
use super::workers::{self, Workers};
use crate::catch_panic::catch_panic;
use block_on::BlockOnTasks;
use std::future::Future;
use std::io;

pub(super) enum Place {
    BlockOn(BlockOnTasks),
    Tokio(Runtime),
    Installed(&'static dyn Executor),
    Workers(&'static Workers),
}

impl Place {
    /// The place for a task that the caller spawns.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn current() -> io::Result<Place> {
        Ok(if let Some(tasks) = block_on::tasks() {
            Place::BlockOn(tasks)
        } else if let Some(runtime) = tokio::current() {
            Place::Tokio(runtime)
        } else if let Some(executor) = executor::installed() {
            Place::Installed(executor)
        } else {
            Place::Workers(workers::get()?)
        })
    }

    /// The runtime of tokio, if it is the place.
    pub(super) fn tokio(&self) -> Option<&Runtime> {
        match self {
            Place::Tokio(runtime) => Some(runtime),
            _ => None,
        }
    }

    pub(super) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self {
            Place::BlockOn(tasks) => tasks.spawn(task),
            Place::Tokio(runtime) => drop(runtime.spawn(task)),
            Place::Installed(executor) => catch_panic(|| executor.spawn(Box::pin(task))),
            Place::Workers(workers) => workers.spawn(task),
        }
    }
}
