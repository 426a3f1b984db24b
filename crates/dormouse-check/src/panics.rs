//! Catches panics of the code under test, and keeps them off standard error, because they are part of the report.
//!
//! The first call of [`catch`] installs a panic hook. It prints nothing for threads that run code under test, and calls
//! the previous hook for all others.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread runs code under test.
    static SILENT: Cell<bool> = const { Cell::new(false) };
    /// The location of the last silent panic of this thread.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The payload of the panics that the checker causes itself.
pub(crate) const DELIBERATE: &str = "dormouse-check: this waker panics";

fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if SILENT.get() {
                LOCATION.set(info.location().map(ToString::to_string));
            } else {
                next(info);
            }
        }));
    });
}

/// The message of a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

/// Runs code under test. If it panics, returns the message and the location.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    install_hook();
    let outer = SILENT.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    SILENT.set(outer);
    result.map_err(|payload| {
        let message = message(&*payload);
        // Leaked, because dropping the payload may panic as well.
        std::mem::forget(payload);
        match LOCATION.take() {
            Some(location) => format!("{message} ({location})"),
            None => message,
        }
    })
}

/// Panics without calling the panic hook: for wakers that panic deliberately.
pub(crate) fn panic_deliberately() -> ! {
    panic::resume_unwind(Box::new(DELIBERATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_has_its_message_and_location() {
        let caught: Result<(), String> = catch(|| panic!("no {}", "reactor"));
        let caught = caught.expect_err("it panics");
        assert!(caught.starts_with("no reactor (") && caught.contains("panics.rs"), "{caught}");
    }

    #[test]
    fn a_deliberate_panic_is_recognized_by_its_message() {
        let caught: Result<(), String> = catch(|| panic_deliberately());
        assert_eq!(caught.expect_err("it panics"), DELIBERATE);
    }
}
