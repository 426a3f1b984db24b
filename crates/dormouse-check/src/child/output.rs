//! Reads what a child process writes.

use super::MARK;
use crate::process;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// How many lines of the standard error are kept.
const MAX_ERRORS: usize = 8;
/// How long to wait for the end of the standard error, after the child has ended. A process that the child has started may
/// keep it open.
const ERRORS_LIMIT: Duration = Duration::from_millis(500);

/// The standard output and the standard error of a child.
#[derive(Debug)]
pub(super) struct Output {
    /// The lines for the parent, without their mark.
    pub(super) lines: Receiver<String>,
    /// The standard error, once it has ended.
    errors: Receiver<Vec<u8>>,
}

impl Output {
    /// Reads both on threads of their own, so that the child never waits for its parent.
    pub(super) fn of(child: &mut Child) -> Option<Output> {
        let (stdout, mut stderr) = (child.stdout.take()?, child.stderr.take()?);
        let (send_line, lines) = mpsc::channel();
        process::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if let Some(line) = String::from_utf8_lossy(&line).strip_prefix(MARK) {
                    let _ = send_line.send(line.to_owned());
                }
            }
        })?;
        let (send_errors, errors) = mpsc::channel();
        process::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let _ = send_errors.send(text);
        })?;
        Some(Output { lines, errors })
    }

    /// The last lines of the standard error of a child that has ended, without those of the checker.
    pub(super) fn last_errors(&self) -> Vec<String> {
        let text = self.errors.recv_timeout(ERRORS_LIMIT).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<String> = text
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty() && !line.starts_with("dormouse-check: "))
            .take(MAX_ERRORS)
            .map(str::to_owned)
            .collect();
        lines.reverse();
        lines
    }
}
