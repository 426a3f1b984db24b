//! One cell of the table: a case with a library, in its own process, under an injected fault and a time limit.

use crate::outcome::{FIRES, INTENDED_PANIC, PREFIX, survives};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A process that runs longer is killed.
const TIME_LIMIT: Duration = Duration::from_secs(40);
/// A system call fails at its first call, at its second, and so on, up to this one.
const MAX_CALLS: usize = 16;
/// Of so many clock readings, one is set back.
const PERIOD: usize = 7;

/// Where a system call is refused for good.
struct Sandbox {
    case: &'static str,
    /// For `scripts/faults-preload.c`.
    variables: &'static [(&'static str, &'static str)],
    /// What the outcome says.
    place: &'static str,
}

const fn sandbox(
    place: &'static str,
    case: &'static str,
    variables: &'static [(&'static str, &'static str)],
) -> Sandbox {
    Sandbox { case, variables, place }
}

const SANDBOXES: [Sandbox; 5] = [
    sandbox("from the start", "sandbox-start", &[("FAULTS_SCOPE", "all")]),
    sandbox("ENOSYS", "sandbox-start", &[("FAULTS_SCOPE", "all"), ("FAULTS_ERRNO", "38")]),
    sandbox("later", "sandbox-later", &[("FAULTS_SCOPE", "all")]),
    sandbox("in the first thread", "sandbox-first-thread", &[]),
    sandbox("in another thread", "sandbox-other-thread", &[]),
];

/// A fault that is injected from outside the process.
#[derive(Clone, Copy)]
pub(crate) enum Injection {
    /// None: the case causes its fault itself.
    Nothing,
    /// These environment variables control the preloaded `scripts/faults-preload.c`.
    Preload(&'static [(&'static str, &'static str)]),
    /// Arguments of strace's `inject=`. Each is tried alone, once for every n in place of `{n}`.
    SystemCalls(&'static [&'static str]),
    /// These system calls are refused for good: see [`SANDBOXES`].
    Forbidden(&'static str),
    /// The program is `scripts/faults-host.c`, which loads the library.
    Host,
    /// Clock readings go back, both through libc and through the system call.
    Clock,
}

/// A process to run, and the folder for its output.
pub(crate) struct Cell<'a> {
    pub(crate) program: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) case: &'a str,
    pub(crate) library: &'a str,
    /// The index of the row: several rows can share a case.
    pub(crate) row: usize,
}

