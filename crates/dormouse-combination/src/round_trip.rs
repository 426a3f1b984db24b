//! A round trip of one byte: two wake-ups, and little else.

use crate::executor::{Executor, Task};
use crate::stream::Stream;
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How long to run before a measurement.
const WARM_UP: Duration = Duration::from_millis(10);
/// Round trips between two reads of the clock.
const BATCH: usize = 50;
/// Larger than a message, as the buffers of most readers are. A reactor may conclude from a short read that no
/// more data is available.
const BUFFER: usize = 64;

/// Times of a round trip.
#[derive(Debug)]
pub(crate) struct Samples {
    /// The mean of each batch.
    pub(crate) wall_ns: Vec<f64>,
    /// CPU time of the process, all threads included.
    pub(crate) cpu_ns: f64,
}

/// Both ends are tasks of one executor.
pub(crate) fn measure<S: Stream>(executor: Executor, duration: Duration) -> io::Result<Samples> {
    let (client, server) = connected_pair()?;
    let (sender, samples) = channel();
    let client = async move {
        // Fails only if the receiver is gone.
        let _ = sender.send(run_client(S::register(client)?, duration).await?);
        Ok(())
    };
    let server = async move { echo(S::register(server)?).await };
    let tasks: Vec<Task> = vec![Box::pin(client), Box::pin(server)];
    executor.run_all(tasks)?;
    samples.recv().map_err(io::Error::other)
}

/// Non-blocking.
fn connected_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
    }
    Ok((client, server))
}

async fn run_client(mut client: impl Stream, duration: Duration) -> io::Result<Samples> {
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        round_trip(&mut client).await?;
    }
    let (before, start, mut wall_ns) = (cpu_ns(), Instant::now(), Vec::new());
    while wall_ns.is_empty() || start.elapsed() < duration {
        let start = Instant::now();
        for _ in 0..BATCH {
            round_trip(&mut client).await?;
        }
        wall_ns.push(start.elapsed().as_nanos() as f64 / BATCH as f64);
    }
    let cpu_ns = (cpu_ns() - before) / (wall_ns.len() * BATCH) as f64;
    Ok(Samples { wall_ns, cpu_ns })
}

/// Sends one byte and receives one.
async fn round_trip(client: &mut impl Stream) -> io::Result<()> {
    client.write(b"x").await?;
    match client.read(&mut [0; BUFFER]).await? {
        1 => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends back what it receives, until the client end is closed.
async fn echo(mut server: impl Stream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match server.read(&mut buffer).await? {
            0 => return Ok(()),
            read => server.write(&buffer[..read]).await?,
        };
    }
}

fn cpu_ns() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
