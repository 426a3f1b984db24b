//! Catches panics of the code under test, and keeps them off standard error, because they are part of the report.
//!
//! The first call of [`catch`] installs a panic hook. It prints nothing for threads that run code under test, and calls
//! the previous hook for all others. Where a panic cannot unwind, the process is about to be aborted, and the hook says which
//! check has caused that.

use crate::sync::lock;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, Once};

thread_local! {
    /// Whether this thread runs code under test.
    static SILENT: Cell<bool> = const { Cell::new(false) };
    /// The location of the last silent panic of this thread.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

thread_local! {
    /// Whether this thread may be unwinding from a deliberate panic.
    static DELIBERATE_PANIC: Cell<bool> = const { Cell::new(false) };
}

/// What to print before an abort: one text for each probe of this process that makes wakers panic now.
static NOTICES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The payload of the panics that the checker causes itself.
pub(crate) const DELIBERATE: &str = "dormouse-check: this waker panics";

fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let fatal = is_fatal(info.payload());
            if fatal {
                print_notices();
            }
            // A second panic while the first one unwinds usually aborts the process.
            if SILENT.get() && !fatal && !DELIBERATE_PANIC.get() {
                LOCATION.set(info.location().map(ToString::to_string));
            } else {
                next(info);
            }
        }));
    });
}

/// Whether it is the panic of std that precedes an abort: of a destructor that panics while its thread unwinds, or of a
/// function that cannot unwind.
fn is_fatal(payload: &(dyn Any + Send)) -> bool {
    const FATAL: [&str; 2] =
        ["panic in a destructor during cleanup", "panic in a function that cannot unwind"];
    FATAL.contains(&message(payload).as_str())
}

/// Writes past the output capture of the test harness, which loses its contents in an abort.
fn print(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn print_notices() {
    // The thread that panics may hold the lock.
    if let Ok(notices) = NOTICES.try_lock() {
        notices.iter().for_each(|text| print(text));
    }
}

/// Gives a possible abort a name: as long as this exists, the text is printed before one.
#[derive(Debug)]
pub(crate) struct AbortNotice {
    text: String,
    printed: AtomicBool,
}

impl AbortNotice {
    pub(crate) fn new(text: String) -> AbortNotice {
        lock(&NOTICES).push(text.clone());
        AbortNotice { text, printed: AtomicBool::new(false) }
    }

    /// Prints the text now: for code that may abort the process without a panic.
    pub(crate) fn print_once(&self) {
        if !self.printed.swap(true, SeqCst) {
            print(&self.text);
        }
    }
}

impl Drop for AbortNotice {
    fn drop(&mut self) {
        let mut notices = lock(&NOTICES);
        if let Some(index) = notices.iter().position(|text| *text == self.text) {
            notices.swap_remove(index);
        }
    }
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
    DELIBERATE_PANIC.set(false);
    result.map_err(|payload| {
        // One line: it becomes a part of a line of a report.
        let message = message(&*payload).lines().map(str::trim).collect::<Vec<_>>().join(", ");
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
    DELIBERATE_PANIC.set(true);
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

    #[test]
    fn a_message_of_several_lines_becomes_one_line() {
        let panic = catch(|| assert_eq!(1, 2)).expect_err("it panics");
        assert!(panic.contains("failed, left: 1, right: 2 ("), "{panic}");
        assert_eq!(panic.lines().count(), 1);
    }
}