impl Cell<'_> {
    /// Injects the fault, and returns the outcome.
    pub(crate) fn outcome(&self, injection: Injection) -> io::Result<String> {
        match injection {
            Injection::Nothing => self.run(Command::new(self.program)),
            Injection::Preload(variables) => {
                let mut command = Command::new(self.program);
                command.env("LD_PRELOAD", self.preload()).envs(variables.iter().copied());
                self.run(command)
            }
            Injection::SystemCalls(faults) => self.fail_each_call(faults),
            Injection::Forbidden(calls) => self.forbid(calls),
            Injection::Host => {
                let program = self.program.file_name().unwrap_or_default().to_string_lossy();
                let mut host = Command::new(self.folder.join("host"));
                host.env("FAULTS_FILE", self.folder.join(format!("host-{program}.so")));
                self.run(host)
            }
            Injection::Clock => self.set_back_readings(),
        }
    }

    /// Sets back every [`PERIOD`]-th clock reading, beginning with the first, with the second, and so on: which readings
    /// matter depends on the order of threads. Returns the first outcome that is not a success.
    fn set_back_readings(&self) -> io::Result<String> {
        for first in 1..=PERIOD {
            // std reads clocks through libc, which is preloaded. rustix reads them through the vDSO; the first two
            // injections hide it, so that rustix falls back to the system call, which the third changes.
            let when = format!("when={first}+{PERIOD}");
            let mut strace = self.strace(&[
                "prctl:error=EINVAL",
                "open:error=EACCES",
                &format!("clock_gettime:poke_exit=@arg2=01000000000000000000000000000000:{when}"),
            ]);
            strace.args(["-E", &format!("LD_PRELOAD={}", self.preload().display())]);
            strace.args(["-E", &format!("FAULTS_CLOCK={PERIOD}")]);
            strace.args(["-E", &format!("FAULTS_FIRST={first}")]).arg(self.program);
            let outcome = self.run(strace)?;
            if !survives(&outcome) {
                return Ok(outcome);
            }
        }
        Ok(FIRES.to_owned())
    }

    /// Injects each fault at the first call, at the second, and so on, until the process makes no such call. Returns
    /// the first outcome that is not a success.
    fn fail_each_call(&self, faults: &[&str]) -> io::Result<String> {
        for fault in faults {
            for n in 1..=MAX_CALLS {
                let mut strace = self.strace(&[&fault.replace("{n}", &n.to_string())]);
                strace.arg(self.program);
                let outcome = self.run(strace)?;
                if !survives(&outcome) {
                    let once = fault.ends_with("{n}");
                    return Ok(if once { format!("{outcome} (call {n})") } else { outcome });
                }
                let injected = fs::read_to_string(self.file("strace"))?.contains("(INJECTED)");
                if !injected || !fault.contains("{n}") {
                    break;
                }
            }
        }
        Ok(FIRES.to_owned())
    }

    /// Runs in each sandbox. Returns the first outcome that is not a success.
    fn forbid(&self, calls: &str) -> io::Result<String> {
        for Sandbox { case, variables, place } in SANDBOXES {
            let mut command = Command::new(self.program);
            command.env("LD_PRELOAD", self.preload()).env("FAULTS_FORBID", calls);
            command.envs(variables.iter().copied());
            let outcome = Cell { case, ..*self }.run(command)?;
            if !survives(&outcome) {
                return Ok(format!("{outcome} ({place})"));
            }
        }
        Ok(FIRES.to_owned())
    }

    fn strace(&self, faults: &[&str]) -> Command {
        let mut strace = Command::new("strace");
        strace.args(["-f", "--seccomp-bpf", "-qq", "-o"]).arg(self.file("strace"));
        let calls: Vec<_> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
        strace.arg("-e").arg(format!("trace={}", calls.join(",")));
        for fault in faults {
            strace.arg("-e").arg(format!("inject={fault}"));
        }
        strace
    }

    fn run(&self, mut command: Command) -> io::Result<String> {
        let (stdout, stderr) = (self.file("stdout"), self.file("stderr"));
        command.args(["case", self.case, self.library]).process_group(0);
        // Printing one takes so long that sleeps are late.
        command.env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let mut child = command.spawn()?;
        let until = Instant::now() + TIME_LIMIT;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if Instant::now() > until {
                let group = Pid::from_raw(child.id() as i32);
                let _ = group.map(|group| kill_process_group(group, Signal::KILL));
                child.wait()?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |file| fs::read(file).map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok(outcome(status, &read(&stdout)?, &read(&stderr)?))
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join("cells").join(format!("{}-{}.{kind}", self.row, self.library))
    }

    fn preload(&self) -> PathBuf {
        self.folder.join("preload.so")
    }
}

/// `status` is `None` if the process was killed at its time limit.
fn outcome(status: Option<ExitStatus>, stdout: &str, stderr: &str) -> String {
    let Some(status) = status else { return "hangs".to_owned() };
    let reported = stdout.lines().filter_map(|line| line.strip_prefix(PREFIX)).next_back();
    let with_message = |outcome: &str| match panic_message(stderr) {
        Some(message) => format!("{outcome}: {message}"),
        None => outcome.to_owned(),
    };
    match (status.code(), status.signal(), reported) {
        (Some(0), _, Some(outcome)) if !survives(outcome) => with_message(outcome),
        (Some(0), _, Some(outcome)) => outcome.to_owned(),
        (Some(101), ..) => with_message("panics"),
        (_, Some(6), _) | (Some(134), ..) => with_message("aborts"),
        (_, Some(signal), _) => format!("dies of signal {signal}"),
        (code, ..) => format!("ends with {}", code.unwrap_or(-1)),
    }
}

/// The beginning of the message of a panic, except for the intended one.
fn panic_message(stderr: &str) -> Option<String> {
    const MAX_CHARS: usize = 80;
    let lines: Vec<_> = stderr.lines().collect();
    let panics = lines.windows(2).filter(|pair| pair[0].contains(" panicked at "));
    let mut message = panics.map(|pair| pair[1]).find(|&message| message != INTENDED_PANIC)?;
    for end in [": Os {", ". ", ", must "] {
        message = message.split(end).next()?;
    }
    let chars = message.chars().map(|char| if char == '|' { '/' } else { char });
    Some(chars.take(MAX_CHARS).collect())
}
