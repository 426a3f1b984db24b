//! Where a task runs in JavaScript hosts: on the event loop of the host.

use super::tokio::Runtime;
use std::future::Future;
use std::io;

pub(super) struct Place;

impl Place {
    pub(super) fn current() -> io::Result<Place> {
        Ok(Place)
    }

    pub(super) fn tokio(&self) -> Option<&Runtime> {
        None
    }

    pub(super) fn run(&self, task: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(task);
    }
}
