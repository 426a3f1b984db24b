//! Reads all that a child process prints, as it prints it.
//!
//! The end of the pipe that this process has is asynchronous, on any executor. The end of the child stays blocking: a child
//! does not expect that a write fails because the pipe is full, and would lose a part of its output.
//!
//! Run it with `cargo run -p dormouse --features process --example child`. On Windows, it does nothing.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use dormouse::{process, sleep};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    dormouse::block_on(async {
        let mut command = Command::new("seq");
        command.args(["1", "100000"]).stdout(Stdio::piped());
        // Without `kill_on_drop`, the child would go on to run if this function returned early.
        let mut child = process::spawn(&mut command)?.kill_on_drop(true);
        let stdout = child.stdout.take().expect("it is piped");
        let mut buffer = [0; 4096];
        let mut bytes = 0;
        loop {
            match stdout.read(&mut buffer).await? {
                0 => break,
                read => bytes += read,
            }
            // Slow, so that the pipe is full most of the time.
            sleep(Duration::from_micros(200)).await;
        }
        let status = child.wait().await?;
        println!("{bytes} bytes, {status}");
        assert_eq!(bytes, 588_895);
        Ok(())
    })
}

#[cfg(not(unix))]
fn main() {}
