//! Pipes as files, through the traits of futures.

use crate::{MEBIBYTE, on_every_reactor, pattern};
use dormouse::io::{AsyncFd, Interest};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures::join;
use std::fs::File;
use std::os::fd::OwnedFd;

on_every_reactor! {
    a_pipe_can_be_read_and_written_as_a_file
    closing_a_pipe_is_not_an_error
}

pub(crate) fn pipe() -> (AsyncFd<File>, AsyncFd<File>) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let wrap = |fd: OwnedFd, interest| AsyncFd::with_interest(File::from(fd), interest).unwrap();
    (wrap(reader, Interest::READABLE), wrap(writer, Interest::WRITABLE))
}

async fn a_pipe_can_be_read_and_written_as_a_file() {
    let (mut reader, writer) = pipe();
    let sent = pattern();
    let mut received = Vec::new();
    let (read, written) = join!(reader.read_to_end(&mut received), async {
        // A pipe cannot be shut down, so `close` does nothing. The drop closes it.
        let mut writer = writer;
        AsyncWriteExt::write_all(&mut writer, &sent).await?;
        writer.close().await
    });
    written.unwrap();
    assert_eq!(read.unwrap(), MEBIBYTE);
    assert!(received == sent);
}

async fn closing_a_pipe_is_not_an_error() {
    let (_reader, mut writer) = pipe();
    writer.close().await.unwrap();
}
