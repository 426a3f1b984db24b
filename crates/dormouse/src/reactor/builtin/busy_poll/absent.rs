//! In loom tests, every wait blocks: a busy-poll is a wait that returns earlier, and would multiply the executions.

use super::selector::{Events, Selector};
use std::io;
use std::time::Duration;

pub(super) struct BusyPoll;

impl BusyPoll {
    pub(super) fn new() -> BusyPoll {
        BusyPoll
    }

    pub(super) fn wait(
        &mut self,
        selector: &Selector,
        events: &mut Events,
        timeout: Option<Duration>,
        _: bool,
    ) -> io::Result<()> {
        selector.wait(events, timeout)
    }
}
