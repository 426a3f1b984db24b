//! Tests what happens to sleeps when the machine is suspended or its wall clock is set.
//!
//! `scripts/suspend` builds this program and starts it as the only process of a virtual machine. It suspends the
//! machine, sets its clock, and powers it off.

mod machine;
mod stepped;
mod suspended;

use dormouse_stress::checks;

fn main() {
    if std::process::id() != 1 {
        eprintln!("this program suspends the machine and sets its clock; use scripts/suspend");
        std::process::exit(2);
    }
    machine::prepare();
    std::panic::set_hook(Box::new(|info| {
        checks::check(false, format!("no panic: {info}"));
    }));
    suspended::woken_by_rtc();
    suspended::woken_by_alarm();
    stepped::forward_and_back();
    checks::summarize(if cfg!(feature = "smol") { "with smol" } else { "builtin" });
    machine::power_off();
}
