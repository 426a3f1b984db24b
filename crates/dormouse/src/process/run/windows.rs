//! Windows: std waits for the child and reads its pipes, on a thread that may block.

use crate::unblock::{Kind, unblock};
use std::io;
use std::process::{Command, ExitStatus, Output};

pub(super) async fn status(command: &mut Command) -> io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    // A child whose pipe is full would not end.
    (child.stdin, child.stdout, child.stderr) = (None, None, None);
    unblock(Kind::Program, move || child.wait()).await?
}

pub(super) async fn output(command: &mut Command) -> io::Result<Output> {
    let child = command.spawn()?;
    unblock(Kind::Program, move || child.wait_with_output()).await?
}
