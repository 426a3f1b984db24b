//! [`spawn`], and [`Child`]: a child process with asynchronous pipes.

use super::{orphans, wait};
use crate::net::{PipeReader, PipeWriter};
use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::process::{Command, ExitStatus, Output};
use std::task::{Context, Poll};

/// Starts a command, and returns the child, whose piped streams are asynchronous.
///
/// As in std, streams are inherited unless the command says otherwise.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::process;
/// use std::process::{Command, Stdio};
///
/// # dormouse::block_on(async {
/// let mut child = process::spawn(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
/// let stdin = child.stdin.take().expect("it is piped");
/// stdin.write_all(b"hello").await?;
/// drop(stdin); // `cat` reads the end of file
/// let output = child.wait_with_output().await?;
/// assert_eq!(output.stdout, b"hello");
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// Those of [`Command::spawn`], unchanged. If a pipe cannot be registered: see
/// [`AsyncFd`](crate::io::AsyncFd#errors); then the child is killed.
#[doc(alias = "Command")]
#[track_caller]
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    orphans::reap();
    Child::from_std(command.spawn()?)
}

/// A child process, with the asynchronous ends of the streams that are piped.
///
/// A child that is dropped goes on to run, unless [`kill_on_drop`](Self::kill_on_drop) is set. In both cases it is reaped
/// when it has ended: see [the module](super#children-that-are-not-waited-for).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::process;
/// use std::process::{Command, Stdio};
///
/// # dormouse::block_on(async {
/// let mut child = process::spawn(Command::new("echo").arg("hello").stdout(Stdio::piped()))?;
/// let stdout = child.stdout.take().expect("it is piped");
/// assert_eq!(stdout.read(&mut [0; 16]).await?, 6);
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    /// The stream that the child reads, if it is piped.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # use dormouse::process;
    /// # use std::process::{Command, Stdio};
    /// # dormouse::block_on(async {
    /// let mut child = process::spawn(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()))?;
    /// child.stdin.as_ref().expect("it is piped").write_all(b"hello").await?;
    /// assert!(child.wait().await?.success()); // closes stdin
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub stdin: Option<PipeWriter>,
    /// The stream that the child writes its output to, if it is piped.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # use dormouse::process;
    /// # use std::process::{Command, Stdio};
    /// # dormouse::block_on(async {
    /// let mut child = process::spawn(Command::new("echo").stdout(Stdio::piped()))?;
    /// let stdout = child.stdout.take().expect("it is piped");
    /// assert_eq!(stdout.read(&mut [0; 16]).await?, 1);
    /// # child.wait().await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub stdout: Option<PipeReader>,
    /// The stream that the child writes its errors to, if it is piped.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # use dormouse::process;
    /// # use std::process::{Command, Stdio};
    /// # dormouse::block_on(async {
    /// let mut command = Command::new("sh");
    /// let mut child = process::spawn(command.args(["-c", "echo >&2"]).stderr(Stdio::piped()))?;
    /// let stderr = child.stderr.take().expect("it is piped");
    /// assert_eq!(stderr.read(&mut [0; 16]).await?, 1);
    /// # child.wait().await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub stderr: Option<PipeReader>,
    process: Process,
}

impl Child {
    /// Takes a child that std has spawned, and registers its pipes with
    /// [`Reactor::current`](crate::reactor::Reactor::current).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::process::Child;
    /// use std::process::{Command, Stdio};
    ///
    /// # dormouse::block_on(async {
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = Child::from_std(child)?.wait_with_output().await?;
    /// assert_eq!(output.stdout, b"hello\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a pipe cannot be registered: see [`AsyncFd`](crate::io::AsyncFd#errors). Then the child is killed.
    #[track_caller]
    pub fn from_std(mut child: std::process::Child) -> io::Result<Child> {
        let stdin = child.stdin.take().map(OwnedFd::from);
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        // Kills it if the function returns early.
        let mut process = Process { child: Some(child), ended: false, kill_on_drop: true };
        let stdin = stdin.map(PipeWriter::from_owned_fd).transpose()?;
        let stdout = stdout.map(PipeReader::from_owned_fd).transpose()?;
        let stderr = stderr.map(PipeReader::from_owned_fd).transpose()?;
        process.kill_on_drop = false;
        Ok(Child { stdin, stdout, stderr, process })
    }

    /// Sets whether the child is killed when this is dropped before the child has been waited for. The default is `false`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::{process, timeout};
    /// use std::process::Command;
    /// use std::time::Duration;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = process::spawn(Command::new("sleep").arg("1000"))?.kill_on_drop(true);
    /// assert!(timeout(Duration::from_millis(10), child.wait()).await.is_err());
    /// drop(child); // kills it
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[must_use = "it returns the child"]
    pub fn kill_on_drop(mut self, kill_on_drop: bool) -> Child {
        self.process.kill_on_drop = kill_on_drop;
        self
    }

