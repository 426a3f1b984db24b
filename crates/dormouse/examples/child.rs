//! Reads all that a child process prints, through a pipe.
//!
//! The child gets the write end. It must be blocking: a child does not expect that a write fails because the pipe is
//! full, and would lose a part of its output. `into_blocking_fd` makes it so. The read end stays non-blocking and is read
//! asynchronously, on any executor.
//!
//! Run it with `cargo run --example child`.

use dormouse::net::{PipeReader, pipe};
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Starts a command, and returns the child with the read end of its standard output.
fn spawn(command: &mut Command) -> io::Result<(Child, PipeReader)> {
    let (reader, writer) = pipe()?;
    let child = command.stdout(writer.into_blocking_fd()?).spawn()?;
    // The command owns the write end too. While it is open, the reader does not read end of file.
    command.stdout(Stdio::null());
    Ok((child, reader))
}

/// Reads to the end of file, and returns the number of bytes. It reads slowly, so the pipe is full most of the time.
async fn read_slowly(reader: &PipeReader) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer).await? {
            0 => return Ok(bytes),
            read => bytes += read,
        }
        dormouse::sleep(Duration::from_micros(200)).await;
    }
}

fn main() -> io::Result<()> {
    dormouse::block_on(async {
        let (mut child, reader) = spawn(Command::new("seq").args(["1", "100000"]))?;
        let bytes = read_slowly(&reader).await?;
        // The child has closed its end, so it ends now: this blocks for a moment only.
        let status = child.wait()?;
        println!("{bytes} bytes, {status}");
        assert_eq!(bytes, 588_895);
        Ok(())
    })
}
