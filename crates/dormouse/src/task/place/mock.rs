//! In loom tests, which run tasks by themselves.

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

    pub(super) fn run(&self, _: impl Future<Output = ()> + 'static) {}
}
