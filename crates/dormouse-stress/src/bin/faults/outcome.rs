//! What is observed of the sleeps in one cell, as text, and how the process of a cell reports it: in its last line of
//! output, after [`PREFIX`].

/// Precedes the outcome in the output.
pub(crate) const PREFIX: &str = "outcome: ";

/// All sleeps fire when they are due.
pub(crate) const FIRES: &str = "fires";
/// None of them fires.
pub(crate) const NEVER_FIRES: &str = "never fires";
/// Some of them never fire.
pub(crate) const SOME_NEVER_FIRE: &str = "some never fire";
/// The process exits with sleeps pending.
pub(crate) const EXITS: &str = "exits";
/// The row does not apply to the library.
pub(crate) const NOT_TRIED: &str = "not tried";

/// The message of the panic that a case causes itself. It is not part of the outcome.
pub(crate) const INTENDED_PANIC: &str = "a waker that panics";

/// Whether a library survives the fault. Sleeps may be late, but not early.
pub(crate) fn survives(outcome: &str) -> bool {
    let late = || outcome.starts_with("fires, ") && outcome.ends_with(" late");
    outcome == FIRES || outcome == EXITS || late()
}

/// Returns the outcome of `next` if everything has fired so far, else `outcome`.
pub(crate) fn and_then(outcome: String, next: impl FnOnce() -> String) -> String {
    if outcome == FIRES { next() } else { outcome }
}

/// Ends the process with an outcome.
pub(crate) fn exit_with(outcome: &str) -> ! {
    println!("{PREFIX}{outcome}");
    std::process::exit(0)
}
