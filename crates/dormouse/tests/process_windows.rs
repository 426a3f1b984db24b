//! Child processes on Windows, on every reactor.
#![cfg(windows)]

mod common;

use common::LIMIT;
use dormouse::{process, timeout};
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

on_every_reactor! {
    the_exit_status_is_returned
    all_output_is_returned
    a_status_closes_the_pipes_that_nothing_reads
    a_program_that_does_not_exist_is_an_error
}

/// A command that runs an ignored test of this file.
fn test(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--quiet"]);
    command
}

#[test]
#[ignore = "a child"]
fn exits() {
    std::process::exit(7);
}

/// More than the pipes hold, to both of them.
#[test]
#[ignore = "a child"]
fn writes() {
    let text = [b'x'; 300_000];
    let _ = std::io::stdout().write_all(&text);
    let _ = std::io::stderr().write_all(&text);
    std::process::exit(5);
}

async fn the_exit_status_is_returned() {
    assert_eq!(process::status(&mut test("exits")).await.unwrap().code(), Some(7));
    let statuses = (0..10).map(async |_| process::status(&mut test("exits")).await.unwrap().code());
    assert_eq!(futures::future::join_all(statuses).await, [Some(7); 10]);
}

async fn all_output_is_returned() {
    let output = timeout(LIMIT, process::output(&mut test("writes"))).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'x').count();
    assert!(count(&output.stdout) >= 300_000 && count(&output.stderr) >= 300_000);
}

async fn a_status_closes_the_pipes_that_nothing_reads() {
    let mut command = test("writes");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    timeout(LIMIT, process::status(&mut command)).await.expect("the child ends").unwrap();
}

async fn a_program_that_does_not_exist_is_an_error() {
    let mut command = Command::new("C:\\nonexistent.exe");
    assert_eq!(process::output(&mut command).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(process::status(&mut command).await.unwrap_err().kind(), ErrorKind::NotFound);
}
