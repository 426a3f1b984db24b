//! The checks of a program: prints a line for each, and a count of them at the end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

static PASSED: AtomicUsize = AtomicUsize::new(0);
static FAILED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Records a check. The description includes what was measured.
pub fn check(holds: bool, description: impl Into<String>) {
    let description = description.into();
    if holds {
        PASSED.fetch_add(1, Ordering::Relaxed);
        println!("  ok      {description}");
    } else {
        println!("  FAILED  {description}");
        FAILED.lock().expect("no panic under this lock").push(description);
    }
}

/// Prints the count. Returns whether at least one check passed and none failed.
pub fn summarize(program: &str) -> bool {
    let (passed, failed) = (PASSED.load(Ordering::Relaxed), FAILED.lock().expect("no panic").len());
    println!("{program}: {passed} passed, {failed} failed");
    passed > 0 && failed == 0
}