    /// The id of the process. `None` after the child has been waited for: then the id may belong to another process.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::process::Command;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = dormouse::process::spawn(&mut Command::new("true"))?;
    /// assert!(child.id().is_some());
    /// child.wait().await?;
    /// assert!(child.id().is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn id(&self) -> Option<u32> {
        self.process.child.as_ref().filter(|_| !self.process.ended).map(std::process::Child::id)
    }

    /// Waits until the child ends, and returns its exit status. A second call returns it at once.
    ///
    /// It closes `stdin` first, so that a child which reads to the end of file does end. It reads neither `stdout` nor
    /// `stderr`: a child whose pipe is full waits until it is read. [`wait_with_output`](Self::wait_with_output) reads both.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::process::Command;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = dormouse::process::spawn(&mut Command::new("false"))?;
    /// assert_eq!(child.wait().await?.code(), Some(1));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`process::wait`](super::wait()).
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing: the child goes on to run, and can be waited for again.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let waited = wait(self.process.get()?).await;
        self.process.ended |= waited.is_ok();
        waited
    }

    /// The exit status, if the child has ended.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::process::Command;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = dormouse::process::spawn(Command::new("sleep").arg("1000"))?;
    /// assert!(child.try_wait()?.is_none());
    /// child.kill().await?;
    /// assert!(child.try_wait()?.is_some());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`process::wait`](super::wait()).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = wait::check(self.process.get()?)?;
        self.process.ended |= status.is_some();
        Ok(status)
    }

    /// Waits until the child ends, and returns its exit status and what it has written to `stdout` and `stderr`, if they are
    /// still here.
    ///
    /// It closes `stdin` first. It returns when the pipes are closed too, which a child of the child may keep open.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::process;
    /// use std::process::{Command, Stdio};
    ///
    /// # dormouse::block_on(async {
    /// let child = process::spawn(Command::new("seq").arg("3").stdout(Stdio::piped()))?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"1\n2\n3\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`process::wait`](super::wait()), and those of reading.
    ///
    /// # Cancel safety
    /// Dropping the future drops the child.
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let (stdout, stderr) = both(read_to_end(stdout), read_to_end(stderr)).await;
        let status = self.wait().await?;
        Ok(Output { status, stdout: stdout?, stderr: stderr? })
    }

    /// Kills the child (`SIGKILL`), without waiting for its end. Does nothing if it has ended.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::process::Command;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = dormouse::process::spawn(Command::new("sleep").arg("1000"))?;
    /// child.start_kill()?;
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`process::wait`](super::wait()), and those of kill(2), for example if the child has another user.
    pub fn start_kill(&mut self) -> io::Result<()> {
        // Checked first: if other code has reaped it, its id may belong to another process.
        match self.try_wait()? {
            Some(_) => Ok(()),
            None => self.process.get()?.kill(),
        }
    }

    /// Kills the child (`SIGKILL`), and waits for its end.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::process::Command;
    ///
    /// # dormouse::block_on(async {
    /// let mut child = dormouse::process::spawn(Command::new("sleep").arg("1000"))?;
    /// child.kill().await?;
    /// assert!(child.id().is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`start_kill`](Self::start_kill) and [`wait`](Self::wait).
    ///
    /// # Cancel safety
    /// The first poll kills the child. Then as for [`wait`](Self::wait).
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }
}

/// The child of std. Reaps it, also if it is dropped while the child runs.
#[derive(Debug)]
struct Process {
    /// `None` in the destructor alone.
    child: Option<std::process::Child>,
    /// It has been reaped.
    ended: bool,
    kill_on_drop: bool,
}

impl Process {
    fn get(&mut self) -> io::Result<&mut std::process::Child> {
        self.child.as_mut().ok_or_else(|| io::Error::other("the child was dropped"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take().filter(|_| !self.ended) else { return };
        // As in `start_kill`.
        if self.kill_on_drop && matches!(child.try_wait(), Ok(None)) {
            let _ = child.kill();
        }
        orphans::adopt(child);
    }
}

async fn read_to_end(pipe: Option<PipeReader>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(pipe) = pipe else { return Ok(bytes) };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match pipe.read(&mut buffer).await? {
            0 => return Ok(bytes),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Runs two futures concurrently.
async fn both<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> (T, T) {
    fn poll<T>(
        future: Pin<&mut impl Future<Output = T>>,
        output: &mut Option<T>,
        cx: &mut Context<'_>,
    ) {
        if output.is_none() {
            if let Poll::Ready(ready) = future.poll(cx) {
                *output = Some(ready);
            }
        }
    }

    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut outputs = (None, None);
    poll_fn(|cx| {
        poll(one.as_mut(), &mut outputs.0, cx);
        poll(other.as_mut(), &mut outputs.1, cx);
        match (outputs.0.take(), outputs.1.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            incomplete => {
                outputs = incomplete;
                Poll::Pending
            }
        }
    })
    .await
}
