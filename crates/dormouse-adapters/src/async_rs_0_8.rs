//! AMQP and others: the runtime of [async-rs](https://docs.rs/async-rs/0.8) 0.8, which [lapin](https://docs.rs/lapin/4) 4
//! uses.
//!
//! A connection of lapin has a thread of its own, which polls the socket outside of every executor: there the socket uses
//! the builtin reactor of dormouse. Heartbeats and consumers are tasks, which run where `dormouse::task` runs them.

use async_rs::traits::{Executor, Reactor, RuntimeKit};
use async_rs::util::{Task, TaskImpl};
use async_trait::async_trait;
use dormouse::io::{AsSource, AsyncFd};
use dormouse::net::TcpStream;
use dormouse::task::{self, JoinHandle};
use dormouse::{block_on, interval, sleep, time};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// The executor and the reactor of async-rs.
///
/// ```
/// use async_rs::Runtime;
/// use async_rs::traits::*;
/// use dormouse_adapters::async_rs_0_8::Dormouse;
/// use std::time::Duration;
///
/// let runtime = Runtime::new(Dormouse);
/// let answer = runtime.spawn(async { 7 });
/// assert_eq!(runtime.block_on(answer), 7);
/// runtime.block_on(runtime.sleep(Duration::from_millis(5)));
/// ```
///
/// lapin takes it in `Connection::connect_with_runtime`:
///
/// ```no_run
/// # async fn connect() -> lapin::Result<()> {
/// use async_rs::Runtime;
/// use dormouse_adapters::async_rs_0_8::Dormouse;
/// use lapin::{Connection, ConnectionProperties};
///
/// let (uri, properties) = ("amqp://127.0.0.1/", ConnectionProperties::default());
/// let connection =
///     Connection::connect_with_runtime(uri, properties, Runtime::new(Dormouse)).await?;
/// # drop(connection);
/// # Ok(())
/// # }
/// ```
#[doc(alias("Smol", "Tokio"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Dormouse;

/// The runtime of async-rs with [`Dormouse`].
///
/// ```
/// use async_rs::{Runtime, traits::Executor};
/// use dormouse_adapters::async_rs_0_8::{Dormouse, DormouseRuntime};
///
/// let runtime: DormouseRuntime = Runtime::new(Dormouse);
/// let blocking = runtime.spawn_blocking(|| std::fs::read_to_string("/dev/null"));
/// assert_eq!(runtime.block_on(blocking).unwrap(), "");
/// ```
#[doc(alias("SmolRuntime", "TokioRuntime"))]
pub type DormouseRuntime = async_rs::Runtime<Dormouse>;

impl RuntimeKit for Dormouse {}

impl Executor for Dormouse {
    type Task<T: Send + 'static> = DormouseTask<T>;

    fn block_on<T, F: Future<Output = T>>(&self, future: F) -> T {
        block_on(future)
    }

    fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        future: F,
    ) -> Task<DormouseTask<T>> {
        DormouseTask(task::spawn(future)).into()
    }

    fn spawn_blocking<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        function: F,
    ) -> Task<DormouseTask<T>> {
        DormouseTask(task::spawn_blocking(function)).into()
    }
}

/// A task of [`Dormouse`], as `async_rs::util::Task` contains it.
///
/// ```
/// use async_rs::traits::Executor;
/// use dormouse_adapters::async_rs_0_8::Dormouse;
///
/// let mut task = Dormouse.spawn(std::future::pending::<()>());
/// assert_eq!(dormouse::block_on(task.cancel()), None);
/// ```
///
/// # Panics
/// A panic of the task continues in the await. An await of a task that was cancelled, or whose executor has ended, panics:
/// the trait has no value for that.
#[derive(Debug)]
pub struct DormouseTask<T>(JoinHandle<T>);

impl<T: Send + 'static> Future for DormouseTask<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(output) => Poll::Ready(output),
            Err(err) => match err.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(err) => panic!("the task has no output: {err}"),
            },
        }
    }
}

/// `detach` does nothing: a task whose handle is dropped runs on.
#[async_trait]
impl<T: Send + 'static> TaskImpl for DormouseTask<T> {
    async fn cancel(&mut self) -> Option<T> {
        self.0.abort();
        (&mut self.0).await.ok()
    }
}

impl Reactor for Dormouse {
    type TcpStream = TcpStream;
    type Sleep = time::Sleep;

    // The bound of the trait cannot be named outside of async-rs. It implies this one.
    fn register<H: Read + Write + AsSource + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Ok(Registered(AsyncFd::new(socket)?))
    }

    fn sleep(&self, duration: Duration) -> time::Sleep {
        sleep(duration)
    }

    fn interval(&self, period: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        Interval(interval(period))
    }

    #[expect(clippy::manual_async_fn, reason = "the future of an async fn would borrow `self`")]
    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<TcpStream>> + Send + 'static {
        async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        }
    }
}

/// A stream of another crate.
#[derive(Debug)]
struct Registered<H: AsSource>(AsyncFd<H>);

/// The object is never pinned.
impl<H: AsSource> Unpin for Registered<H> {}

impl<H: Read + AsSource> AsyncRead for Registered<H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready_mut(cx))?;
            if let Ok(read) = guard.try_io(|fd| fd.get_mut().read(buf)) {
                return Poll::Ready(read);
            }
        }
    }
}

impl<H: Write + AsSource> Registered<H> {
    fn poll_with(
        &mut self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&mut H) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_write_ready_mut(cx))?;
            if let Ok(done) = guard.try_io(|fd| operation(fd.get_mut())) {
                return Poll::Ready(done);
            }
        }
    }
}

impl<H: Write + AsSource> AsyncWrite for Registered<H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |socket| socket.write(buf))
    }

    /// Waits only if the object says so. Most have nothing to flush, also while there is no room to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.get_mut().flush() {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                self.poll_with(cx, |socket| socket.flush().map(|()| 0)).map_ok(drop)
            }
            flushed => Poll::Ready(flushed),
        }
    }

    /// The object has no function to end one direction: it is closed when it is dropped.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// The ticks of an interval as instants of std.
#[derive(Debug)]
struct Interval(time::Interval);

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.0.poll_tick(cx).map(|tick| Some(tick.into_std()))
    }
}
