//! What was found: a line for each check, and a count of them at the end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

static PASSED: AtomicUsize = AtomicUsize::new(0);
static FAILED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes a check, and says what was seen.
pub fn check(holds: bool, what: impl Into<String>) {
    let what = what.into();
    if holds {
        PASSED.fetch_add(1, Ordering::Relaxed);
        println!("  ok      {what}");
    } else {
        println!("  FAILED  {what}");
        FAILED.lock().expect("no panic under this lock").push(what);
    }
}

/// Prints the count, and says whether all is well: something was checked, and nothing failed.
pub fn close(program: &str) -> bool {
    let (passed, failed) = (PASSED.load(Ordering::Relaxed), FAILED.lock().expect("no panic").len());
    println!("{program}: {passed} passed, {failed} failed");
    passed > 0 && failed == 0
}
