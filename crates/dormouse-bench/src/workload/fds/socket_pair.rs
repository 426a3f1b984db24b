//! Round trips over a Unix socket pair.

use crate::fd_peer::socket::Registered;
use std::io;
use std::os::unix::net::UnixStream;

/// Larger than a message, as the buffers of most readers are. A reactor may conclude from a short read that no
/// more data is available.
const BUFFER: usize = 64;

/// A non-blocking socket pair.
pub(super) fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (client, server) = UnixStream::pair()?;
    client.set_nonblocking(true)?;
    server.set_nonblocking(true)?;
    Ok((client, server))
}

/// Sends one byte and receives one.
pub(super) async fn round_trip<W: Registered<UnixStream>>(client: &mut W) -> io::Result<()> {
    client.write(b"x").await?;
    match client.read(&mut [0; BUFFER]).await? {
        1 => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Sends back what it receives, until the client end is closed.
pub(super) async fn echo<W: Registered<UnixStream>>(mut server: W) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match server.read(&mut buffer).await? {
            0 => return Ok(()),
            read => server.write(&buffer[..read]).await?,
        };
    }
}
