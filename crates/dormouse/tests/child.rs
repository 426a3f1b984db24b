//! Pipes to child processes, on every reactor.
//!
//! They have a test binary of their own: until a child has started its program, it keeps copies of all fds open, also of
//! pipes whose end another test expects.
#![cfg(unix)]

mod common;

use common::MS;
use dormouse::net::{PipeWriter, pipe};
use dormouse::sleep;
use std::io::Read;
use std::process::{Command, Stdio};

on_every_reactor! {
    all_that_a_child_prints_arrives
    a_child_reads_all_that_is_written
}

/// Returns how many bytes `seq` has printed to a pipe that is read slowly.
async fn bytes_of_a_child(stdout: impl FnOnce(PipeWriter) -> Stdio) -> usize {
    let (reader, writer) = pipe().unwrap();
    let mut command = Command::new("seq");
    let mut child = command.args(["1", "100000"]).stdout(stdout(writer)).spawn().unwrap();
    drop(command);
    let (mut bytes, mut buffer) = (0, [0; 4096]);
    loop {
        sleep(MS / 5).await;
        match reader.read(&mut buffer).await.unwrap() {
            0 => break,
            read => bytes += read,
        }
    }
    assert!(child.wait().unwrap().success());
    bytes
}

async fn all_that_a_child_prints_arrives() {
    let bytes = bytes_of_a_child(|writer| Stdio::from(writer.into_blocking_fd().unwrap())).await;
    assert_eq!(bytes, 588_895);
}

async fn a_child_reads_all_that_is_written() {
    let (reader, writer) = pipe().unwrap();
    let mut command = Command::new("wc");
    command.arg("-c").stdin(reader.into_blocking_fd().unwrap()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut left = 1_000_000;
    while left > 0 {
        left -= writer.write(&vec![b'x'; left.min(4096)]).await.unwrap();
    }
    drop(writer);
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(printed.trim(), "1000000");
}
