//! Panics of the code under test: caught, and kept from standard error, because they are part of the report.
//!
//! A panic hook is put in front of the one that is there, once a process. It keeps quiet on threads that poll
//! for a probe, and passes everything else on.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// Where the last quiet panic of this thread was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The payload of the panics that the checker causes itself.
pub(crate) const PLANTED: &str = "dormouse-check: this waker panics";

fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                PLACE.set(info.location().map(ToString::to_string));
            } else {
                next(info);
            }
        }));
    });
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

/// Runs code under test. If it panics, says with what message, and where.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    install_hook();
    let outer = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    QUIET.set(outer);
    result.map_err(|payload| {
        let message = message(&*payload);
        // Destroying a payload may panic as well; that is nobody's business here.
        std::mem::forget(payload);
        match PLACE.take() {
            Some(place) => format!("{message} ({place})"),
            None => message,
        }
    })
}

/// Panics without calling the panic hook: for wakers that panic on purpose.
pub(crate) fn panic_quietly() -> ! {
    panic::resume_unwind(Box::new(PLANTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_says_what_and_where() {
        let caught: Result<(), String> = catch(|| panic!("no {}", "reactor"));
        let caught = caught.expect_err("it panics");
        assert!(caught.starts_with("no reactor (") && caught.contains("panics.rs"), "{caught}");
    }

    #[test]
    fn a_planted_panic_is_known_by_its_message() {
        let caught: Result<(), String> = catch(|| panic_quietly());
        assert_eq!(caught.expect_err("it panics"), PLANTED);
    }
}
