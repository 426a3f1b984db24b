//! The echo server of tokio's README, with a client.

use super::rt::io::{AsyncReadExt, AsyncWriteExt};
use super::rt::net::{TcpListener, TcpStream};
use super::rt::spawn;
use std::error::Error;

pub(crate) async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    spawn(async move {
        if let Err(err) = serve(listener).await {
            eprintln!("the server ends: {err}");
        }
    });

    let mut client = TcpStream::connect(address).await?;
    assert_eq!(client.peer_addr()?, address);
    for message in ["hello", "world", &"x".repeat(100_000)] {
        let (mut read, mut write) = client.split();
        let mut answer = vec![0; message.len()];
        let (sent, received) =
            super::rt::join!(write.write_all(message.as_bytes()), read.read_exact(&mut answer));
        sent?;
        received?;
        assert!(answer == message.as_bytes());
    }
    client.shutdown().await?;
    assert_eq!(client.read(&mut [0; 1]).await?, 0);
    Ok(())
}

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (mut socket, _) = listener.accept().await?;

        spawn(async move {
            let mut buf = [0; 1024];

            // In a loop, read data from the socket and write the data back.
            loop {
                let n = match socket.read(&mut buf).await {
                    // socket closed
                    Ok(0) => return,
                    Ok(n) => n,
                    Err(e) => {
                        eprintln!("failed to read from socket; err = {e:?}");
                        return;
                    }
                };

                // Write the data back
                if let Err(e) = socket.write_all(&buf[0..n]).await {
                    eprintln!("failed to write to socket; err = {e:?}");
                    return;
                }
            }
        });
    }
}
