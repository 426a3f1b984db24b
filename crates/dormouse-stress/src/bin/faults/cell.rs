//! One cell of the table: a case and a subject, in a process of their own, under a limit of time.

use crate::case::VERDICT;
use crate::case::waker::OUR_PANIC;
use crate::probe::{FIRES, survives};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What a process has to be over in.
const LIMIT: Duration = Duration::from_secs(40);
/// A system call is made to fail at the first, the second, ... time, and at no more than so many.
const MOST: usize = 16;

/// What is brought about from outside.
#[derive(Clone, Copy)]
pub(crate) enum Outside {
    Nothing,
    /// What `scripts/faults-preload.c` does when told so by these variables.
    Shim(&'static [(&'static str, &'static str)]),
    /// What strace does to system calls: each of these is tried alone, for every n in place of `{n}`.
    Injected(&'static [&'static str]),
    /// Readings of the clock go back, whichever way they are taken.
    Clock,
}

/// A program to run, and a folder for what it leaves.
pub(crate) struct Cell<'a> {
    pub(crate) program: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) case: &'a str,
    pub(crate) subject: &'a str,
    /// The number of the row: one case can be in several.
    pub(crate) row: usize,
}

impl Cell<'_> {
    /// Brings the fault about, and says what was seen.
    pub(crate) fn find(&self, outside: Outside) -> io::Result<String> {
        match outside {
            Outside::Nothing => self.run(Command::new(self.program)),
            Outside::Shim(variables) => {
                let mut command = Command::new(self.program);
                command.env("LD_PRELOAD", self.shim()).envs(variables.iter().copied());
                self.run(command)
            }
            Outside::Injected(faults) => self.sweep(faults),
            // Rust's own clocks ask libc, and so the shim. Those of rustix ask the page that the kernel maps for
            // the purpose; when it cannot be found, the kernel.
            Outside::Clock => {
                let mut strace = self.strace(&[
                    "prctl:error=EINVAL",
                    "open:error=EACCES",
                    "clock_gettime:poke_exit=@arg2=01000000000000000000000000000000:when=7+7",
                ]);
                strace.args(["-E", &format!("LD_PRELOAD={}", self.shim().display())]);
                strace.args(["-E", "FAULTS_CLOCK=7"]).arg(self.program);
                self.run(strace)
            }
        }
    }

    /// Each fault at the first call, the second, and so on, until there are no more; to the first finding that is
    /// not what is to be seen.
    fn sweep(&self, faults: &[&str]) -> io::Result<String> {
        for fault in faults {
            for n in 1..=MOST {
                let mut strace = self.strace(&[&fault.replace("{n}", &n.to_string())]);
                strace.arg(self.program);
                let found = self.run(strace)?;
                if !survives(&found) {
                    let once = fault.ends_with("{n}");
                    return Ok(if once { format!("{found} (call {n})") } else { found });
                }
                let injected = fs::read_to_string(self.file("strace"))?.contains("(INJECTED)");
                if !injected || !fault.contains("{n}") {
                    break;
                }
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
        command.args(["case", self.case, self.subject]).process_group(0);
        // To print one takes long enough to be late.
        command.env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let mut child = command.spawn()?;
        let until = Instant::now() + LIMIT;
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
        Ok(verdict(status, &read(&stdout)?, &read(&stderr)?))
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join("cells").join(format!("{}-{}.{kind}", self.row, self.subject))
    }

    fn shim(&self) -> PathBuf {
        self.folder.join("shim.so")
    }
}

fn verdict(status: Option<ExitStatus>, stdout: &str, stderr: &str) -> String {
    let Some(status) = status else { return "hangs".to_owned() };
    let said = stdout.lines().filter_map(|line| line.strip_prefix(VERDICT)).next_back();
    let why = |what: &str| match panic_message(stderr) {
        Some(message) => format!("{what}: {message}"),
        None => what.to_owned(),
    };
    match (status.code(), status.signal(), said) {
        (Some(0), _, Some(said)) if !survives(said) => why(said),
        (Some(0), _, Some(said)) => said.to_owned(),
        (Some(101), ..) => why("panics"),
        (_, Some(6), _) | (Some(134), ..) => why("aborts"),
        (_, Some(signal), _) => format!("dies of signal {signal}"),
        (code, ..) => format!("ends with {}", code.unwrap_or(-1)),
    }
}

/// The beginning of what a panic says, other than our own.
fn panic_message(stderr: &str) -> Option<String> {
    const LONGEST: usize = 80;
    let lines: Vec<_> = stderr.lines().collect();
    let panics = lines.windows(2).filter(|pair| pair[0].contains(" panicked at "));
    let mut message = panics.map(|pair| pair[1]).find(|&message| message != OUR_PANIC)?;
    for end in [": Os {", ". ", ", must "] {
        message = message.split(end).next()?;
    }
    Some(message.chars().take(LONGEST).map(|char| if char == '|' { '/' } else { char }).collect())
}
