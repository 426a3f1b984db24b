//! A small async library that does not depend on an executor, and a program that uses it on four executors.
//!
//! `udp_client` could be a separate crate with `dormouse = "0.1"` as its only dependency. `main` is the program: it
//! chooses the executor.
//!
//! Run it with `cargo run -p dormouse --features smol --example library`. Without the feature `smol`, or with
//! `--no-default-features` and so without `tokio`, that executor is skipped.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

/// Sends a request over UDP, repeatedly with a growing pause, until a response arrives or the time is up.
#[allow(unreachable_pub)] // the module stands for a crate, and `request` for its public API
mod udp_client {
    use dormouse::net::UdpSocket;
    use std::io;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Duration;

    const FIRST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(2);

    /// Sends a request and returns the response of the server.
    ///
    /// # Errors
    /// `TimedOut` if there is no response within `limit`, and the errors of the socket.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket. The server may have received the request.
    pub async fn request(server: SocketAddr, message: &str, limit: Duration) -> io::Result<String> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(server).await?;
        dormouse::timeout(limit, send_until_response(&socket, message)).await?
    }

    async fn send_until_response(socket: &UdpSocket, message: &str) -> io::Result<String> {
        let mut buffer = [0; 1500];
        let mut pause = FIRST_PAUSE;
        loop {
            socket.send(message.as_bytes()).await?;
            match dormouse::timeout(pause, socket.recv(&mut buffer)).await {
                Ok(len) => return Ok(String::from_utf8_lossy(&buffer[..len?]).into_owned()),
                Err(_elapsed) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }
}

/// Starts a server that drops two of three requests, as a thread without an executor.
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

/// The async part of the program, which is the same on each executor.
async fn program(executor: &str, server: SocketAddr) -> io::Result<()> {
    let reactor = dormouse::reactor::Reactor::current();
    let response = udp_client::request(server, "are you awake?", Duration::from_secs(2)).await?;
    println!("on {executor}, with the {} reactor: {response}", reactor.name());

    let silent = UdpSocket::bind("127.0.0.1:0")?;
    let result =
        udp_client::request(silent.local_addr()?, "and you?", Duration::from_millis(100)).await;
    match result {
        Err(err) if err.kind() == io::ErrorKind::TimedOut => {
            println!("    a server that does not respond: {err}")
        }
        other => println!("    unexpected response: {:?}", other?),
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
        // Spawned on the multi-threaded runtime, because the future is `Send`.
        runtime.block_on(runtime.spawn(program("tokio", server)))??;
    }

    #[cfg(feature = "smol")]
    smol::block_on(smol::spawn(program("smol", server)))?;

    Ok(())
}
