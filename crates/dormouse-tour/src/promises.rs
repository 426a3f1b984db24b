//! What has to hold for the measurements on every executor.

use crate::executors::Executor;
use crate::measured::Measured;
use std::time::Duration;

/// Describes each promise that is broken. `second` is the unit of the sleeps, which tests shorten.
pub(crate) fn broken_promises(
    measured: &Measured,
    executor: &Executor,
    second: Duration,
) -> Vec<String> {
    let mut broken = measured.timers.broken_promises(second);
    let mut promise = |kept: bool, otherwise: String| {
        if !kept {
            broken.push(otherwise);
        }
    };

    promise(
        measured.reactor == executor.reactor,
        format!("served by {}, not by {}", measured.reactor, executor.reactor),
    );
    promise(measured.fd_ok, "the byte did not arrive".into());
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
