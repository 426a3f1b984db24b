//! What has to hold for the measurements on every executor.

use crate::executors::Executor;
use crate::measured::Measured;
use std::time::Duration;

/// Describes each promise that is broken. `second` is the unit of the sleeps, which tests shorten.
///
/// Lateness is not a promise: it depends on the machine and its load.
pub(crate) fn broken_promises(
    measured: &Measured,
    executor: &Executor,
    second: Duration,
) -> Vec<String> {
    let mut broken = Vec::new();
    let mut promise = |kept: bool, otherwise: String| {
        if !kept {
            broken.push(otherwise);
        }
    };

    let (longer, both) = (3 * second.as_millis() as u64, 4 * second.as_millis() as u64);
    promise(
        measured.reactor == executor.reactor,
        format!("served by {}, not by {}", measured.reactor, executor.reactor),
    );
    promise(
        (longer..both).contains(&measured.join_ms),
        format!("the join took {} ms, not {longer}", measured.join_ms),
    );
    promise(measured.bar_first, "the longer sleep ended first".into());
    promise(measured.select_ok, "the longer sleep won the select!".into());
    promise(measured.fd_ok, "the byte did not arrive".into());
    promise(measured.early == 0, format!("{} sleeps ended early", measured.early));
    promise(measured.polls == 2, format!("one sleep took {} polls, not 2", measured.polls));
    promise(
        threads_are_allowed(measured),
        format!("threads were added: {}", measured.threads_added.join(", ")),
    );
    broken
}

/// The reactor may add one thread in all, and none if the executor polls the reactor itself.
fn threads_are_allowed(measured: &Measured) -> bool {
    let allowed = match measured.reactor.as_str() {
        "async-io" => Some("async-io"),
        "builtin" => Some("dormouse"),
        _ => None,
    };
    match measured.threads_added.as_slice() {
        [] => true,
        [one] => Some(one.as_str()) == allowed,
        _ => false,
    }
}
