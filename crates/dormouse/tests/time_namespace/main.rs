//! Clocks that are moved: a process enters a time namespace, in which the boot-time and the monotonic clock show other
//! times.
//!
//! A process can do that only while it has a single thread. So each case is a process of its own, and this file has a
//! `main` of its own: a test harness starts threads. Without timerfds, every sleep starts the thread `dormouse`.

#[cfg(all(target_os = "linux", not(dormouse_portable)))]
mod cases;
#[cfg(all(target_os = "linux", not(dormouse_portable)))]
mod namespace;

#[cfg(not(all(target_os = "linux", not(dormouse_portable))))]
fn main() {}

#[cfg(all(target_os = "linux", not(dormouse_portable)))]
fn main() {
    use std::process::exit;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    let args: Vec<_> = std::env::args().skip(1).collect();
    if let ["case", name, shift, context] = *args.iter().map(String::as_str).collect::<Vec<_>>() {
        return cases::run(name, shift, context);
    }
    if namespace::is_emulated() {
        println!(
            "skipped: the emulator has a thread in each process, so none can enter a time namespace"
        );
        return;
    }
    if !namespace::is_permitted() {
        println!("skipped: no time namespace can be created here");
        // Root can create one, if the kernel has them.
        exit(i32::from(namespace::exist() && rustix::process::geteuid().is_root()));
    }
    let filters: Vec<_> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let is_selected = |name: &str| filters.is_empty() || filters.iter().any(|&f| name.contains(f));
    let selected = Mutex::new(cases::all().filter(|case| is_selected(&case.join(" "))));
    let failed = AtomicBool::new(false);
    let run_cases = || {
        loop {
            let next = selected.lock().unwrap().next();
            let Some(case) = next else { return };
            let result = namespace::run_alone(&case);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            let outcome = result.map_or_else(|how| format!("FAILED: {how}"), |()| "ok".to_owned());
            println!("test {} ... {outcome}", case.join(" "));
        }
    };
    // They mostly wait.
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(run_cases))));
    exit(i32::from(failed.into_inner()));
}
