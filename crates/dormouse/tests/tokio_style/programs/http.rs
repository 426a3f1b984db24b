//! An HTTP/1.1 server without a library: keep-alive, a limit of time for each request, and a body that is read by length.

use super::rt::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use super::rt::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use super::rt::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs};
use super::rt::spawn;
use super::rt::time::{Duration, timeout};
use std::io;

pub(crate) async fn main() -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind("127.0.0.1:0".parse().unwrap())?;
    let listener = socket.listen(128)?;
    let port = listener.local_addr()?.port();
    spawn(async move {
        if let Err(err) = serve(listener).await {
            eprintln!("the server ends: {err}");
        }
    });

    let get = "GET /time HTTP/1.1\r\n\r\n";
    let post = "POST /echo HTTP/1.1\r\nContent-Length: 4\r\n\r\nping";
    let last = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    let responses = request(("127.0.0.1", port), &[get, post, last].concat()).await?;
    let bodies: Vec<_> = responses.split("\r\n\r\n").collect();
    assert_eq!(bodies.len(), 4, "{responses}");
    assert!(bodies[0].starts_with("HTTP/1.1 200 OK\r\n"), "{responses}");
    assert!(bodies[1].starts_with("it is late"), "{responses}");
    assert!(bodies[2].starts_with("ping"), "{responses}");
    assert!(bodies[2].contains("HTTP/1.1 404 Not Found"), "{responses}");
    assert_eq!(bodies[3], "");
    Ok(())
}

/// Sends `requests`, and returns all that the server answers until it closes the connection.
async fn request(server: impl ToSocketAddrs, requests: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    stream.write_all(requests.as_bytes()).await?;
    let mut responses = String::new();
    timeout(Duration::from_secs(60), stream.read_to_string(&mut responses)).await??;
    Ok(responses)
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        spawn(async move {
            let (read, write) = stream.into_split();
            if let Err(err) = connection(read, write).await {
                eprintln!("{peer}: {err}");
            }
        });
    }
}

async fn connection(read: OwnedReadHalf, mut write: OwnedWriteHalf) -> io::Result<()> {
    let mut reader = BufReader::new(read);
    loop {
        let next = timeout(Duration::from_secs(30), Request::read(&mut reader));
        let Some(request) = next.await?? else { return Ok(()) };
        let (status, body) = match request.line.split(' ').nth(1) {
            Some("/time") => ("200 OK", b"it is late".to_vec()),
            Some("/echo") => ("200 OK", request.body),
            _ => ("404 Not Found", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        write.write_all(head.as_bytes()).await?;
        write.write_all(&body).await?;
        write.flush().await?;
        if request.close {
            let _stream =
                reader.into_inner().reunite(write).expect("they are halves of one stream");
            return Ok(());
        }
    }
}

struct Request {
    line: String,
    close: bool,
    body: Vec<u8>,
}

impl Request {
    async fn read(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let (mut close, mut length) = (false, 0);
        let mut header = String::new();
        while reader.read_line(&mut header).await? > 2 {
            match header.trim_end().split_once(": ") {
                Some(("Connection", value)) => close = value == "close",
                Some(("Content-Length", value)) => {
                    length = value.parse().map_err(io::Error::other)?
                }
                _ => {}
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).await?;
        Ok(Some(Request { line, close, body }))
    }
}
