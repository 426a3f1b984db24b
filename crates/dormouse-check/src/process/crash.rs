//! Processes that crash.

use std::process::ExitStatus;

/// Whether the process was ended by a crash: by `abort`, or by an invalid access.
#[cfg(unix)]
pub(crate) fn has_crashed(status: ExitStatus) -> bool {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt;

    const CRASHES: [Signal; 5] =
        [Signal::ABORT, Signal::BUS, Signal::ILL, Signal::SEGV, Signal::TRAP];
    CRASHES.iter().any(|signal| status.signal() == Some(signal.as_raw()))
}

/// Whether the process was ended by a crash: by `abort`, or by an invalid access.
#[cfg(not(unix))]
pub(crate) fn has_crashed(status: ExitStatus) -> bool {
    // Windows: the exit code is the code of the exception. Its two highest bits say that it is an error.
    status.code().is_some_and(|code| code as u32 >> 30 == 3)
}

/// A crash of this process, which is expected, writes no core dump.
#[cfg(unix)]
pub(crate) fn disable_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    let _ = setrlimit(Resource::Core, limit);
}

/// A crash of this process, which is expected, writes no core dump.
#[cfg(not(unix))]
pub(crate) fn disable_core_dumps() {}
