//! What was measured on one executor, and what it had to be.

use crate::executors::Executor;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the futures of [`crate::body`] saw on one executor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// The reactor that served them.
    pub(crate) reactor: String,
    /// How long a sleep of three seconds joined with one of one second took.
    pub(crate) join_ms: u64,
    /// Whether the shorter one of these ended first.
    pub(crate) bar_first: bool,
    /// Whether the shorter sleep won a `select!`.
    pub(crate) select_ok: bool,
    /// Whether a byte came through a socket pair.
    pub(crate) fd_ok: bool,
    /// How late sleeps of 1 ms were, in the median.
    pub(crate) late_p50_us: u64,
    /// How late sleeps of 1 ms were, all but the worst hundredth.
    pub(crate) late_p99_us: u64,
    /// How many of them ended before their deadline.
    pub(crate) early: u32,
    /// How many polls the sleep of three seconds took.
    pub(crate) polls: u32,
    /// The names of the threads that run since dormouse was first used.
    pub(crate) threads_added: Vec<String>,
}

impl Measured {
    /// The promises that were not kept, each in words. A `second` is shorter in tests.
    ///
    /// How late a sleep is cannot be among them: that is for the machine and its load to say.
    pub(crate) fn broken(&self, executor: &Executor, second: Duration) -> Vec<String> {
        let mut broken = Vec::new();
        let mut promise = |kept: bool, otherwise: String| {
            if !kept {
                broken.push(otherwise);
            }
        };

        let (longer, both) = (3 * second.as_millis() as u64, 4 * second.as_millis() as u64);
        promise(
            self.reactor == executor.reactor,
            format!("served by {}, not by {}", self.reactor, executor.reactor),
        );
        promise(
            (longer..both).contains(&self.join_ms),
            format!("the join took {} ms, not {longer}", self.join_ms),
        );
        promise(self.bar_first, "the longer sleep ended first".into());
        promise(self.select_ok, "the longer sleep won the select!".into());
        promise(self.fd_ok, "the byte did not arrive".into());
        promise(self.early == 0, format!("{} sleeps ended early", self.early));
        promise(self.polls == 2, format!("one sleep took {} polls, not 2", self.polls));
        promise(
            self.threads_are_as_promised(),
            format!("threads were added: {}", self.threads_added.join(", ")),
        );
        broken
    }

    /// One thread at most, for all there is to wait for, and none if the executor watches fds.
    fn threads_are_as_promised(&self) -> bool {
        let allowed = match self.reactor.as_str() {
            "async-io" => Some("async-io"),
            "builtin" => Some("dormouse"),
            _ => None,
        };
        match self.threads_added.as_slice() {
            [] => true,
            [one] => Some(one.as_str()) == allowed,
            _ => false,
        }
    }
}
