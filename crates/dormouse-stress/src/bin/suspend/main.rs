//! What happens to sleeps when the machine is suspended or its wall clock is set.
//!
//! For a virtual machine of its own, which it runs as the only process there is (`scripts/suspend` builds and starts it):
//! it suspends the machine, sets its clock, and powers it off.

mod machine;
mod stepped;
mod suspended;

use dormouse_stress::verdict;

fn main() {
    if std::process::id() != 1 {
        eprintln!("this suspends the machine and sets its clock: run it by scripts/suspend");
        std::process::exit(2);
    }
    machine::prepare();
    std::panic::set_hook(Box::new(|info| {
        verdict::check(false, format!("no panic: {info}"));
    }));
    suspended::by_timer();
    suspended::by_alarm();
    stepped::forward_and_back();
    verdict::close(if cfg!(feature = "smol") { "with smol" } else { "builtin" });
    machine::power_off();
}
