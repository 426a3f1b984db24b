//! A library crate in miniature, which is async and does not name an executor.
//!
//! `asker` could be a crate of its own, with dormouse as its only dependency and no features. `main`
//! is a program that uses it: it picks the executor, and it may pick several.
//!
//! Run it with `cargo run --example library --features tokio,smol`. Without the features it leaves
//! out the executors that they stand for.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

/// Asks over UDP, again and again with a growing pause, until an answer comes or time is up.
#[allow(unreachable_pub)] // it stands for a crate, and `ask` for its public face
mod asker {
    use dormouse::io::{AsyncFd, Interest};
    use std::io;
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::time::Duration;

    const FIRST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(2);

    /// The server's answer.
    ///
    /// # Errors
    /// `TimedOut` if there was none within `limit`; and those of the socket.
    ///
    /// # Cancel safety
    /// Dropping it closes the socket. The server may have been asked.
    pub async fn ask(server: SocketAddr, question: &str, limit: Duration) -> io::Result<String> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        let socket = AsyncFd::new(socket)?;
        dormouse::timeout(limit, keep_asking(&socket, question)).await?
    }

    async fn keep_asking(socket: &AsyncFd<UdpSocket>, question: &str) -> io::Result<String> {
        let mut buffer = [0; 1500];
        let mut pause = FIRST_PAUSE;
        loop {
            let send = socket.async_io(Interest::WRITABLE, |s| s.send(question.as_bytes()));
            send.await?;
            let receive = socket.async_io(Interest::READABLE, |s| s.recv(&mut buffer));
            match dormouse::timeout(pause, receive).await {
                Ok(len) => return Ok(String::from_utf8_lossy(&buffer[..len?]).into_owned()),
                Err(_elapsed) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }
}

/// A server that loses two questions of three. It is a thread, so as to run on no executor either.
fn start_lossy_server() -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 1500];
        for count in 1u64.. {
            let (len, peer) = socket.recv_from(&mut buffer)?;
            if count % 3 == 0 {
                buffer[..len].make_ascii_uppercase();
                socket.send_to(&buffer[..len], peer)?;
            }
        }
        Ok(())
    });
    Ok(address)
}

/// What the program wants to know, wherever it runs.
async fn program(executor: &str, server: SocketAddr) -> io::Result<()> {
    let reactor = dormouse::reactor::Reactor::current();
    let answer = asker::ask(server, "are you awake?", Duration::from_secs(2)).await?;
    println!("on {executor}, served by the {} reactor: {answer}", reactor.name());

    let deaf = UdpSocket::bind("127.0.0.1:0")?;
    let nothing = asker::ask(deaf.local_addr()?, "and you?", Duration::from_millis(100)).await;
    match nothing {
        Err(err) if err.kind() == io::ErrorKind::TimedOut => println!("    and nobody else is"),
        other => println!("    and somebody else says {:?}", other?),
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let server = start_lossy_server()?;

    dormouse::block_on(program("dormouse::block_on", server))?;

    futures::executor::block_on(program("futures::executor::block_on", server))?;

    #[cfg(feature = "tokio")]
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
        // Spawned, so that it moves between threads: the future is `Send`.
        runtime.block_on(runtime.spawn(program("tokio", server)))??;
    }

    #[cfg(feature = "smol")]
    smol::block_on(smol::spawn(program("smol", server)))?;

    Ok(())
}
