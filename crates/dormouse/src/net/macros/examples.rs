//! The lines of examples that differ from type to type.
//!
//! What an example does with its object is an *operation*: `read`, `write`, `receive`, `send`, `accept`, or
//! `accept_seqpacket`, for which std has no function. After it stands the name of the object.

/// Lines that create the object, which is readable and writable as far as its type can be. They are in an `async` block.
macro_rules! example_set_up {
    (TcpStream) => {
        example_set_up!(TcpStream "stream")
    };
    (TcpStream $binding:literal) => {
        concat!(
            "use dormouse::net::{TcpListener, TcpStream};
let listener = TcpListener::bind(\"127.0.0.1:0\").await?;
let ",
            $binding,
            " = TcpStream::connect(listener.local_addr()?).await?;
let (peer, _) = listener.accept().await?;
peer.write_all(b\"hello\").await?;"
        )
    };
    (UnixStream) => {
        example_set_up!(UnixStream "stream")
    };
    (UnixStream $binding:literal) => {
        concat!(
            "use dormouse::net::UnixStream;
let (",
            $binding,
            ", peer) = UnixStream::pair()?;
peer.write_all(b\"hello\").await?;"
        )
    };
    ($Stream:ident read) => {
        concat!(example_set_up!($Stream "mut stream"), "\nlet (read, _write) = stream.split();")
    };
    ($Stream:ident write) => {
        concat!(example_set_up!($Stream "mut stream"), "\nlet (_read, write) = stream.split();")
    };
    ($Stream:ident owned read) => {
        concat!(example_set_up!($Stream), "\nlet (read, _write) = stream.into_split();")
    };
    ($Stream:ident owned write) => {
        concat!(example_set_up!($Stream), "\nlet (_read, write) = stream.into_split();")
    };
    (PipeReader) => {
        "use dormouse::net::{PipeReader, pipe};
let (reader, writer) = pipe()?;
writer.write_all(b\"hello\").await?;"
    };
    (PipeWriter) => {
        "use dormouse::net::{PipeWriter, pipe};
let (_reader, writer) = pipe()?;"
    };
    (TcpSocket) => {
        "use dormouse::net::TcpSocket;
let socket = TcpSocket::new_v4()?;"
    };
    (TcpSocket v6) => {
        "use dormouse::net::TcpSocket;
let Ok(socket) = TcpSocket::new_v6() else { return Ok(()) };"
    };
    (UdpSocket v6) => {
        "use dormouse::net::UdpSocket;
let Ok(socket) = UdpSocket::bind(\"[::1]:0\").await else { return Ok(()) };"
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

/// The interest that an operation needs.
macro_rules! example_interest {
    (write) => {
        "Interest::WRITABLE"
    };
    (send) => {
        "Interest::WRITABLE"
    };
    ($operation:ident) => {
        "Interest::READABLE"
    };
}

/// The operation as a system call, or by a method of std. It returns an `io::Result`.
macro_rules! example_system_call {
    (write $name:ident) => {
        concat!("Ok(rustix::io::write(&", stringify!($name), ", b\"hello\")?)")
    };
    (accept $name:ident) => {
        concat!(stringify!($name), ".as_ref().accept()")
    };
    (accept_seqpacket $name:ident) => {
        concat!("Ok(accept_with(&", stringify!($name), ", SocketFlags::CLOEXEC)?)")
    };
    ($operation:ident $name:ident) => {
        concat!("Ok(rustix::io::read(&", stringify!($name), ", &mut buffer)?)")
    };
}

/// The operation by a method that does not wait.
macro_rules! example_attempt {
    (read $name:ident) => {
        concat!(stringify!($name), ".try_read(&mut buffer)")
    };
    (write $name:ident) => {
        concat!(stringify!($name), ".try_write(b\"hello\")")
    };
    (receive $name:ident) => {
        concat!(stringify!($name), ".try_recv(&mut buffer)")
    };
    (send $name:ident) => {
        concat!(stringify!($name), ".try_send(b\"hello\")")
    };
    ($accept:ident $name:ident) => {
        concat!(
            stringify!($name),
            ".try_io(Interest::READABLE, || ",
            example_system_call!($accept $name),
            ")"
        )
    };
}

/// The line that binds `buffer`, if the operation uses it.
macro_rules! example_buffer {
    (read) => {
        "let mut buffer = [0; 1500];\n"
    };
    (receive) => {
        "let mut buffer = [0; 1500];\n"
    };
    ($operation:ident) => {
        ""
    };
}

/// What [`example_system_call!`] uses besides the object.
macro_rules! example_system_call_imports {
    (accept_seqpacket) => {
        "use rustix::net::{SocketFlags, accept_with};\n"
    };
    ($operation:ident) => {
        ""
    };
}

/// What [`example_attempt!`] uses besides the object.
macro_rules! example_attempt_imports {
    (accept) => {
        "use dormouse::io::Interest;\n"
    };
    (accept_seqpacket) => {
        concat!("use dormouse::io::Interest;\n", example_system_call_imports!(accept_seqpacket))
    };
    ($operation:ident) => {
        ""
    };
}

/// [`example_system_call!`] as an argument of `try_io` or `async_io`.
macro_rules! example_io {
    ($operation:ident $name:ident.$method:ident $($wait:literal)?) => {
        concat!(
            example_buffer!($operation),
            "let done = ",
            stringify!($name),
            ".",
            stringify!($method),
            "(",
            example_interest!($operation),
            ", || ",
            example_system_call!($operation $name),
            ")",
            $($wait,)?
            "?;"
        )
    };
}

/// Waits, tries the operation, and waits again if it returned `WouldBlock`. `$wait` is the call that waits.
macro_rules! example_retry {
    ($operation:ident $name:ident, $wait:expr) => {
        concat!(
            example_buffer!($operation),
            "let done = loop {\n    ",
            stringify!($name),
            $wait,
            ".await?;\n    match ",
            example_attempt!($operation $name),
            " {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        result => break result?,
    }
};"
        )
    };
}

/// The operation with its article, for the text before the example.
macro_rules! an_operation {
    (read) => {
        "a read"
    };
    (write) => {
        "a write"
    };
    (receive) => {
        "a receive"
    };
    (send) => {
        "a send"
    };
    ($accept:ident) => {
        "an accept"
    };
}
