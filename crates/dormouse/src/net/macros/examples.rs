//! The lines of examples that differ from type to type.
//!
//! The name of the object in the examples tells its kind: `stream`, `reader` and `writer` (of a pipe), `read` and `write`
//! (halves), `socket` (of datagrams), `listener`.

/// Lines that create the object, which is readable and writable as far as its type can be. They are in an `async` block.
macro_rules! set_up {
    (TcpStream) => {
        set_up!(TcpStream "stream")
    };
    (TcpStream $binding:literal) => {
        concat!(
            "use dormouse::net::{TcpListener, TcpStream};
let listener = TcpListener::bind(\"127.0.0.1:0\").await?;
let ",
            $binding,
            " = TcpStream::connect(listener.local_addr()?).await?;
let (peer, _) = listener.accept().await?;
peer.write(b\"hello\").await?;"
        )
    };
    (UnixStream) => {
        set_up!(UnixStream "stream")
    };
    (UnixStream $binding:literal) => {
        concat!(
            "use dormouse::net::UnixStream;
let (",
            $binding,
            ", peer) = UnixStream::pair()?;
peer.write(b\"hello\").await?;"
        )
    };
    ($Stream:ident read) => {
        concat!(set_up!($Stream "mut stream"), "\nlet (read, _write) = stream.split();")
    };
    ($Stream:ident write) => {
        concat!(set_up!($Stream "mut stream"), "\nlet (_read, write) = stream.split();")
    };
    ($Stream:ident owned read) => {
        concat!(set_up!($Stream), "\nlet (read, _write) = stream.into_split();")
    };
    ($Stream:ident owned write) => {
        concat!(set_up!($Stream), "\nlet (_read, write) = stream.into_split();")
    };
    (PipeReader) => {
        "use dormouse::net::{PipeReader, pipe};
let (reader, writer) = pipe()?;
writer.write(b\"hello\").await?;"
    };
    (PipeWriter) => {
        "use dormouse::net::{PipeWriter, pipe};
let (_reader, writer) = pipe()?;"
    };
    (UdpSocket) => {
        "use dormouse::net::UdpSocket;
let socket = UdpSocket::bind(\"127.0.0.1:0\").await?;
let peer = UdpSocket::bind(\"127.0.0.1:0\").await?;
socket.connect(peer.local_addr()?).await?;
peer.send_to(b\"hello\", socket.local_addr()?).await?;"
    };
    (UnixDatagram) => {
        "use dormouse::net::UnixDatagram;
let (socket, peer) = UnixDatagram::pair()?;
peer.send(b\"hello\").await?;"
    };
    (UnixSeqpacket) => {
        "use dormouse::net::UnixSeqpacket;
let (socket, peer) = UnixSeqpacket::pair()?;
peer.send(b\"hello\").await?;"
    };
    (TcpListener) => {
        "use dormouse::net::{TcpListener, TcpStream};
let listener = TcpListener::bind(\"127.0.0.1:0\").await?;
let _client = TcpStream::connect(listener.local_addr()?).await?;"
    };
    (UnixListener) => {
        "use dormouse::net::{UnixListener, UnixStream};
let path = std::env::temp_dir().join(format!(\"dormouse-doc-{}\", std::process::id()));
# let _ = std::fs::remove_file(&path);
let listener = UnixListener::bind(&path)?;
let _client = UnixStream::connect(&path).await?;
# std::fs::remove_file(&path)?;"
    };
    (UnixSeqpacketListener) => {
        "use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
let name = format!(\"\\0dormouse-doc-{}\", std::process::id());
let listener = UnixSeqpacketListener::bind(&name)?;
let _client = UnixSeqpacket::connect(&name).await?;"
    };
}

/// The interest of [`operation!`] and [`attempt!`].
macro_rules! interest {
    (writer) => {
        "Interest::WRITABLE"
    };
    (write) => {
        "Interest::WRITABLE"
    };
    ($name:ident) => {
        "Interest::READABLE"
    };
}

/// A system call on the object, which returns a `Result`.
macro_rules! operation {
    (writer) => {
        "rustix::io::write(&writer, b\"hello\")"
    };
    (listener) => {
        "rustix::net::accept(&listener)"
    };
    ($name:ident) => {
        concat!("rustix::io::read(&", stringify!($name), ", &mut buffer)")
    };
}

/// A method that does not wait.
macro_rules! attempt {
    (socket) => {
        "socket.try_recv(&mut buffer)"
    };
    (writer) => {
        "writer.try_write(b\"hello\")"
    };
    (write) => {
        "write.try_write(b\"hello\")"
    };
    (listener) => {
        "listener.try_io(Interest::READABLE, || Ok(rustix::net::accept(&listener)?))"
    };
    ($name:ident) => {
        concat!(stringify!($name), ".try_read(&mut buffer)")
    };
}

/// The line that binds `buffer`, if [`operation!`] and [`attempt!`] use it.
macro_rules! buffer {
    (writer) => {
        ""
    };
    (write) => {
        ""
    };
    (listener) => {
        ""
    };
    ($name:ident) => {
        "let mut buffer = [0; 1500];\n"
    };
}

/// [`operation!`] as an argument of `try_io` or `async_io`.
macro_rules! call {
    ($name:ident.$method:ident $($wait:literal)?) => {
        concat!(
            buffer!($name),
            "let done = ",
            stringify!($name),
            ".",
            stringify!($method),
            "(",
            interest!($name),
            ", || Ok(",
            operation!($name),
            "?))",
            $($wait,)?
            "?;"
        )
    };
}

/// Waits, tries, and waits again if the attempt returned `WouldBlock`. `$wait` is the call that waits.
macro_rules! retry {
    ($name:ident, $wait:expr) => {
        concat!(
            buffer!($name),
            "let done = loop {\n    ",
            stringify!($name),
            $wait,
            ".await?;\n    match ",
            attempt!($name),
            " {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        result => break result?,
    }
};"
        )
    };
}

/// The operation that a wait for readiness is for.
macro_rules! readiness_of {
    (readable socket) => {
        "a receive"
    };
    (readable listener) => {
        "an accept"
    };
    (readable $name:ident) => {
        "a read"
    };
    (writable socket) => {
        "a send"
    };
    (writable $name:ident) => {
        "a write"
    };
}

/// What [`attempt!`] uses besides the object.
macro_rules! imports {
    (listener) => {
        "use dormouse::io::Interest;\n"
    };
    ($name:ident) => {
        ""
    };
}
