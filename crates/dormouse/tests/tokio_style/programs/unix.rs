//! A server on a Unix socket, and a datagram between two sockets without a name.

use super::rt::io::{AsyncReadExt, AsyncWriteExt};
use super::rt::net::{UnixDatagram, UnixListener, UnixStream};
use super::rt::spawn;
use std::io;

pub(crate) async fn main() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!(
        "tokio-style-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let listener = UnixListener::bind(&path)?;
    spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut read, mut write) = stream.split();
            let mut request = String::new();
            if read.read_to_string(&mut request).await.is_ok() {
                let _ = write.write_all(request.to_uppercase().as_bytes()).await;
            }
        }
    });
    let stream = UnixStream::connect(&path).await?;
    std::fs::remove_file(&path)?;
    // illumos has no credentials of peers, and those of the BSDs have no process.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    assert_eq!(stream.peer_cred()?.pid(), Some(std::process::id() as i32));

    let (mut read, mut write) = stream.into_split();
    write.write_all(b"hello").await?;
    write.shutdown().await?;
    let mut response = String::new();
    read.read_to_string(&mut response).await?;
    assert_eq!(response, "HELLO");

    let (left, right) = UnixDatagram::pair()?;
    left.send(b"one").await?;
    let mut buf = [0; 8];
    right.readable().await?;
    assert_eq!(right.try_recv(&mut buf)?, 3);
    Ok(())
}
