//! D-Bus: the [`Runtime`] of [zbus] 6.

use dormouse::io::AsyncFd;
use dormouse::net::{TcpStream, UnixStream};
use dormouse::task::{self, JoinError, JoinHandle};
use dormouse::{sleep, time::Sleep};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;
use zbus::runtime::traits::{PollIo, Runtime, TaskHandle};
use zbus::runtime::{Interest, IoSource};

/// Sockets, timers, tasks and child processes for a connection of zbus, on any executor.
///
/// ```no_run
/// # async fn names() -> zbus::Result<()> {
/// use dormouse_adapters::zbus_6::DormouseRuntime;
/// use zbus::{connection::Builder, fdo::DBusProxy};
///
/// let connection = Builder::session().runtime(DormouseRuntime).build().await?;
/// println!("{:?}", DBusProxy::new(&connection).await?.list_names().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseRuntime;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

impl Runtime for DormouseRuntime {
    type RegisteredIoSource = DormouseIo;
    type Sleep = Sleep;
    type Task<T: Send + 'static> = DormouseTask<T>;

    fn register_io_source(&self, source: IoSource) -> io::Result<DormouseIo> {
        Ok(DormouseIo(AsyncFd::new(source)?))
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        sleep(duration)
    }

    fn spawn<T: Send + 'static>(
        &self,
        _name: &str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> DormouseTask<T> {
        DormouseTask(Some(task::spawn(future)))
    }

    async fn connect_tcp(&self, address: SocketAddr) -> io::Result<IoSource> {
        let stream = TcpStream::connect(address).await?;
        Ok(OwnedFd::from(stream.into_std()?).into())
    }

    fn connect_unix(&self, path: &Path) -> impl Future<Output = io::Result<IoSource>> + Send {
        let path = path.to_owned();
        async move {
            let stream = UnixStream::connect(path).await?;
            Ok(OwnedFd::from(stream.into_std()?).into())
        }
    }

    /// A thread for blocking work waits for the exit, so that the process is reaped although zbus drops the future.
    fn spawn_process(
        &self,
        mut command: Command,
        stdin: Stdio,
        stdout: Stdio,
        stderr: Stdio,
    ) -> io::Result<BoxFuture<io::Result<ExitStatus>>> {
        let mut child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn()?;
        // It holds copies of the streams, and a pipe ends when the last copy is closed.
        drop(command);
        let exit = task::spawn_blocking(move || child.wait());
        Ok(Box::pin(async { exit.await.unwrap_or_else(|err| Err(io::Error::other(err))) }))
    }

    fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<T> {
        let work = task::spawn_blocking(work);
        Box::pin(async { work.await.unwrap_or_else(|err| resume(err)) })
    }
}

/// Continues the panic of a task. A task that was cancelled, by the shutdown of its executor, has no other result either.
fn resume(err: JoinError) -> ! {
    match err.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(err) => panic!("the blocking work of zbus has no output: {err}"),
    }
}

/// A socket or a pipe of a connection.
///
/// ```
/// use dormouse_adapters::zbus_6::DormouseRuntime;
/// use std::io::{Read, Write};
/// use std::os::{fd::OwnedFd, unix::net::UnixStream};
/// use zbus::runtime::traits::{PollIo, Runtime};
/// use zbus::runtime::{Interest, IoSource};
///
/// # fn main() -> std::io::Result<()> {
/// let (mut reader, mut writer) = UnixStream::pair()?;
/// reader.set_nonblocking(true)?;
/// let io = DormouseRuntime.register_io_source(OwnedFd::from(reader.try_clone()?).into())?;
/// let mut byte = [0];
/// let read = std::future::poll_fn(|cx| {
///     io.poll_io(cx, Interest::Readable, || reader.read(&mut byte))
/// });
/// writer.write_all(b"!")?;
/// assert_eq!(dormouse::block_on(read)?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DormouseIo(AsyncFd<IoSource>);

impl PollIo for DormouseIo {
    fn poll_io<T>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        match interest {
            Interest::Readable => self.0.poll_read_with(cx, |_| operation()),
            _ => self.0.poll_write_with(cx, |_| operation()),
        }
    }
}

/// A task of a connection, which is cancelled when the handle is dropped.
///
/// ```
/// use dormouse_adapters::zbus_6::DormouseRuntime;
/// use zbus::runtime::traits::Runtime;
///
/// let task = DormouseRuntime.spawn("an answer", async { 7 });
/// assert_eq!(dormouse::block_on(task).unwrap(), 7);
/// ```
///
/// # Errors
/// If the task has panicked, was cancelled, or has lost its executor.
#[derive(Debug)]
pub struct DormouseTask<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Future for DormouseTask<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match &mut self.0 {
            Some(task) => Pin::new(task).poll(cx).map_err(io::Error::other),
            None => Poll::Pending, // `detach` has consumed the handle
        }
    }
}

impl<T: Send + 'static> TaskHandle<T> for DormouseTask<T> {
    fn detach(mut self) {
        self.0 = None;
    }
}

impl<T> Drop for DormouseTask<T> {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
