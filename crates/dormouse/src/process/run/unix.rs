//! Unix: a child of [`spawn`].

use crate::process::spawn;
use std::io;
use std::process::{Command, ExitStatus, Output};

pub(super) async fn status(command: &mut Command) -> io::Result<ExitStatus> {
    let mut child = spawn(command)?;
    // A child whose pipe is full would not end.
    (child.stdin, child.stdout, child.stderr) = (None, None, None);
    child.wait().await
}

pub(super) async fn output(command: &mut Command) -> io::Result<Output> {
    spawn(command)?.wait_with_output().await
}
